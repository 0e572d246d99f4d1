package train

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"bespoke/eval"
	"bespoke/recipe"
)

// Search tries recipes and hyperparameters before a training and takes those that
// do best.
type Search struct {
	// Recipes are those to choose among, all of one type and with their default
	// settings; none means the Spec's alone, with the Spec's.
	Recipes []string
	Trials  int     // of each recipe at most; fewer where the ranges hold fewer settings
	Ranges  []Range // none: all that a recipe has to tune, in their whole ranges
	// Metric, one of SearchMetrics, decides. "" is NDCG@10; with weights of events,
	// that is the NDCG with event weights.
	Metric string
}

// SearchMetrics are the metrics of GetSolutionMetrics that a Search may go by.
func SearchMetrics() []string { return slices.Sorted(maps.Keys(eval.Figures{}.Metrics())) }

// value is how good a trial was.
func (s *Search) value(f eval.Figures) float64 {
	if s.Metric == "" {
		return f.EventNDCG[1]
	}
	return f.Metrics()[s.Metric]
}

// Range says which values of a hyperparameter are tried.
type Range struct {
	Name     string
	Min, Max float64  // of numbers, both included
	Values   []string // of categories
}

// Trial is one that was made: what was tried, and its value by the Search's metric
// on users that neither it nor the metrics of the training have seen.
type Trial struct {
	Recipe     string
	Parameters map[string]string
	Value      float64
}

// apart separates the draws of the search, and its hold-out, from those of the
// training.
const apart = 0x747279

// candidate is a recipe and its settings.
type candidate struct {
	of       recipe.Recipe
	settings recipe.Settings
}

// candidates returns what there is to choose among: without Search.Recipes, what the
// Spec itself says.
func (s Spec) candidates() (all []candidate, err error) {
	names := []string{s.Recipe}
	if s.Search != nil && len(s.Search.Recipes) > 0 {
		names = s.Search.Recipes
	}
	for _, name := range names {
		s.Recipe = name
		r, settings, err := s.recipe()
		if err != nil {
			return nil, err
		}
		all = append(all, candidate{r, settings})
	}
	return all, nil
}

// choose makes a candidate what is trained.
func (t *run) choose(in *recipe.Input, c candidate) { t.of, in.Settings = c.of, c.settings }

// search makes the trials and chooses the best, the earliest of equal ones. The
// first of each recipe has the settings that are given, as far as the ranges allow;
// the others are drawn by the seed. Each is fitted on those who are not held out for
// the metrics, and measured on a tenth of them.
func (t *run) search(ctx context.Context, in *recipe.Input, among []candidate) error {
	if t.Search == nil {
		return nil
	}
	end := t.phase("TUNING")
	defer end()
	rest, _ := eval.HoldOut(in.Interactions, in.Seed)
	shown, tests := eval.HoldOut(rest, in.Seed^apart)
	what := "hyperparameters"
	if len(among) > 1 {
		what = "recipes"
	}
	var all []candidate
	for _, c := range among {
		all = append(all, t.variants(c)...)
		if unused := t.unused(c.of); len(unused) > 0 {
			t.warn(fmt.Sprintf("Hyperparameters that change nothing here were not varied: %s.", strings.Join(unused, ", ")))
		}
	}
	if len(tests) == 0 || shown.Len() == 0 {
		t.warn("No " + what + " were tried: too few users have two or more interactions to hold some out.")
		all = all[:1]
	}
	t.choose(in, all[0])
	t.result.Tuned = all[0].parameters()
	if len(all) == 1 {
		return nil
	}
	best := -1.0
	for i, c := range all {
		step := fmt.Sprintf("trial %d of %d", i+1, len(all))
		if len(among) > 1 {
			step += ", " + c.of.Name
		}
		t.report(Progress{Phase: "TUNING", Step: step, Share: float64(i) / float64(len(all))})
		one := *in
		one.Interactions, one.Settings, one.Objective = shown, c.settings, nil // by relevance
		m, err := c.of.Fit(ctx, one)
		if err != nil {
			return err
		}
		f, err := eval.Measure(ctx, m, tests, asking(c.of, one))
		if err != nil {
			return err
		}
		trial := Trial{Recipe: c.of.Name, Parameters: c.parameters(), Value: t.Search.value(f)}
		t.result.Trials = append(t.result.Trials, trial)
		if trial.Value > best {
			best, t.result.Tuned = trial.Value, trial.Parameters
			t.choose(in, c)
		}
	}
	return nil
}

// parameters returns the hyperparameters among the settings.
func (c candidate) parameters() map[string]string {
	out := map[string]string{}
	for _, p := range c.of.Params {
		if p.Kind == recipe.Hyperparameter {
			out[p.Name] = c.settings[p.Name]
		}
	}
	return out
}

// ranges returns what is varied of a recipe.
func (s *Search) ranges(of recipe.Recipe) []Range {
	if s.Ranges != nil {
		return s.Ranges
	}
	var all []Range
	for _, p := range of.Params {
		if p.Tunable {
			all = append(all, Range{Name: p.Name, Min: p.Min, Max: p.Max, Values: p.Values})
		}
	}
	return all
}

// unused returns the ranges' parameters that change nothing.
func (t *run) unused(of recipe.Recipe) (names []string) {
	for _, r := range t.Search.ranges(of) {
		if p, _ := of.Param(recipe.Hyperparameter, r.Name); p.Unused {
			names = append(names, p.Name)
		}
	}
	return names
}

// variants returns what is to be tried of a recipe, each once.
func (t *run) variants(c candidate) []candidate {
	const patience = 100 // draws in a row that had been there
	r := rand.New(rand.NewPCG(uint64(t.Seed), apart))
	ranges := t.Search.ranges(c.of)
	all := []candidate{c.drawn(ranges, func(p recipe.Param, in Range) string { return in.nearest(p, c.settings[p.Name]) })}
	for misses := 0; len(all) < t.Search.Trials && misses < patience; {
		next := c.drawn(ranges, func(p recipe.Param, in Range) string {
			if p.Unused {
				return all[0].settings[p.Name]
			}
			return in.draw(p, r)
		})
		if slices.ContainsFunc(all, func(c candidate) bool { return maps.Equal(c.settings, next.settings) }) {
			misses++
			continue
		}
		all, misses = append(all, next), 0
	}
	return all
}

// drawn returns the candidate with the value that choose says for each range.
func (c candidate) drawn(ranges []Range, choose func(recipe.Param, Range) string) candidate {
	c.settings = maps.Clone(c.settings)
	for _, in := range ranges {
		if p, ok := c.of.Param(recipe.Hyperparameter, in.Name); ok {
			c.settings[p.Name] = choose(p, in)
		}
	}
	return c
}

// nearest returns the value of the range that is closest to a given one.
func (in Range) nearest(p recipe.Param, value string) string {
	if p.Domain == recipe.Categorical {
		if slices.Contains(in.Values, value) {
			return value
		}
		return in.Values[0]
	}
	v, _ := strconv.ParseFloat(value, 64)
	if v >= in.Min && v <= in.Max {
		return value
	}
	return number(min(max(v, in.Min), in.Max))
}

// draw returns a value of the range, each as likely as any other: integers, or
// numbers of four digits.
func (in Range) draw(p recipe.Param, r *rand.Rand) string {
	switch p.Domain {
	case recipe.Categorical:
		return in.Values[r.IntN(len(in.Values))]
	case recipe.Integer:
		return number(in.Min + float64(r.IntN(int(in.Max-in.Min)+1)))
	}
	short, _ := strconv.ParseFloat(strconv.FormatFloat(in.Min+r.Float64()*(in.Max-in.Min), 'g', 4, 64), 64)
	return number(min(max(short, in.Min), in.Max))
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
