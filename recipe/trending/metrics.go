package trending

import (
	"context"
	"time"

	"bespoke/recipe"
)

// depth is how many items are held against the ones that grow most.
const depth = 25

// metrics says how well the trends before the newest bucket foretell it: what the
// recommended items grew by in it, divided by what the items grew by that grew
// most, 0 to 1. Without growth it is 0.
func metrics(ctx context.Context, in recipe.Input) (map[string]float64, error) {
	accuracy := map[string]float64{"trend_prediction_accuracy": 0}
	all, before := in.Interactions, in
	before.Now = all.Newest() - int64(bucket(in.Settings)/time.Second)
	before.Interactions = all.Select(func(row int) bool { return all.Time[row] <= before.Now })
	if before.Interactions.Len() == 0 {
		return accuracy, nil
	}
	foretold, err := fit(ctx, before)
	if err != nil {
		return nil, err
	}
	in.Now = all.Newest()
	came, err := fit(ctx, in)
	if err != nil {
		return nil, err
	}
	// Both number the items alike.
	truth := came.(*Model)
	sum, most := int64(0), int64(0)
	for _, s := range foretold.Rank(recipe.Query{K: depth}) {
		sum += truth.growth[s.Item]
	}
	for _, it := range truth.order[:min(depth, len(truth.order))] {
		most += truth.growth[it]
	}
	if sum > 0 {
		accuracy["trend_prediction_accuracy"] = float64(sum) / float64(most)
	}
	return accuracy, nil
}
