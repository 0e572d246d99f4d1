package train

import (
	"context"
	"maps"
	"math"
	"slices"

	"bespoke/eval"
	"bespoke/history"
	"bespoke/recipe"
)

// evaluate measures the recipe on a model that has not seen what it is to find:
// on Amazon's hold-out for the metrics of the API, and on the newest item of
// each user who was held out, with every item ranked and seen ones left out, for
// the further figures.
func (t *run) evaluate(ctx context.Context, in recipe.Input) error {
	end := t.phase("EVALUATING")
	defer end()
	rest, tests := eval.HoldOut(in.Interactions, in.Seed)
	if rest.Len() == 0 || len(tests) == 0 {
		t.warn("There are no metrics: too few users have two or more interactions to hold some out.")
		return nil
	}
	held := make([]bool, in.Interactions.Users.Len())
	for _, test := range tests {
		held[test.User] = true
	}
	all := in.Interactions
	_, newest := eval.LastOut(all.Select(func(row int) bool { return held[all.User[row]] }))
	whole := in
	in.Interactions = rest
	in.Progress = t.steps("EVALUATING")
	m, err := t.of.Fit(ctx, in)
	if err != nil {
		return err
	}
	o := asking(t.of, in)
	if o.Rewards, err = rewards(in); err != nil {
		return err
	}
	f, err := eval.Measure(ctx, m, tests, o)
	if err != nil {
		return err
	}
	t.result.Metrics = f.Metrics()
	if slices.ContainsFunc(t.Rules, func(r history.Rule) bool { return r.Weight != nil }) {
		maps.Copy(t.result.Metrics, f.EventMetrics())
	}
	if in.Objective != nil {
		maps.Copy(t.result.Metrics, f.RewardMetrics())
	}
	if t.of.Metrics != nil {
		own, err := t.of.Metrics(ctx, whole)
		if err != nil {
			return err
		}
		maps.Copy(t.result.Metrics, own)
	}
	o.KeepSeen = false
	if f, err = eval.Measure(ctx, m, newest, o); err != nil {
		return err
	}
	t.result.Extra = map[string]float64{
		"last_item_out_users": float64(f.Users), "last_item_out_mean_reciprocal_rank_at_25": f.MRR, "last_item_out_coverage": f.Coverage,
		"last_item_out_normalized_discounted_cumulative_gain_at_10": f.NDCG[1], "last_item_out_hit_rate_at_10": f.HitRate[1],
	}
	return nil
}

// asking is how the API's metrics ask models of a recipe.
func asking(of recipe.Recipe, in recipe.Input) eval.Options {
	return eval.Options{KeepSeen: true, Related: of.Type == recipe.RelatedItems, Attributes: in.Attributes, Workers: in.Workers}
}

// rewards returns what each item earns by the objective, nil without one.
func rewards(in recipe.Input) ([]float64, error) {
	if in.Objective == nil {
		return nil, nil
	}
	values, err := in.Objective.Values(in.Items)
	if err != nil {
		return nil, err
	}
	out := make([]float64, in.Interactions.Items.Len())
	for n, row := range recipe.Rows(in.Interactions.Items, in.Items) {
		if row >= 0 && !math.IsNaN(values[row]) {
			out[n] = values[row]
		}
	}
	return out, nil
}
