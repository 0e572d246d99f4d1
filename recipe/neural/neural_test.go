package neural_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"bespoke/history"
	"bespoke/recipe/neural"
)

// pairs is the number of pairs of items of which the order decides.
const pairs = 10

// orders returns histories that begin anywhere, go on with the two items of a pair
// and end with one item after the one order, with another after the other.
func orders() *history.Sequences {
	r := rand.New(rand.NewPCG(1, 1))
	s := &history.Sequences{Start: []int{0}}
	for range 600 {
		p := uint32(r.IntN(pairs))
		a, b, end := p, pairs+p, 2*pairs+p
		if r.IntN(2) == 0 {
			a, b, end = b, a, 3*pairs+p
		}
		s.Item = append(s.Item, uint32(r.IntN(4*pairs)), a, b, end)
		s.Start = append(s.Start, len(s.Item))
	}
	return s
}

func fit(t *testing.T, cfg neural.Config) *neural.Model {
	t.Helper()
	cfg.Seed, cfg.Window = 1, 8
	tr := neural.NewTrainer(4*pairs, cfg)
	if err := tr.Learn(t.Context(), orders(), 1); err != nil {
		t.Fatal(err)
	}
	return tr.Model()
}

func next(m *neural.Model, past ...uint32) uint32 {
	slices.Reverse(past)
	all := make([]uint32, len(m.Bias))
	for i := range all {
		all[i] = uint32(i)
	}
	scores := make([]float32, len(all))
	m.Scores(scores, m.Thinker().Vector(past), all)
	return uint32(slices.Index(scores, slices.Max(scores)))
}

func TestOrderDecides(t *testing.T) {
	t.Parallel()
	m := fit(t, neural.Config{Factors: 32, Steps: 250_000, Workers: 2})
	for p := range uint32(pairs) {
		if got, want := next(m, p, pairs+p), 2*pairs+p; got != want {
			t.Errorf("after the pair %d comes %d, want %d", p, got, want)
		}
		if got, want := next(m, pairs+p, p), 3*pairs+p; got != want {
			t.Errorf("after the pair %d turned round comes %d, want %d", p, got, want)
		}
	}
}

func TestWorkersDoNotMatter(t *testing.T) {
	t.Parallel()
	one := fit(t, neural.Config{Factors: 16, Steps: 5000, Workers: 1})
	for _, workers := range []int{2, 5} {
		if !reflect.DeepEqual(one, fit(t, neural.Config{Factors: 16, Steps: 5000, Workers: workers})) {
			t.Errorf("%d workers make another model than one", workers)
		}
	}
}

func TestEventWeights(t *testing.T) {
	t.Parallel()
	// Two items follow the first equally often; one counts four times as much.
	s := &history.Sequences{Start: []int{0}}
	for i := range 400 {
		s.Item = append(s.Item, 0, uint32(1+i%2))
		s.Weight = append(s.Weight, 1, []float32{0.5, 2}[i%2])
		s.Start = append(s.Start, len(s.Item))
	}
	tr := neural.NewTrainer(3, neural.Config{Factors: 8, Steps: 40_000, Seed: 1})
	if err := tr.Learn(t.Context(), s, 1); err != nil {
		t.Fatal(err)
	}
	if got := next(tr.Model(), 0); got != 2 {
		t.Errorf("item %d comes next, want the one that weighs more", got)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cfg := neural.Config{Steps: 1 << 40, Workers: 2, Progress: func(share float64) {
		if share > 0 {
			cancel()
		}
	}}
	if err := neural.NewTrainer(4*pairs, cfg).Learn(ctx, orders(), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled training returned %v", err)
	}
}

// Without anything to learn from there is a model all the same.
func TestNothingToLearn(t *testing.T) {
	t.Parallel()
	tr := neural.NewTrainer(2, neural.Config{})
	err := tr.Learn(t.Context(), &history.Sequences{Start: []int{0, 1}, Item: []uint32{0}}, 1)
	if err != nil || len(tr.Model().Thinker().Vector(nil)) != 64 {
		t.Errorf("%v, %v", tr.Model(), err)
	}
}
