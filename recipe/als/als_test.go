package als_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"bespoke/history"
	"bespoke/recipe/als"
	"bespoke/recipe/recipetest"
	"bespoke/recipe/vector"
)

// One user, one item, one factor: with unobserved weight a and ridge l = λ(1+a),
// x = y/((1+a)y² + l) and the same for y, so that xy = 1 - λ... solved for x = y:
// (1+a)x² + λ(1+a) = 1.
func TestByHand(t *testing.T) {
	t.Parallel()
	h := recipetest.History(t, "u: a")
	m, err := als.Fit(t.Context(), h.Sequences(), 1, als.Config{Factors: 1, Iterations: 200, Unobserved: 0.5, Lambda: 0.1, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	x := m.Fold([]uint32{0}, []float32{1})
	got, want := float64(x[0]*m.Vector(0)[0]), (1-0.1*1.5)/1.5
	if math.Abs(got-want) > 1e-3 {
		t.Errorf("score of the only item is %v, want %v", got, want)
	}
}

// TestAgreesWithPlainCode solves one user's row by Gaussian elimination in
// float64 over all items, as the loss is written.
func TestAgreesWithPlainCode(t *testing.T) {
	t.Parallel()
	s := recipetest.Demo(t).Interactions.Sequences()
	n := int(slices.Max(s.Item)) + 1
	m, err := als.Fit(t.Context(), s, n, als.Config{Factors: 8, Iterations: 5, Seed: 1, Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	items, _ := s.Of(3)
	weights := make([]float32, len(items))
	sum := m.Unobserved * float64(n)
	for i := range weights {
		weights[i] = float32(math.Exp(-float64(i) / 9))
		sum += float64(weights[i])
	}
	a := make([][]float64, 8) // augmented by the right-hand side
	for i := range a {
		a[i] = make([]float64, 9)
		a[i][i] = m.Lambda * sum
	}
	add := func(item uint32, weight, target float64) {
		v := m.Vector(item)
		for i := range 8 {
			for j := range 8 {
				a[i][j] += weight * float64(v[i]) * float64(v[j])
			}
			a[i][8] += weight * target * float64(v[i])
		}
	}
	for it := range n {
		add(uint32(it), m.Unobserved, 0)
	}
	for i, it := range items {
		add(it, float64(weights[i]), 1)
	}
	want := eliminate(a)
	x := m.Fold(items, weights)
	for i := range x {
		if math.Abs(float64(x[i])-want[i]) > 1e-3 {
			t.Errorf("factor %d is %v, want %v", i, x[i], want[i])
		}
	}
	// The shares of the history add up to the score.
	total := float32(0)
	for _, part := range m.Shares(9, items, weights) {
		total += part
	}
	if score := vector.Dot(x, m.Vector(9)); math.Abs(float64(total-score)) > 1e-3 {
		t.Errorf("shares sum to %v, the score is %v", total, score)
	}
	square := 0.0
	for it := range n {
		d := float64(vector.Dot(x, m.Vector(uint32(it))))
		square += d * d
	}
	if want := math.Sqrt(square / float64(n)); math.Abs(m.Spread(x)/want-1) > 1e-3 {
		t.Errorf("spread %v, want %v", m.Spread(x), want)
	}
}

// TestAgreesWithHu checks that with the settings which the package's paragraph
// names, each vector is the exact answer to the other side's by the formula of
// Hu, Koren and Volinsky, (Y'CY + λI)x = Y'Cp, in float64.
func TestAgreesWithHu(t *testing.T) {
	t.Parallel()
	const k, items, confidence, lambda = 3, 7, 4.0, 0.5
	s := recipetest.History(t, "u: a b c", "v: a c d", "w: d e f", "x: e f", "y: g a b", "z: f g d e").Sequences()
	m, err := als.Fit(t.Context(), s, items, als.Config{Factors: k, Iterations: 3000, Unobserved: 1 / (confidence - 1), Lambda: lambda / confidence, Even: 1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	stretch := math.Sqrt(confidence / (confidence - 1))
	exact := func(given [][]float64, liked func(int) bool) []float64 {
		a := make([][]float64, k)
		for i := range a {
			a[i] = make([]float64, k+1)
			a[i][i] = lambda
		}
		for n, v := range given {
			c, p := 1.0, 0.0
			if liked(n) {
				c, p = confidence, 1
			}
			for i := range k {
				for j := range k {
					a[i][j] += c * v[i] * v[j]
				}
				a[i][k] += c * p * v[i]
			}
		}
		return eliminate(a)
	}
	rows := make([][]float64, items)
	for it := range rows {
		for _, f := range m.Vector(uint32(it)) {
			rows[it] = append(rows[it], stretch*float64(f))
		}
	}
	var users [][]float64
	for u := range s.Users() {
		past, _ := s.Of(uint32(u))
		users = append(users, exact(rows, func(it int) bool { return slices.Contains(past, uint32(it)) }))
		ones := slices.Repeat([]float32{1}, len(past))
		for i, f := range m.Fold(past, ones) {
			if want := users[u][i]; math.Abs(stretch*float64(f)-want) > 1e-3 {
				t.Errorf("factor %d of user %d is %v, want %v", i, u, stretch*float64(f), want)
			}
		}
	}
	for it, got := range rows {
		want := exact(users, func(u int) bool { past, _ := s.Of(uint32(u)); return slices.Contains(past, uint32(it)) })
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-3 {
				t.Errorf("factor %d of item %d is %v, want %v", i, it, got[i], want[i])
			}
		}
	}
}

// TestSameBytes fits histories in which one item has more interactions than a
// block of rows is worth, on several numbers of workers.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	const items = 300
	s := &history.Sequences{Start: []int{0}}
	for range 20_000 {
		s.Item = append(s.Item, 7, r.Uint32N(items))
		s.Start = append(s.Start, len(s.Item))
	}
	s.Time, s.Row = make([]int64, len(s.Item)), make([]uint32, len(s.Item))
	var want []float32
	for _, workers := range []int{1, 2, 5} {
		m, err := als.Fit(t.Context(), s, items, als.Config{Factors: 12, Iterations: 2, Seed: 4, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = m.Items
		}
		if !slices.Equal(m.Items, want) {
			t.Errorf("%d workers make other vectors than one", workers)
		}
	}
	if vector.Dot(want[7*12:8*12], want[7*12:8*12]) == 0 {
		t.Error("the item that everybody has is nowhere")
	}
}

func eliminate(a [][]float64) []float64 {
	n := len(a)
	for i := range n {
		for r := range n {
			if r != i {
				f := a[r][i] / a[i][i]
				for c := i; c <= n; c++ {
					a[r][c] -= f * a[i][c]
				}
			}
		}
	}
	x := make([]float64, n)
	for i := range x {
		x[i] = a[i][n] / a[i][i]
	}
	return x
}

// TestWeights: an interaction of weight 2 counts as two, and one of weight 0 not at
// all.
func TestWeights(t *testing.T) {
	t.Parallel()
	fit := func(h *history.History) *als.Model {
		t.Helper()
		m, err := als.Fit(t.Context(), h.Sequences(), 4, als.Config{Factors: 3, Iterations: 30, Seed: 1, Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	weighed := recipetest.History(t, "u: a b c", "v: b d", "w: a d", "x: c d")
	weighed.Weight = []float32{2, 1, 1, 3, 1, 1, 0, 1, 1}
	repeated := recipetest.History(t, "u: a a b c", "v: b b b d", "w: a", "x: c d")
	far := func(a, b *als.Model) (most float64) {
		for i, x := range a.Items {
			most = max(most, math.Abs(float64(b.Items[i]-x)))
		}
		return most
	}
	want := fit(repeated)
	if d := far(fit(weighed), want); d > 1e-3 {
		t.Errorf("weights make vectors that differ by %v from those of repeated interactions", d)
	}
	weighed.Weight = nil
	if d := far(fit(weighed), want); d < 0.1 {
		t.Errorf("no weights make vectors that differ by %v only", d)
	}
}
