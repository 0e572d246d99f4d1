package sequence_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"bespoke/history"
	"bespoke/recipe/recipetest"
	"bespoke/recipe/sequence"
)

// Decay 1/ln 2 halves the weight at each step: after a come b (1), c (1/2) for
// u, and c (1) for v; backwards, c gives b 1 and a 1/2 + 1, at half the weight.
func TestCountByHand(t *testing.T) {
	t.Parallel()
	h := recipetest.History(t, "u: a b c", "v: a c")
	c, err := sequence.Count(t.Context(), h.Sequences(), 3, nil, sequence.Config{Window: 9, Decay: 1 / math.Ln2, Back: 0.5, Entries: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := entries(h, c), "ab 1, ac 1.5, ba 0.5, bc 1, ca 0.75, cb 0.5"; got != want {
		t.Errorf("counts %q, want %q", got, want)
	}
	// a has two users, b one, c two; with shrink 2 that is 4, 3 and 4.
	c.Normalize(sequence.Norm{From: 1, To: 0.5, Shrink: 2}, []uint32{2, 1, 2})
	if _, w := c.Row(0); math.Abs(float64(w[1])-1.5/4/2) > 1e-6 {
		t.Errorf("normalized weight of c after a is %v, want %v", w[1], 1.5/4/2)
	}
	// b after a has 1/4/√3, less than c; a after c 0.75/4/2, b after c as much as 0.5/4/√3.
	if err := c.Order(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.Item, []uint32{2, 1, 2, 0, 0, 1}) || !(c.Weight[0] > c.Weight[1]) {
		t.Errorf("in order: items %v, weights %v", c.Item, c.Weight)
	}
	f := c.Followers()
	for i := range uint32(3) {
		items, weights := c.Row(i)
		for e, next := range f.Row(i) {
			if next != (sequence.Follower{Item: items[e], Weight: weights[e]}) {
				t.Errorf("entry %d of row %d is %v, want %d with %v", e, i, next, items[e], weights[e])
			}
		}
		if len(f.Row(i)) != len(items) {
			t.Errorf("row %d has %d entries, want %d", i, len(f.Row(i)), len(items))
		}
	}
}

// As TestCountByHand, and what follows weighs: b 2, c of u 3 and of v 0.
func TestCountWeighted(t *testing.T) {
	t.Parallel()
	h := recipetest.History(t, "u: a b c", "v: a c")
	h.Weight = []float32{1, 2, 3, 1, 0}
	c, err := sequence.Count(t.Context(), h.Sequences(), 3, nil, sequence.Config{Window: 9, Decay: 1 / math.Ln2, Back: 0.5, Entries: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := entries(h, c), "ab 2, ac 1.5, ba 0.5, bc 3, ca 0.75, cb 1"; got != want {
		t.Errorf("counts %q, want %q", got, want)
	}
	h.Weight = []float32{1, 1, 1, 1, 1}
	if c, err = sequence.Count(t.Context(), h.Sequences(), 3, nil, sequence.Config{Window: 9, Decay: 1 / math.Ln2, Back: 0.5, Entries: 1000}); err != nil {
		t.Fatal(err)
	}
	if got, want := entries(h, c), "ab 1, ac 1.5, ba 0.5, bc 1, ca 0.75, cb 0.5"; got != want {
		t.Errorf("counts %q with equal weights, want %q", got, want)
	}
}

// entries writes a matrix down.
func entries(h *history.History, c *sequence.Counts) string {
	var all []string
	for i := range uint32(h.Items.Len()) {
		items, weights := c.Row(i)
		for e, j := range items {
			all = append(all, fmt.Sprintf("%s%s %.3g", h.Items.ID(i), h.Items.ID(j), weights[e]))
		}
	}
	return strings.Join(all, ", ")
}

func TestCountAgreesWithPlainCode(t *testing.T) {
	t.Parallel()
	h := recipetest.Demo(t).Interactions
	n, cfg := h.Items.Len(), sequence.Config{Window: 7, Decay: 3, Back: 0.3, Entries: 1 << 20, Workers: 2}
	got, err := sequence.Count(t.Context(), h.Sequences(), n, nil, cfg)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]float64, n*n)
	s := h.Sequences()
	for u := range s.Users() {
		items, _ := s.Of(uint32(u))
		for p := range items {
			for d := 1; d <= 7 && p+d < len(items); d++ {
				w := math.Exp(-float64(d-1) / 3)
				want[int(items[p])*n+int(items[p+d])] += w
				want[int(items[p+d])*n+int(items[p])] += 0.3 * w
			}
		}
	}
	for i := range n {
		items, weights := got.Row(uint32(i))
		for j := range n {
			have := 0.0
			if e, ok := slices.BinarySearch(items, uint32(j)); ok {
				have = float64(weights[e])
			}
			if math.Abs(have-want[i*n+j]) > 1e-3 {
				t.Fatalf("weight of %d after %d is %v, want %v", j, i, have, want[i*n+j])
			}
		}
	}
	// Cut rows keep their heaviest entries.
	cfg.Entries = 1
	cut, err := sequence.Count(t.Context(), s, n, nil, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		_, weights := cut.Row(uint32(i))
		_, all := got.Row(uint32(i))
		least, heavier := slices.Min(weights), 0
		for _, w := range all {
			if w > least {
				heavier++
			}
		}
		if len(weights) != min(64, len(all)) || heavier >= 64 {
			t.Fatalf("row %d keeps %d entries, and %d are heavier than the least", i, len(weights), heavier)
		}
	}
}
