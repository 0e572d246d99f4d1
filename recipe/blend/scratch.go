package blend

import (
	"math"
	"slices"

	"bespoke/recipe/sequence"
)

// scratch sums the transitions of one history over all items.
type scratch struct {
	sum     []float32 // zero outside touched
	touched []uint32
	floor   float32                   // what is below it was left out
	counts  [1 << (digits - 1)]uint32 // of sums, by their first digits
}

func newScratch(items int) *scratch { return &scratch{sum: make([]float32, items)} }

// faint is the part of a history's heaviest transition below which others are
// left out: most of them, at no loss in accuracy.
const faint = 1.0 / 16

// follow adds the rows of a history's items, the newest first, by the weights
// of their distance.
func (sc *scratch) follow(c *sequence.Counts, past []uint32, weights []float32) {
	for d, w := range weights[:min(len(weights), len(past))] {
		items, scores := c.Row(past[d])
		for e, score := range scores {
			sc.add(items[e], w*score)
		}
	}
}

// lead is follow for rows that have the heaviest entry first. Unless all count,
// faint transitions are left out.
func (sc *scratch) lead(f *sequence.Followers, past []uint32, weights []float32, all bool) {
	weights = weights[:min(len(weights), len(past))]
	sc.floor = 0
	if !all {
		for d, w := range weights {
			if row := f.Row(past[d]); len(row) > 0 {
				sc.floor = max(sc.floor, w*row[0].Weight)
			}
		}
		sc.floor *= faint
	}
	sum, touched, floor := sc.sum, sc.touched, sc.floor
	for d, w := range weights {
		row := f.Row(past[d])
		touched = slices.Grow(touched, len(row))
		n := len(touched)
		room := touched[n : n+len(row)]
		fresh := 0
		for _, next := range row {
			add := w * next.Weight
			if add < floor {
				break
			}
			// As add does, without a branch for what comes first, which nothing foretells.
			was := sum[next.Item]
			room[fresh] = next.Item
			if was == 0 {
				fresh++
			}
			sum[next.Item] = was + add
		}
		touched = touched[:n+fresh]
	}
	sc.touched = touched
}

func (sc *scratch) add(j uint32, x float32) {
	if sc.sum[j] == 0 {
		sc.touched = append(sc.touched, j)
	}
	sc.sum[j] += x
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

// digits is how many bits of a sum heaviest sorts by, its sign and exponent
// included.
const digits = 13

// heaviest appends up to n of the touched items, those with the highest sums,
// of which those below 0 count as 0.
// Among sums that differ by less than a sixteenth, those of items that were
// touched first count as higher.
func (sc *scratch) heaviest(out []uint32, n int) []uint32 {
	if len(sc.touched) <= n {
		return append(out, sc.touched...)
	}
	// Bits of floats that are not negative are in the order of the floats.
	digit := func(j uint32) uint32 { return math.Float32bits(max(sc.sum[j], 0)) >> (32 - digits) }
	border, least := uint32(0), uint32(len(sc.counts)-1)
	for _, j := range sc.touched {
		d := digit(j)
		border, least = max(border, d), min(least, d)
	}
	counts := sc.counts[:border+1]
	clear(counts[least:])
	for _, j := range sc.touched {
		counts[digit(j)]++
	}
	room := n
	for ; int(counts[border]) <= room; border-- {
		room -= int(counts[border])
	}
	for _, j := range sc.touched {
		switch d := digit(j); {
		case d > border:
			out = append(out, j)
		case d == border && room > 0:
			out = append(out, j)
			room--
		}
	}
	return out
}

func (sc *scratch) clear() {
	for _, j := range sc.touched {
		sc.sum[j] = 0
	}
	sc.touched = sc.touched[:0]
}

// weightsOf returns the weights of a history's items, the newest first.
func weightsOf(decay float64, n int) []float32 {
	return sequence.Config{Window: n, Decay: decay}.Weights()
}

func upTo(n int) []uint32 {
	out := make([]uint32, n)
	for i := range out {
		out[i] = uint32(i)
	}
	return out
}
