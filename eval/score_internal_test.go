package eval

import (
	"math"
	"testing"
)

// The worked case of Amazon's guide: hits at places 2 and 5 of 5, two relevant
// items: (1/log 3 + 1/log 6) / (1/log 2 + 1/log 3) = 0.6241.
func TestScoreByHand(t *testing.T) {
	t.Parallel()
	f := score([]uint32{9, 1, 8, 7, 2, 6, 5, 4, 3}, Test{Relevant: []uint32{1, 2}}, nil)
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
	check("NDCG@5 where all events weigh the same", f.EventNDCG[0], f.NDCG[0])

	// A hit at place 7 counts from the cut-off 10 on.
	f = score([]uint32{9, 8, 7, 6, 5, 4, 1}, Test{Relevant: []uint32{1}}, nil)
	check("NDCG@5", f.NDCG[0], 0)
	check("NDCG@10", f.NDCG[1], 1/math.Log2(8))
	check("hit rate@5", f.HitRate[0], 0)
	check("hit rate@10", f.HitRate[1], 1)

	// More relevant items than places: the ideal is a full page of them.
	many := make([]uint32, 40)
	for i := range many {
		many[i] = uint32(i)
	}
	f = score(many[:25], Test{Relevant: many}, nil)
	check("NDCG@25 of all hits", f.NDCG[2], 1)
	check("precision@25 of all hits", f.Precision[2], 1)
	check("NDCG of no answer", score(nil, Test{Relevant: many}, nil).NDCG[2], 0)
}

// Found at place 2 is what is worth 0.5, and at place 3 what is worth 1.5; the
// ideal has them at 2 and 1: (0.5/log 3 + 1.5/log 4) / (1.5/log 2 + 0.5/log 3).
func TestScoreWithEventWeights(t *testing.T) {
	t.Parallel()
	ranking := []uint32{9, 1, 2}
	f := score(ranking, Test{Relevant: []uint32{1, 2, 7}, Worth: []float64{0.5, 1.5, 0}}, nil)
	if got, want := f.EventNDCG[0], (0.5/math.Log(3)+1.5/math.Log(4))/(1.5/math.Log(2)+0.5/math.Log(3)); math.Abs(got-want) > 1e-12 {
		t.Errorf("NDCG@5 with event weights = %v, want %v", got, want)
	}
	// Of two users the one whose relevant items are worth nothing has no part in
	// the mean.
	f.add(score(ranking, Test{Relevant: []uint32{1}, Worth: []float64{0}}, nil))
	want := f.EventNDCG[0]
	if f.mean(); f.Users != 2 || f.Worthy != 1 || f.EventNDCG[0] != want {
		t.Errorf("%d users, %d of them worthy, with the mean %v, want %v", f.Users, f.Worthy, f.EventNDCG[0], want)
	}
}

// Of three relevant items that earn 3, 1 and nothing, the one that earns 1 is found.
func TestReward(t *testing.T) {
	t.Parallel()
	rewards := []float64{3, 1, -5, 9}
	f := score([]uint32{1, 3}, Test{Relevant: []uint32{0, 1, 2, 7}}, rewards)
	if f.Reward != 0.25 || f.Rewarded != 1 {
		t.Errorf("reward %v of %d users, want 1/4 of 1", f.Reward, f.Rewarded)
	}
	f.add(score([]uint32{2}, Test{Relevant: []uint32{2}}, rewards)) // can earn nothing
	f.add(score([]uint32{0}, Test{Relevant: []uint32{0}}, rewards))
	if f.mean(); f.Users != 3 || f.Rewarded != 2 || f.Reward != 0.625 {
		t.Errorf("mean reward %v of %d users, want 5/8 of 2", f.Reward, f.Rewarded)
	}
	// No more can be earned than by 25 items.
	many := make([]uint32, 40)
	even := make([]float64, 40)
	for i := range many {
		many[i], even[i] = uint32(i), 2
	}
	if f := score(many, Test{Relevant: many}, even); f.Reward != 1 {
		t.Errorf("reward %v of a perfect answer", f.Reward)
	}
}
