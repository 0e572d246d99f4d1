package vector

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The vector instructions, where there are any, compute the bits of the plain
// code.
func TestTwins(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(2, 2))
	for n := 0; n <= 256; n += 8 {
		x, y := make([]float32, n), make([]float32, n)
		for i := range n {
			x[i], y[i] = float32(r.NormFloat64()), float32(r.NormFloat64())
		}
		if got, want := dot(x, y), plainDot(x, y); got != want {
			t.Errorf("dot of length %d = %v, plain %v", n, got, want)
		}
		rows, index := make([]float32, 20*(n+3)), make([]uint32, 50)
		for i := range rows {
			rows[i] = float32(r.NormFloat64())
		}
		for i := range index {
			index[i] = r.Uint32N(20)
		}
		got, want := make([]float32, len(index)), make([]float32, len(index))
		dots(got, x, rows, index, n+3)
		plainDots(want, x, rows, index, n+3)
		if !slices.Equal(got, want) {
			t.Errorf("dots of length %d are %v, plain %v", n, got, want)
		}
		a, plain := float32(r.NormFloat64()), slices.Clone(y)
		add(y, a, x)
		plainAdd(plain, a, x)
		if !slices.Equal(y, plain) {
			t.Errorf("add of length %d differs", n)
		}
	}
}
