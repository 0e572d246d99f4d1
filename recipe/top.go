package recipe

import (
	"math"
	"slices"
)

// Top collects the K best of many items in K entries of memory. Make one with
// NewTop.
type Top struct {
	k    int
	heap []Scored // the worst on top
}

// NewTop returns a Top for the k best.
func NewTop(k int) *Top {
	return &Top{k: max(k, 0), heap: make([]Scored, 0, min(max(k, 0), 1024))}
}

// Floor returns the score below which an item is not among the k best, -Inf
// while there are fewer.
func (t *Top) Floor() float64 {
	if len(t.heap) < t.k || t.k == 0 {
		return math.Inf(-1)
	}
	return t.heap[0].Score
}

// Add offers an item. Scores must not be NaN.
func (t *Top) Add(s Scored) {
	switch {
	case len(t.heap) < t.k:
		t.heap = append(t.heap, s)
		for i := len(t.heap) - 1; i > 0; {
			up := (i - 1) / 2
			if !worse(t.heap[i], t.heap[up]) {
				break
			}
			t.heap[i], t.heap[up] = t.heap[up], t.heap[i]
			i = up
		}
	case t.k > 0 && worse(t.heap[0], s):
		t.heap[0] = s
		t.sink()
	}
}

func (t *Top) sink() {
	for i := 0; ; {
		down := 2*i + 1
		if down >= len(t.heap) {
			return
		}
		if down+1 < len(t.heap) && worse(t.heap[down+1], t.heap[down]) {
			down++
		}
		if !worse(t.heap[down], t.heap[i]) {
			return
		}
		t.heap[i], t.heap[down] = t.heap[down], t.heap[i]
		i = down
	}
}

// worse reports whether a comes after b in an answer.
func worse(a, b Scored) bool {
	if a.Score != b.Score {
		return a.Score < b.Score
	}
	return a.Item > b.Item
}

// Sorted returns the best items, best first. The Top is spent.
func (t *Top) Sorted() []Scored {
	slices.SortFunc(t.heap, func(a, b Scored) int {
		if worse(b, a) {
			return -1
		}
		return 1
	})
	return t.heap
}

// RankOnly ranks the items of q.Only by a score of each. Those whose score is
// NaN come last, in the order in which they were listed.
func RankOnly(q Query, why Why, score func(item uint32) float64) []Scored {
	top := NewTop(q.K)
	var unknown []Scored
	for _, it := range q.Only {
		if q.Skips(it) {
			continue
		}
		s := Scored{Item: it, Score: score(it), Why: why}
		if math.IsNaN(s.Score) {
			unknown = append(unknown, s)
		} else {
			top.Add(s)
		}
	}
	out := append(top.Sorted(), unknown...)
	return out[:min(len(out), max(q.K, 0))]
}
