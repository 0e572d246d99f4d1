package blend

import (
	"context"
	"math"

	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/popularity"
	"bespoke/recipe/sequence"
)

// entries bounds the transitions that a model keeps: 8 bytes each.
const entries = 32 << 20

// options is what the settings of the four recipes come down to.
type options struct {
	window, factors int
	recency         bool
	low, high       float64 // percentiles of history lengths
}

func fit(ctx context.Context, in recipe.Input, o options) (recipe.Model, error) {
	if err := recipe.Empty(in); err != nil {
		return nil, err
	}
	items := recipe.Catalogue(in)
	objective, err := standardized(in, items)
	if err != nil {
		return nil, err
	}
	h := recipe.PruneUsers(in.Interactions, o.low, o.high)
	m := &Model{items: items, window: o.window}
	m.users = popularity.CountAll(in.Interactions, items.Len())
	m.prior = prior(in.Interactions, m.users, o.recency)

	t := newTuner(in, h, o, items)
	if err := t.transitions(ctx); err != nil {
		return nil, err
	}
	if err := t.factors(ctx); err != nil {
		return nil, err
	}
	if err := t.network(ctx); err != nil {
		return nil, err
	}
	if err := t.beside(ctx); err != nil {
		return nil, err
	}
	if err := t.affinities(ctx); err != nil {
		return nil, err
	}
	m.Blend = t.best
	all := h.Sequences()
	if m.latent, err = t.complete(ctx, all); err != nil {
		return nil, err
	}
	if m.affinities, err = t.terms.relearn(ctx, in, items); err != nil {
		return nil, err
	}
	if m.follow, err = transitions(ctx, all, t.best, m.users, o.window, in.Workers); err != nil {
		return nil, err
	}
	m.finish()
	if objective != nil {
		m.pursue(ctx, *in.Objective, objective, all)
	}
	in.Report(recipe.Progress{Phase: "transitions", Share: 1, Metric: metric, Value: t.value})
	return m, ctx.Err()
}

// transitions counts what follows what, normalized and in order.
func transitions(ctx context.Context, all *history.Sequences, b Blend, users []uint32, window, workers int) (*sequence.Followers, error) {
	c, err := sequence.Count(ctx, all, len(users), nil, b.config(window, workers))
	if err != nil {
		return nil, err
	}
	c.Normalize(b.Norm, users)
	if err := c.Order(ctx, workers); err != nil {
		return nil, err
	}
	return c.Followers(), nil
}

// metric is what the choices are made by.
const metric = "validation NDCG@10"

// prior returns, for each item, how likely anybody takes it: the logarithm of
// its interactions' weights, those long before the newest one fading if recency is
// set, scaled to mean 0 and standard deviation 1. Items without users get 0.
func prior(h *history.History, users []uint32, recency bool) []float32 {
	const day = 24 * 60 * 60
	newest, oldest := h.Newest(), h.Newest()
	for _, t := range h.Time {
		oldest = min(oldest, t)
	}
	fade := min(max(float64(newest-oldest)/10, day), 30*day)
	sum := make([]float64, len(users))
	for row, it := range h.Item {
		w := 1.0
		if recency {
			w = 0.02 + math.Exp(-float64(newest-h.Time[row])/fade)
		}
		if h.Weight != nil {
			w *= float64(h.Weight[row])
		}
		sum[it] += w
	}
	n, mean, square := 0.0, 0.0, 0.0
	for it, u := range users {
		if u > 0 {
			sum[it] = math.Log(max(sum[it], 1e-4)) // some items' interactions may all weigh 0
			n, mean, square = n+1, mean+sum[it], square+sum[it]*sum[it]
		}
	}
	mean /= n
	deviation := math.Sqrt(max(square/n-mean*mean, 1e-9))
	p := make([]float32, len(users))
	for it, u := range users {
		if u > 0 {
			p[it] = float32((sum[it] - mean) / deviation)
		}
	}
	return p
}
