package eval

import (
	"math"
	"testing"
)

// The worked case of Amazon's guide: hits at places 2 and 5 of 5, two relevant
// items: (1/log 3 + 1/log 6) / (1/log 2 + 1/log 3) = 0.6241.
func TestScoreByHand(t *testing.T) {
	t.Parallel()
	f := score([]uint32{9, 1, 8, 7, 2, 6, 5, 4, 3}, []uint32{1, 2})
	check := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 5e-5 {
			t.Errorf("%s = %v, want %v", what, got, want)
		}
	}
	check("NDCG@5", f.NDCG[0], 0.6241)
	check("NDCG@25", f.NDCG[2], 0.6241)
	check("precision@5", f.Precision[0], 0.4)
	check("precision@10", f.Precision[1], 0.2)
	check("precision@25", f.Precision[2], 0.08)
	check("MRR", f.MRR, 0.5)
	check("hit rate", f.HitRate[0], 1)

	// A hit at place 7 counts from the cut-off 10 on.
	f = score([]uint32{9, 8, 7, 6, 5, 4, 1}, []uint32{1})
	check("NDCG@5", f.NDCG[0], 0)
	check("NDCG@10", f.NDCG[1], 1/math.Log2(8))
	check("hit rate@5", f.HitRate[0], 0)
	check("hit rate@10", f.HitRate[1], 1)

	// More relevant items than places: the ideal is a full page of them.
	many := make([]uint32, 40)
	for i := range many {
		many[i] = uint32(i)
	}
	f = score(many[:25], many)
	check("NDCG@25 of all hits", f.NDCG[2], 1)
	check("precision@25 of all hits", f.Precision[2], 1)
	check("NDCG of no answer", score(nil, many).NDCG[2], 0)
}
