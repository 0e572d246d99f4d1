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
		x, y := noise(r, n), noise(r, n)
		if got, want := dot(x, y), plainDot(x, y); got != want {
			t.Errorf("dot of length %d = %v, plain %v", n, got, want)
		}
		rows, index := noise(r, 20*(n+3)), make([]uint32, 50)
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
		z := noise(r, n)
		addProducts(y, x, z)
		plainAddProducts(plain, x, z)
		if !slices.Equal(y, plain) {
			t.Errorf("addProducts of length %d differs", n)
		}
	}
	for _, k := range []int{0, 8, 24, 64, 72, 128, 152} {
		for n := range 20 {
			rows, x, out, plain := noise(r, n*k), noise(r, k), make([]float32, n), make([]float32, n)
			dotRows(out, rows, x)
			plainDotRows(plain, rows, x)
			if !slices.Equal(out, plain) {
				t.Errorf("dotRows of %d rows of %d: %v, plain %v", n, k, out, plain)
			}
			y, c := noise(r, k), noise(r, n)
			want := slices.Clone(y)
			addRows(y, c, rows)
			plainAddRows(want, c, rows)
			if !slices.Equal(y, want) {
				t.Errorf("addRows of %d rows of %d differs", n, k)
			}
			index := make([]uint32, 40)
			for i := range index {
				index[i] = r.Uint32N(uint32(max(n, 1)))
			}
			index = index[:min(n*40, 40)]
			got, copied := make([]float32, len(index)*k), make([]float32, len(index)*k)
			gather(got, rows, index, k)
			plainGather(copied, rows, index, k)
			if !slices.Equal(got, copied) {
				t.Errorf("gather of %d rows of %d differs", n, k)
			}
		}
	}
}

// Rows are added to in turn, up to an index that is none of them.
func TestScatterTwin(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	for n := range 40 {
		for _, none := range []int{-1, 0, n / 2} {
			rows, c, x, index := noise(r, 80), [8]float32(noise(r, 8)), noise(r, n), make([]uint32, n)
			for i := range index {
				if index[i] = r.Uint32N(10); i == none {
					index[i] = 10
				}
			}
			want := slices.Clone(rows)
			done, plain := scatter(rows, &c, x, index), plainScatter(want, &c, x, index)
			if done != plain || !slices.Equal(rows, want) {
				t.Errorf("scatter of %d stops at %d, plain at %d, or differs", n, done, plain)
			}
		}
	}
}

func noise(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}
