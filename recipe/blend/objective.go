package blend

import (
	"context"
	"math"
	"slices"

	"bespoke/history"
	"bespoke/recipe"
)

// What an item's score gets for the objective is its value, standardized, times the
// spread of relevance times one of these. Where it is 1, relevance and objective
// count the same among the items that fit a user best.
var sensitivities = map[recipe.Sensitivity]float64{recipe.Low: 1. / 3, recipe.Medium: 1, recipe.High: 3}

const (
	judged = 200 // users whose answers say how far relevance spreads
	head   = 100 // best items of each
)

// pursue adds the objective, of which values has much or little of each item, to a
// model that is otherwise complete. The choices of training, which are about
// relevance, have not seen it.
func (m *Model) pursue(ctx context.Context, o recipe.Objective, values []float32, s *history.Sequences) {
	weight := float32(sensitivities[o.Sensitivity] * m.spread(ctx, s))
	for j := range values {
		values[j] *= weight
	}
	m.objective = values
	m.order()
}

// standardized returns the objective's column with mean 0 and standard deviation 1,
// 0 for items of which it is not known; nil where there is no objective. The lowest
// and the highest hundredth count as what they begin with, so that a few far values do
// not make all others alike.
func standardized(in recipe.Input, items *history.Dictionary) ([]float32, error) {
	if in.Objective == nil {
		return nil, nil
	}
	number, err := in.Objective.Values(in.Items)
	if err != nil {
		return nil, err
	}
	var known []int
	var values []float64
	for j, row := range recipe.Rows(items, in.Items) {
		if row >= 0 && !math.IsNaN(number[row]) {
			known, values = append(known, j), append(values, number[row])
		}
	}
	out := make([]float32, items.Len())
	if len(known) == 0 {
		return out, nil
	}
	sorted := slices.Sorted(slices.Values(values))
	low, high := sorted[(len(sorted)-1)/100], sorted[len(sorted)-1-(len(sorted)-1)/100]
	mean, square := 0.0, 0.0
	for i, v := range values {
		values[i] = min(max(v, low), high)
		mean += values[i] / float64(len(values))
	}
	for _, v := range values {
		square += (v - mean) * (v - mean) / float64(len(values))
	}
	if square > 0 {
		for i, j := range known {
			out[j] = float32((values[i] - mean) / math.Sqrt(square))
		}
	}
	return out, nil
}

// spread returns the standard deviation of the scores of the items that fit a user
// best, the mean over some users.
func (m *Model) spread(ctx context.Context, s *history.Sequences) float64 {
	p := m.newProspect()
	sum, n := 0.0, 0.0
	step := max(1, s.Users()/judged)
	for u := 0; u < s.Users() && ctx.Err() == nil; u += step {
		items, _ := s.Of(uint32(u))
		q := recipe.Query{History: make([]recipe.Event, len(items))}
		for i, it := range items {
			q.History[i].Item = it
		}
		if d, ok := p.deviation(q); ok {
			sum, n = sum+d, n+1
		}
	}
	return sum / max(n, 1)
}

// deviation returns the standard deviation of a user's best scores; ok is false
// where there are not two items to be told apart.
func (p *prospect) deviation(q recipe.Query) (d float64, ok bool) {
	defer p.clear(nil)
	if len(q.History) == 0 {
		return 0, false
	}
	p.look(q)
	p.choose(q)
	p.score()
	best := p.scores[:0]
	for i, j := range p.candidates {
		if p.m.Repeats || p.marks[j]&taken == 0 {
			best = append(best, p.scores[i])
		}
	}
	slices.Sort(best)
	slices.Reverse(best)
	best = best[:min(len(best), head)]
	mean, square := 0.0, 0.0
	for _, s := range best {
		mean += float64(s) / float64(len(best))
	}
	for _, s := range best {
		square += (float64(s) - mean) * (float64(s) - mean)
	}
	return math.Sqrt(square / max(float64(len(best)), 1)), len(best) > 1
}
