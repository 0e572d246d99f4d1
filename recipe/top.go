package recipe

import "math"

// Top collects the K best of many items in K entries of memory. The zero Top
// takes none; Reset says how many it is to take.
type Top struct {
	k    int
	heap []entry // the worst on top
}

type entry struct {
	score float64
	item  uint32
}

// NewTop returns a Top for the k best.
func NewTop(k int) *Top {
	t := &Top{}
	t.Reset(k)
	return t
}

// Reset empties the Top and makes it one for the k best. Its memory is used
// again.
func (t *Top) Reset(k int) { t.k, t.heap = max(k, 0), t.heap[:0] }

// Floor returns the score below which an item is not among the k best, -Inf
// while there are fewer.
func (t *Top) Floor() float64 {
	if len(t.heap) < t.k || t.k == 0 {
		return math.Inf(-1)
	}
	return t.heap[0].score
}

// Add offers an item. Scores must not be NaN.
func (t *Top) Add(item uint32, score float64) {
	e := entry{score, item}
	switch {
	case len(t.heap) < t.k:
		t.heap = append(t.heap, e)
		for i := len(t.heap) - 1; i > 0; {
			up := (i - 1) / 2
			if !e.worse(t.heap[up]) {
				break
			}
			t.heap[i], t.heap[up] = t.heap[up], e
			i = up
		}
	case t.k > 0 && t.heap[0].worse(e):
		t.sink(e)
	}
}

// sink puts e in place of the worst.
func (t *Top) sink(e entry) {
	i := 0
	for {
		down := 2*i + 1
		if down >= len(t.heap) {
			break
		}
		if down+1 < len(t.heap) && t.heap[down+1].worse(t.heap[down]) {
			down++
		}
		if !t.heap[down].worse(e) {
			break
		}
		t.heap[i] = t.heap[down]
		i = down
	}
	t.heap[i] = e
}

// worse reports whether a comes after b in an answer.
func (a entry) worse(b entry) bool {
	if a.score != b.score {
		return a.score < b.score
	}
	return a.item > b.item
}

// Sorted returns the best items, best first, and empties the Top.
func (t *Top) Sorted() []Scored {
	out := make([]Scored, len(t.heap))
	for i := len(out) - 1; i >= 0; i-- {
		out[i].Item, out[i].Score = t.heap[0].item, t.heap[0].score
		last := t.heap[i]
		if t.heap = t.heap[:i]; i > 0 {
			t.sink(last)
		}
	}
	return out
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
		if s := score(it); math.IsNaN(s) {
			unknown = append(unknown, Scored{Item: it, Score: s})
		} else {
			top.Add(it, s)
		}
	}
	out := append(top.Sorted(), unknown...)
	for i := range out {
		out[i].Why = why
	}
	return out[:min(len(out), max(q.K, 0))]
}
