package vector

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// A product of matrices is that of their elements, added up in turn, whichever
// way the left one lies in memory.
func TestAddMatrix(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 4))
	for _, size := range [][3]int{{8, 5, 8}, {32, 64, 256}, {16, 1, 24}, {1, 3, 2}, {9, 7, 17}, {3, 8, 64}, {0, 4, 8}, {8, 0, 8}, {8, 4, 0}} {
		rows, inner, n := size[0], size[1], size[2]
		b, c := noise(r, inner*n), noise(r, rows*n)
		lying := Left{noise(r, rows*inner), rows, inner, inner, 1}
		standing := Left{make([]float32, rows*inner), rows, inner, 1, rows}
		want := slices.Clone(c)
		for i := range rows {
			for p := range inner {
				standing.Data[p*rows+i] = lying.Data[i*inner+p]
				for j := range n {
					want[i*n+j] += float32(lying.Data[i*inner+p] * b[p*n+j])
				}
			}
		}
		for _, a := range []Left{lying, standing, lying.Transposed().Transposed()} {
			got := slices.Clone(c)
			AddMatrix(got, a, b, n)
			if !slices.Equal(got, want) {
				t.Errorf("%v, %+v: differs", size, a.Down)
			}
		}
		if rows >= 8 && inner > 0 && n >= 8 {
			plain := slices.Clone(c)
			plainAddTile(plain, lying, 0, b, n)
			addTile(c, lying, 0, b, n)
			if !slices.Equal(c, plain) {
				t.Errorf("%v: the tile differs from the plain one", size)
			}
		}
	}
}

func BenchmarkAddMatrix(b *testing.B) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, size := range [][3]int{{32, 64, 256}, {32, 256, 64}, {32, 64, 128}} {
		rows, inner, n := size[0], size[1], size[2]
		x, y, c := noise(r, rows*inner), noise(r, inner*n), noise(r, rows*n)
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			for b.Loop() {
				AddMatrix(c, Rows(x, inner), y, n)
			}
			b.ReportMetric(float64(2*rows*inner*n)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}
