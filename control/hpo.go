package control

import (
	"strconv"

	"bespoke/awsapi/catalog"
	"bespoke/awsapi/wire"
	"bespoke/train"
)

// What hpoConfig.hpoResourceConfig may ask for, and how many trials are made where
// it asks for none. Trials are made one after another, each on all processors.
const (
	maxTrials         = 40
	maxParallelTrials = 10
	trials            = 8
)

// search is what performHPO means: the recipe's tunable hyperparameters, in the
// ranges that hpoConfig gives, or all of them in their default ranges if it gives
// none. c has been checked.
func search(r catalog.Recipe, c *wire.HPOConfig) *train.Search {
	s := &train.Search{Trials: trials}
	var ranges wire.HyperParameterRanges
	if c != nil {
		if rc := c.HpoResourceConfig; rc != nil && rc.MaxNumberOfTrainingJobs != "" {
			s.Trials = int(float(rc.MaxNumberOfTrainingJobs))
		}
		if c.AlgorithmHyperParameterRanges != nil {
			ranges = *c.AlgorithmHyperParameterRanges
		}
	}
	add := func(name, low, high string, values []string) {
		p, _ := catalog.Named(r.Algorithm, name)
		in := train.Range{Name: p.Name, Min: p.Min, Max: p.Max, Values: p.Values}
		if low != "" {
			in.Min = float(low)
		}
		if high != "" {
			in.Max = float(high)
		}
		if len(values) > 0 {
			in.Values = nil
			for _, v := range values {
				in.Values = append(in.Values, p.Spelled(v))
			}
		}
		s.Ranges = append(s.Ranges, in)
	}
	for _, g := range ranges.IntegerHyperParameterRanges {
		add(g.Name, number(g.MinValue), number(g.MaxValue), nil)
	}
	for _, g := range ranges.ContinuousHyperParameterRanges {
		add(g.Name, number(g.MinValue), number(g.MaxValue), nil)
	}
	for _, g := range ranges.CategoricalHyperParameterRanges {
		add(g.Name, "", "", g.Values)
	}
	return s
}

func (s *Service) checkHPO(r catalog.Recipe, c *wire.HPOConfig) error {
	if c == nil {
		return nil
	}
	if rc := c.HpoResourceConfig; rc != nil {
		for _, n := range []struct {
			name, value string
			most        int
		}{{"maxNumberOfTrainingJobs", rc.MaxNumberOfTrainingJobs, maxTrials}, {"maxParallelTrainingJobs", rc.MaxParallelTrainingJobs, maxParallelTrials}} {
			if v, err := strconv.Atoi(n.value); n.value != "" && (err != nil || v < 1 || v > n.most) {
				return invalid("solutionConfig.hpoConfig.hpoResourceConfig.%s must be a whole number from 1 to %d; it is %q.", n.name, n.most, cutText(n.value))
			}
		}
	}
	ranges := c.AlgorithmHyperParameterRanges
	if ranges == nil {
		return nil
	}
	seen := map[string]bool{}
	check := func(name string, kind catalog.Kind, values ...string) error {
		p, err := s.checkRange(r, name, kind, values...)
		if err == nil && seen[p.Name] {
			return invalid("solutionConfig.hpoConfig.algorithmHyperParameterRanges has %s twice.", p.Name)
		}
		seen[p.Name] = true
		return err
	}
	for _, g := range ranges.IntegerHyperParameterRanges {
		if err := check(g.Name, catalog.Integer, number(g.MinValue), number(g.MaxValue)); err != nil {
			return err
		}
	}
	for _, g := range ranges.ContinuousHyperParameterRanges {
		if err := check(g.Name, catalog.Continuous, number(g.MinValue), number(g.MaxValue)); err != nil {
			return err
		}
	}
	for _, g := range ranges.CategoricalHyperParameterRanges {
		if err := check(g.Name, catalog.Categorical, g.Values...); err != nil {
			return err
		}
	}
	return nil
}

func number[N int | float64](v *N) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(float64(*v), 'f', -1, 64)
}

// checkRange checks the bounds or values that a parameter is to be tuned in.
func (s *Service) checkRange(r catalog.Recipe, name string, kind catalog.Kind, values ...string) (catalog.Parameter, error) {
	p, ok := catalog.Named(r.Algorithm, name)
	if !ok {
		return p, s.unknownParameter("hpoConfig.algorithmHyperParameterRanges", r, r.Algorithm, name)
	}
	if !p.Tunable || p.Kind != kind {
		return p, invalid("solutionConfig.hpoConfig.algorithmHyperParameterRanges: %s of %s cannot be tuned in a range of this kind. DescribeAlgorithm has the ranges.", name, r.Name)
	}
	for _, v := range values {
		if v == "" {
			continue
		}
		if why := p.Accepts(v); why != "" {
			return p, invalid("solutionConfig.hpoConfig.algorithmHyperParameterRanges: %s", why)
		}
	}
	if kind != catalog.Categorical && values[0] != "" && values[1] != "" && float(values[0]) > float(values[1]) {
		return p, invalid("solutionConfig.hpoConfig.algorithmHyperParameterRanges: %s has a minValue above its maxValue.", name)
	}
	return p, nil
}
