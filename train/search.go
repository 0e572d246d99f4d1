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

// Search tries hyperparameters before a training and takes those that do best.
type Search struct {
	Trials int // at most; fewer where the ranges hold fewer settings
	Ranges []Range
}

// Range says which values of a hyperparameter are tried.
type Range struct {
	Name     string
	Min, Max float64  // of numbers, both included
	Values   []string // of categories
}

// Trial is one that was made: what was tried, and its NDCG@10 on users that neither
// it nor the metrics of the training have seen. With weights of events, that is the
// NDCG with event weights.
type Trial struct {
	Parameters map[string]string
	Value      float64
}

// apart separates the draws of the search, and its hold-out, from those of the
// training.
const apart = 0x747279

// search makes the trials and sets in's settings to those of the best, the earliest
// of equal ones. The first has what the solution asks for, as far as the ranges
// allow; the others are drawn by the seed. Each is fitted on those who are not held
// out for the metrics, and measured on a tenth of them.
func (t *run) search(ctx context.Context, in *recipe.Input) error {
	if t.Search == nil {
		return nil
	}
	end := t.phase("TUNING")
	defer end()
	rest, _ := eval.HoldOut(in.Interactions, in.Seed)
	shown, tests := eval.HoldOut(rest, in.Seed^apart)
	all := t.settings(in.Settings)
	if len(tests) == 0 || shown.Len() == 0 {
		t.warn("No hyperparameters were tried: too few users have two or more interactions to hold some out.")
		all = all[:1]
	}
	if unused := t.unused(); len(unused) > 0 {
		t.warn(fmt.Sprintf("Hyperparameters that change nothing here were not varied: %s.", strings.Join(unused, ", ")))
	}
	in.Settings, t.result.Tuned = all[0], t.parameters(all[0])
	if len(all) == 1 {
		return nil
	}
	best := -1.0
	for i, settings := range all {
		t.report(Progress{Phase: "TUNING", Step: fmt.Sprintf("trial %d of %d", i+1, len(all)), Share: float64(i) / float64(len(all))})
		one := *in
		one.Interactions, one.Settings, one.Objective = shown, settings, nil // by relevance
		m, err := t.of.Fit(ctx, one)
		if err != nil {
			return err
		}
		f, err := eval.Measure(ctx, m, tests, t.asking(one))
		if err != nil {
			return err
		}
		trial := Trial{Parameters: t.parameters(settings), Value: f.EventNDCG[1]}
		t.result.Trials = append(t.result.Trials, trial)
		if trial.Value > best {
			best, in.Settings, t.result.Tuned = trial.Value, settings, trial.Parameters
		}
	}
	return nil
}

// parameters returns the hyperparameters among settings.
func (t *run) parameters(settings recipe.Settings) map[string]string {
	out := map[string]string{}
	for _, p := range t.of.Params {
		if p.Kind == recipe.Hyperparameter {
			out[p.Name] = settings[p.Name]
		}
	}
	return out
}

// unused returns the ranges' parameters that change nothing.
func (t *run) unused() (names []string) {
	for _, r := range t.Search.Ranges {
		if p, _ := t.of.Param(recipe.Hyperparameter, r.Name); p.Unused {
			names = append(names, p.Name)
		}
	}
	return names
}

// settings returns what is to be tried, each once.
func (t *run) settings(given recipe.Settings) []recipe.Settings {
	const patience = 100 // draws in a row that had been there
	r := rand.New(rand.NewPCG(uint64(t.Seed), apart))
	all := []recipe.Settings{t.drawn(given, func(p recipe.Param, in Range) string { return in.nearest(p, given[p.Name]) })}
	for misses := 0; len(all) < t.Search.Trials && misses < patience; {
		next := t.drawn(given, func(p recipe.Param, in Range) string {
			if p.Unused {
				return all[0][p.Name]
			}
			return in.draw(p, r)
		})
		if slices.ContainsFunc(all, func(s recipe.Settings) bool { return maps.Equal(s, next) }) {
			misses++
			continue
		}
		all, misses = append(all, next), 0
	}
	return all
}

// drawn returns the settings with the value that choose says for each range.
func (t *run) drawn(given recipe.Settings, choose func(recipe.Param, Range) string) recipe.Settings {
	s := maps.Clone(given)
	for _, in := range t.Search.Ranges {
		if p, ok := t.of.Param(recipe.Hyperparameter, in.Name); ok {
			s[p.Name] = choose(p, in)
		}
	}
	return s
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
