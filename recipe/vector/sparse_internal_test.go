package vector

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The vector instructions compute the bits of one row after another.
func TestSumProducts(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 4))
	for _, k := range []int{0, 5, 8, 24, 64, 72, 128, 152} {
		for n := range 20 {
			const count = 7
			y, a, rows, index := noise(r, k), noise(r, (n+1)*k), noise(r, count*k), make([]uint32, n)
			for i := range index {
				index[i] = r.Uint32N(count)
			}
			want := slices.Clone(y)
			for i, j := range index {
				plainAddProducts(want, a[i*k:(i+1)*k], rows[int(j)*k:(int(j)+1)*k])
			}
			Fetch(rows, index, k, max(k, 1))
			SumProducts(y, a, rows, index)
			if !slices.Equal(y, want) {
				t.Errorf("%d rows of %d: %v, want %v", n, k, y, want)
			}
		}
	}
}

func TestSumProductsNoRow(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a row that is not there was added")
		}
	}()
	Fetch(make([]float32, 16), []uint32{1 << 31}, 8, 8) // looks at nothing
	SumProducts(make([]float32, 8), make([]float32, 16), make([]float32, 16), []uint32{1, 2})
}
