package blend

import "math"

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

	own    terms // of the target
	found  bool  // the target is among the candidates
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

// enter takes in the candidates and their terms. Those of the past are left out, and
// those that have less of the first term than the target and no more of any other:
// they stay behind it.
func (tr *trial) enter(candidates []uint32, of func(at int, item uint32) terms) {
	tr.rivals, tr.found = tr.rivals[:0], false
	for i, j := range candidates {
		if j == tr.target {
			tr.own, tr.found = of(i, j), true
			break
		}
	}
	if !tr.found {
		return
	}
	for i, j := range candidates {
		if tr.taken[j] || j == tr.target {
			continue
		}
		if x := of(i, j); x[0] >= tr.own[0] || x[1] > tr.own[1] || x[2] > tr.own[2] || x[3] > tr.own[3] {
			tr.rivals = append(tr.rivals, rival{x, j < tr.target})
		}
	}
}

// gain returns the NDCG@10 under weights that are not negative, the first above 0: 0
// if the target was not among the candidates.
func (tr *trial) gain(weights terms) float64 {
	if !tr.found {
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
