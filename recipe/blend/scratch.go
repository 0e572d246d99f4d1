package blend

import (
	"math"
	"sync"

	"bespoke/recipe/sequence"
)

// scratch sums the transitions of one history over all items.
type scratch struct {
	sum     []float32 // zero outside touched
	touched []uint32
}

// follow adds the rows of a history's items, the newest first, by the weights
// of their distance. from, if not nil, multiplies each row.
func (sc *scratch) follow(c *sequence.Counts, past []uint32, weights, from []float32) {
	for d, w := range weights[:min(len(weights), len(past))] {
		i := past[len(past)-1-d]
		if from != nil {
			w *= from[i]
		}
		items, scores := c.Row(i)
		for e, j := range items {
			if sc.sum[j] == 0 {
				sc.touched = append(sc.touched, j)
			}
			sc.sum[j] += w * scores[e]
		}
	}
}

// spread returns the inverse of the scores' root mean square over all items, 0
// if there are none.
func (sc *scratch) spread() float32 {
	square := 0.0
	for _, j := range sc.touched {
		square += float64(sc.sum[j]) * float64(sc.sum[j])
	}
	if square == 0 {
		return 0
	}
	return float32(1 / math.Sqrt(square/float64(len(sc.sum))))
}

func (sc *scratch) clear() {
	for _, j := range sc.touched {
		sc.sum[j] = 0
	}
	sc.touched = sc.touched[:0]
}

// scratches keeps them for reuse.
type scratches struct {
	items int
	pool  sync.Pool
}

func newScratches(items int) *scratches { return &scratches{items: items} }

func (s *scratches) get() *scratch {
	if sc, ok := s.pool.Get().(*scratch); ok {
		return sc
	}
	return &scratch{sum: make([]float32, s.items)}
}

// put takes a scratch back that is clear.
func (s *scratches) put(sc *scratch) { s.pool.Put(sc) }

// weightsOf returns the weights of a history's items, the newest first.
func weightsOf(decay float64, n int) []float32 {
	return sequence.Config{Window: n, Decay: decay}.Weights()
}

// newest returns the newest items of a history, the newest first.
func newest(past []uint32, n int) []uint32 {
	out := make([]uint32, min(n, len(past)))
	for d := range out {
		out[d] = past[len(past)-1-d]
	}
	return out
}

func upTo(n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = uint32(i)
	}
	return out
}
