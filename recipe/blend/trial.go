package blend

import (
	"math"
	"slices"
)

// places is how many first places count.
const places = 10

// trial is a test under way: whether what a user took comes first is found out for
// one choice after another. Its memory is used again for the next test.
type trial struct {
	*scratch
	sums   []float32 // of each lane, lanes for each item
	past   []uint32  // newest first
	taken  []bool    // items of past
	target uint32

	candidates []uint32
	at         int         // of the target among them, -1 if it is not
	rest       [][]float32 // terms of the candidates but the first ones
	lead       []float32   // how far these can bring a candidate ahead of the target
	slack      float32     // what rounding may add to that

	own    terms // of the target
	rivals []rival
}

// terms are what a score is the weighted sum of.
type terms [4]float32

// rival is a candidate that may come before the target.
type rival struct {
	terms
	ties bool // it comes first where the scores are equal
}

func newTrial(items int) *trial {
	return &trial{scratch: newScratch(items), sums: make([]float32, lanes*items), taken: make([]bool, items)}
}

// begin takes a test in, end forgets it.
func (tr *trial) begin(past []uint32, target uint32) {
	tr.past, tr.target = past, target
	for _, j := range past {
		tr.taken[j] = true
	}
}

func (tr *trial) end() {
	for _, j := range tr.past {
		tr.taken[j] = false
	}
}

// consider takes in the candidates and all their terms but the first, which weighs
// 1: low and high bound the weights of the others.
func (tr *trial) consider(candidates []uint32, low, high terms, rest ...[]float32) {
	tr.candidates, tr.rest = candidates, append(tr.rest[:0], rest...)
	tr.at, tr.slack = slices.Index(candidates, tr.target), 0
	if tr.at < 0 {
		return
	}
	tr.lead = slices.Grow(tr.lead[:0], len(candidates))[:len(candidates)]
	clear(tr.lead)
	for k, column := range rest {
		own, low, high := column[tr.at], low[k+1], high[k+1]
		tr.slack += rounding * high * max(own, -own)
		for i, x := range column {
			tr.lead[i] += max(low*(x-own), high*(x-own))
		}
	}
	for i, j := range candidates {
		if tr.taken[j] || j == tr.target {
			tr.lead[i] = float32(math.Inf(-1))
		}
	}
}

// rounding bounds what it adds to a score, as a part of its terms.
const rounding = 1e-5

// enter takes in the first terms. Candidates that stay behind the target under any
// weights, and those of the past, are left out.
func (tr *trial) enter(first []float32) {
	tr.rivals = tr.rivals[:0]
	if tr.at < 0 {
		return
	}
	of := func(i int) (x terms) {
		x[0] = first[i]
		for k, column := range tr.rest {
			x[k+1] = column[i]
		}
		return x
	}
	tr.own = of(tr.at)
	behind := tr.own[0] - rounding*tr.own[0] - tr.slack
	lead := tr.lead[:len(first)]
	for i, x := range first {
		if x+lead[i] >= behind {
			tr.rivals = append(tr.rivals, rival{of(i), tr.candidates[i] < tr.target})
		}
	}
}

// gain returns the NDCG@10 under weights between those that consider was given, the
// first being 1: 0 if the target was not among the candidates.
func (tr *trial) gain(weights terms) float64 {
	if tr.at < 0 {
		return 0
	}
	own, ahead := tr.own.score(&weights), 0
	for i := range tr.rivals {
		r := &tr.rivals[i]
		if x := r.score(&weights); x < own || x == own && !r.ties {
			continue
		}
		// Under other weights those that were ahead are likely so again: looked
		// at first, they spare a look at the rest.
		tr.rivals[i], tr.rivals[ahead] = tr.rivals[ahead], tr.rivals[i]
		if ahead++; ahead == places {
			break
		}
	}
	return gainOf(ahead)
}

func (t *terms) score(by *terms) float32 {
	return t[0]*by[0] + t[1]*by[1] + t[2]*by[2] + t[3]*by[3]
}

// gainOf returns what a target gains that comes after so many.
func gainOf(ahead int) float64 {
	if ahead >= places {
		return 0
	}
	return 1 / math.Log2(2+float64(ahead))
}
