package lake

import (
	"math"
	"testing"

	"github.com/zeebo/xxh3"
)

// Counts are exact as long as they can be, and within three standard errors after.
func TestDistinct(t *testing.T) {
	t.Parallel()
	d := newDistinct()
	var b [8]byte
	for i := range uint64(3 << 20) {
		for range 1 + i%2 { // half of them twice
			le.PutUint64(b[:], i)
			d.add(xxh3.Hash(b[:]))
		}
		switch n := i + 1; n {
		case 1, 1000, exactMost:
			if got := d.result(); got.Count != int64(n) || got.Approximate {
				t.Errorf("%d values: %+v", n, got)
			}
		case exactMost + 1, 2 << 20, 3 << 20:
			got := d.result()
			if off := float64(got.Count)/float64(n) - 1; !got.Approximate || math.Abs(off) > 0.024 {
				t.Errorf("%d values: %+v, off by %.4f", n, got, off)
			}
		}
	}
}
