package blend

import (
	"context"
	"math"
	"slices"

	"bespoke/recipe"
	"bespoke/recipe/vector"
)

// beside chooses the transitions, and how much the network and the prior count,
// once more: what the network knows as well, the transitions need not say.
func (t *tuner) beside(ctx context.Context) error {
	if t.best.Network == 0 {
		return nil
	}
	l, with := t.newLanes(), t.best
	with.Network = 1
	near := slices.Index(networks, t.best.Network)
	weights := networks[max(near-1, 0):min(near+3, len(networks))]
	choices := len(weights) * len(priors)
	low := terms{1, 1, float32(slices.Min(weights)), float32(slices.Min(priors))}
	high := terms{1, 1, float32(slices.Max(weights)), float32(slices.Max(priors))}
	for step, decay := range decays {
		b := t.best
		b.Decay, b.Back = decay, 0
		if err := t.count(ctx, b); err != nil {
			return err
		}
		slowly := t.slowly(b)
		values, err := t.measure(ctx, lanes*choices, func(_ int, tr *trial, gains []float64) {
			tr.followAll(t.counts, l, &slowly)
			candidates := t.candidates(tr.scratch)
			folded, thought := t.only(&with, tr.past, candidates)
			tr.consider(candidates, low, high, folded, thought, pick(t.prior, candidates)) // folded is weighed already
			first := make([]float32, len(candidates))
			gains = gains[:0]
			for c := range lanes {
				tr.of(first, c, candidates, l.to)
				tr.enter(first)
				for _, weight := range weights {
					for _, prior := range priors {
						gains = append(gains, tr.gain(terms{1, 1, float32(weight), float32(prior)}))
					}
				}
			}
			tr.clearAll()
		})
		if err != nil {
			return err
		}
		for i, v := range values {
			if v > t.value {
				t.best, t.value = b.lane(i/choices), v
				t.best.Network, t.best.Prior = weights[i/len(priors)%len(weights)], priors[i%len(priors)]
			}
		}
		t.in.Report(recipe.Progress{Phase: "beside the network", Share: float64(step+1) / float64(len(decays)), Metric: metric, Value: t.value})
	}
	return t.normalized(ctx)
}

// of sets out to the scores of the candidates in a lane, whose root mean square over
// all items is 1.
func (tr *trial) of(out []float32, lane int, candidates []uint32, to []float32) {
	square := 0.0
	for i, j := range candidates {
		at := int(j)*lanes + lane
		out[i] = tr.sums[at] * to[at]
		square += float64(out[i]) * float64(out[i])
	}
	if square > 0 {
		vector.Scale(out, float32(1/math.Sqrt(square/float64(len(tr.sum)))))
	}
}
