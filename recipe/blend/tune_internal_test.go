package blend

import (
	"math"
	"testing"

	"bespoke/recipe"
	"bespoke/recipe/recipetest"
	"bespoke/recipe/vector"
)

// What is chosen beside the network is worth what asking for it in the plain way
// says.
func TestBeside(t *testing.T) {
	t.Parallel()
	in := recipetest.Planted(t, "item")
	tn := newTuner(in, in.Interactions, options{window: 20, factors: 16}, recipe.Catalogue(in))
	ctx := t.Context()
	for _, tune := range []func() error{
		func() error { return tn.transitions(ctx) }, func() error { return tn.factors(ctx) }, func() error { return tn.network(ctx) },
	} {
		if err := tune(); err != nil {
			t.Fatal(err)
		}
	}
	tn.best.Network, tn.value = 2, 0 // whatever it was: anything is better than nothing
	if err := tn.beside(ctx); err != nil {
		t.Fatal(err)
	}
	b := tn.best
	if b.Back != 0 || tn.value == 0 {
		t.Errorf("chose %+v, worth %v", b, tn.value)
	}
	weights, with := b.weights(tn.o.window), b
	with.Network = 1
	values, err := tn.measure(ctx, 1, func(_ int, tr *trial, gains []float64) {
		tr.follow(tn.counts, tr.past, weights)
		spread, candidates := tr.spread(), tn.candidates(tr.scratch)
		folded, thought := tn.only(&with, tr.past, candidates)
		by := terms{1, 1, float32(b.Network), float32(b.Prior)}
		tr.consider(candidates, by, by, folded, thought, pick(tn.prior, candidates))
		first := pick(tr.sum, candidates)
		vector.Scale(first, spread)
		tr.enter(first)
		gains[0] = tr.gain(by)
		tr.clear()
	})
	if err != nil || math.Abs(values[0]-tn.value) > 1e-3*tn.value {
		t.Errorf("%+v is worth %v (%v), but was chosen for %v", b, values[0], err, tn.value)
	}
}
