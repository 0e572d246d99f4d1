package blend

import (
	"context"
	"slices"

	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/neural"
	"bespoke/recipe/vector"
)

// networks are the weights of the network's scores that are tried. A score is the
// logarithm of a probability, while the transitions' are scaled to a root mean
// square of 1 over the catalogue.
var networks = []float64{0.5, 1, 1.5, 2, 3, 4, 6, 10, 15}

// network trains the network, beginning with the factors, and chooses how much to
// listen to it, to the factors beside it, and to the prior.
func (t *tuner) network(ctx context.Context) error {
	if len(t.tests) == 0 {
		return nil
	}
	t.trainer = neural.NewTrainer(t.items, neural.Config{
		Factors: t.latent.factors.Factors, Window: min(t.o.window, farthest), From: t.latent.factors.Items, Seed: t.in.Seed, Workers: t.in.Workers,
		Progress: func(share float64) {
			t.in.Report(recipe.Progress{Phase: "network", Share: share, Metric: metric, Value: t.value})
		},
	})
	if err := t.trainer.Learn(ctx, t.shown, 1); err != nil {
		return err
	}
	with := t.best
	with.Network = 1
	t.latent.network = t.trainer.Model()
	factors := []float64{0}
	if t.best.Factors > 0 {
		factors = append(factors, t.best.Factors)
	}
	weights := t.best.weights(t.o.window)
	low := terms{1, 0, float32(slices.Min(networks)), float32(slices.Min(priors))}
	high := terms{1, 1, float32(slices.Max(networks)), float32(slices.Max(priors))}
	values, err := t.measure(ctx, len(factors)*len(networks)*len(priors), func(_ int, tr *trial, gains []float64) {
		tr.follow(t.counts, tr.past, weights)
		spread := tr.spread()
		candidates := t.candidates(tr.scratch)
		folded, thought := t.only(&with, tr.past, candidates)
		first := pick(tr.sum, candidates)
		vector.Scale(first, spread)
		tr.consider(candidates, low, high, folded, thought, pick(t.prior, candidates)) // folded is weighed already
		tr.enter(first)
		gains = gains[:0]
		for n := range factors {
			for _, weight := range networks {
				for _, prior := range priors {
					gains = append(gains, tr.gain(terms{1, float32(n), float32(weight), float32(prior)}))
				}
			}
		}
		tr.clear()
	})
	for i, v := range values {
		if v > t.value {
			t.value = v
			t.best.Factors = factors[i/(len(networks)*len(priors))]
			t.best.Network = networks[i/len(priors)%len(networks)]
			t.best.Prior = priors[i%len(priors)]
		}
	}
	return err
}

// again is the part of the network's training that is done once more when it may
// see everything.
const again = 0.25

// complete makes what counts of the latent part learn from all interactions, those
// that were held back to choose by as well.
func (t *tuner) complete(ctx context.Context, all *history.Sequences) (l latent, err error) {
	l = t.latent.without(&t.best)
	if l.factors != nil && len(t.tests) > 0 {
		if l.factors, err = t.factorize(ctx, all); err != nil {
			return l, err
		}
	}
	if l.network != nil {
		err = t.trainer.Learn(ctx, all, again)
	}
	return l, err
}

// only returns what the factors alone and the network alone give items.
func (t *tuner) only(b *Blend, past, items []uint32) (folded, thought []float32) {
	folded, thought = make([]float32, len(items)), make([]float32, len(items))
	g := latent{factors: t.latent.factors}.gaze(b)
	g.look(past)
	g.scores(folded, items)
	g = latent{network: t.latent.network}.gaze(b)
	g.look(past)
	g.scores(thought, items)
	return folded, thought
}

// farthest is how many items of a history the network looks at, at most.
const farthest = 32
