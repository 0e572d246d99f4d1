package blend

import (
	"math/rand/v2"
	"testing"
)

// TestHeaviest compares with the sums themselves: what is taken is no lighter
// than what is left, to the precision of the selection, and no place is lost.
func TestHeaviest(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	for round := range 300 {
		items := 1 + r.IntN(400)
		sc := newScratch(items)
		for j := range items {
			if r.IntN(3) > 0 {
				sc.sum[j] = float32(r.ExpFloat64())
				if round%3 == 0 {
					sc.sum[j] = 1 // all alike
				}
				sc.touched = append(sc.touched, uint32(j))
			}
		}
		n := 1 + r.IntN(300)
		out := sc.heaviest([]uint32{7}, n)
		if out[0] != 7 || len(out)-1 != min(n, len(sc.touched)) {
			t.Fatalf("%d items of %d, want %d", len(out)-1, len(sc.touched), min(n, len(sc.touched)))
		}
		in := map[uint32]bool{}
		lightest := float32(1e9)
		for _, j := range out[1:] {
			if in[j] {
				t.Fatalf("item %d is there twice", j)
			}
			in[j], lightest = true, min(lightest, sc.sum[j])
		}
		for _, j := range sc.touched {
			if !in[j] && sc.sum[j] > lightest*1.07 {
				t.Fatalf("%v is left out, %v is in", sc.sum[j], lightest)
			}
		}
	}
}
