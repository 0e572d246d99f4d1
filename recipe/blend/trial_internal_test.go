package blend

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"bespoke/recipe/sequence"
)

// gain is what trials come to, by looking at every candidate.
func gain(items []uint32, scores []float32, target uint32, past []uint32) float64 {
	at := slices.Index(items, target)
	if at < 0 {
		return 0
	}
	rank := 1
	for i, j := range items {
		if x := scores[i]; x >= scores[at] && j != target && (x > scores[at] || j < target) && !slices.Contains(past, j) {
			rank++
		}
	}
	if rank > places {
		return 0
	}
	return 1 / math.Log2(1+float64(rank))
}

// Terms of few values make many scores equal.
func TestGain(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(4, 4))
	const items = 60
	tr, none, some := newTrial(items), 0, 0
	for round := range 300 {
		perm := r.Perm(items)
		var past, candidates []uint32
		all := make([]terms, items)
		for _, j := range perm[:10] {
			past = append(past, uint32(j))
		}
		for j := range all {
			for k := range all[j] {
				all[j][k] = float32(r.IntN(2 + round%20))
			}
			if r.IntN(8) > 0 {
				candidates = append(candidates, uint32(j))
			}
		}
		target := uint32(perm[9+r.IntN(5)]) // at times one of the past
		tr.begin(past, target)
		var columns [len(terms{})][]float32
		for k := range columns {
			for _, j := range candidates {
				columns[k] = append(columns[k], all[j][k])
			}
		}
		tr.consider(candidates, terms{1}, terms{1, 2, 2, 2}, columns[1:]...)
		tr.enter(columns[0])
		for range 5 {
			weights := terms{1, float32(r.IntN(3)), float32(r.IntN(3)), float32(r.IntN(3))}
			scores := make([]float32, len(candidates))
			for i, j := range candidates {
				scores[i] = all[j].score(&weights)
			}
			got, want := tr.gain(weights), gain(candidates, scores, target, past)
			if got != want {
				t.Fatalf("round %d: gain %v, want %v", round, got, want)
			}
			if want == 0 {
				none++
			} else {
				some++
			}
		}
		tr.end()
	}
	if none < 100 || some < 100 {
		t.Errorf("%d gains are 0 and %d are not", none, some)
	}
}

// All lanes in one pass come to what each comes to alone, in catalogues that are
// looked at in full and in others.
func TestLanes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	for _, items := range []int{300, small + 300} {
		const rows, wide = 20, 100
		c := &sequence.Counts{Start: make([]int, items+1)}
		for i := range items {
			if i < rows {
				for _, j := range r.Perm(300)[:wide] {
					c.Item, c.Weight = append(c.Item, uint32(items-1-j)), append(c.Weight, float32(1+r.IntN(3)))
				}
			}
			c.Start[i+1] = len(c.Item)
		}
		tr, sc, some := newTrial(items), newScratch(items), 0
		for range 200 {
			past := []uint32{uint32(r.IntN(rows)), uint32(r.IntN(rows)), uint32(items - 1 - r.IntN(300))}
			l, slowly := &laned{to: make([]float32, lanes*items)}, [len(slows)][]float32{}
			for k := range l.to {
				l.to[k] = float32(1 + r.IntN(2))
			}
			for i := range l.from {
				l.from[i] = make([]float32, items)
				for j := range l.from[i] {
					l.from[i][j] = float32(1 + r.IntN(2))
				}
			}
			for i := range slowly {
				slowly[i] = []float32{float32(r.IntN(2)), 1, 1}
			}
			target := uint32(items - 1 - r.IntN(300))
			tr.begin(past, target)
			tr.followAll(c, l, &slowly)
			gains := make([]float64, lanes)
			tr.gains(gains, l.to)
			tr.clearAll()
			tr.end()
			for k := range lanes {
				by := make([]float32, len(past))
				for d, i := range past {
					by[d] = slowly[k%len(slows)][d] * l.from[k/len(slows)][i]
				}
				sc.follow(c, past, by)
				var candidates []uint32
				var scores []float32
				for j, sum := range sc.sum {
					if sum > 0 {
						candidates, scores = append(candidates, uint32(j)), append(scores, sum*l.to[j*lanes+k])
					}
				}
				sc.clear()
				want := gain(candidates, scores, target, past)
				if gains[k] != want {
					t.Fatalf("%d items: lane %d gains %v, want %v", items, k, gains[k], want)
				}
				if want > 0 {
					some++
				}
			}
		}
		if some < 20 {
			t.Errorf("%d items: only %d gains", items, some)
		}
	}
}
