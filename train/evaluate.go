package train

import (
	"context"

	"bespoke/eval"
	"bespoke/history"
	"bespoke/recipe"
)

// evaluate measures the recipe, each time on a model that has not seen what it
// is to find: on Amazon's hold-out for the metrics of the API, and on the last
// item of each user, with every item ranked and seen ones left out, for the
// further figures.
func (t *run) evaluate(ctx context.Context, in recipe.Input) error {
	end := t.phase("EVALUATING")
	defer end()
	related := t.recipe.Type == recipe.RelatedItems
	rest, tests := eval.HoldOut(in.Interactions, in.Seed)
	f, ok, err := t.measure(ctx, in, rest, tests, eval.Options{KeepSeen: true, Related: related})
	if err != nil {
		return err
	}
	if !ok {
		t.result.Warnings = append(t.result.Warnings, "There are no metrics: too few users have two or more interactions to hold some out.")
		return nil
	}
	t.result.Metrics = f.Metrics()
	rest, tests = eval.LastOut(in.Interactions)
	if f, ok, err = t.measure(ctx, in, rest, tests, eval.Options{Related: related}); err != nil || !ok {
		return err
	}
	t.result.Extra = map[string]float64{
		"last_item_out_users": float64(f.Users), "last_item_out_mean_reciprocal_rank_at_25": f.MRR, "last_item_out_coverage": f.Coverage,
		"last_item_out_normalized_discounted_cumulative_gain_at_10": f.NDCG[1], "last_item_out_hit_rate_at_10": f.HitRate[1],
	}
	return nil
}

// measure fits a model on a part of the interactions and asks it for the rest.
// ok is false where either is empty.
func (t *run) measure(ctx context.Context, in recipe.Input, rest *history.History, tests []eval.Test, o eval.Options) (f eval.Figures, ok bool, err error) {
	if rest.Len() == 0 || len(tests) == 0 {
		return f, false, nil
	}
	in.Interactions = rest
	in.Progress = t.steps("EVALUATING")
	m, err := t.recipe.Fit(ctx, in)
	if err != nil {
		return f, false, err
	}
	o.Workers = in.Workers
	f, err = eval.Measure(ctx, m, tests, o)
	return f, err == nil, err
}
