package blend

import (
	"math"

	"bespoke/recipe"
	"bespoke/recipe/als"
	"bespoke/recipe/vector"
)

const (
	// small is the largest catalogue of which every item is scored in full. In
	// larger ones those are scored that follow something in the history, and
	// the most likely ones.
	small = 8192
	// followers and likely are how many of each, at most.
	followers = 4000
	likely    = 1000
	// behind is taken off the score of items that users are not expected to
	// take again.
	behind = 1000
)

// Rank returns the items that the user will most likely take next. Scores are
// exp(s)/Σ exp(s) over the catalogue, or over q.Only; s is 0 for items that
// are not looked at. Where that yields too few items, popular ones follow,
// without a score.
func (m *Model) Rank(q recipe.Query) []recipe.Scored {
	if q.K <= 0 {
		return nil
	}
	p := m.look(q)
	top := recipe.NewTop(q.K)
	var unknown []recipe.Scored
	for _, j := range p.candidates {
		switch {
		case q.Skips(j):
		case m.users[j] > 0:
			top.Add(recipe.Scored{Item: j, Score: p.score(j), Why: p.why(j)})
		case q.Only != nil:
			unknown = append(unknown, recipe.Scored{Item: j, Score: math.NaN()})
		}
	}
	out := top.Sorted()
	p.soften(out)
	switch {
	case q.Only != nil:
		out = append(out, unknown...)[:min(q.K, len(out)+len(unknown))]
	case len(out) < q.K:
		out = m.popular.Fill(q, out)
	}
	if q.Why {
		for i := range out {
			if out[i].Why == recipe.Relevant {
				out[i].Because = p.because(out[i].Item)
			}
		}
	}
	p.scratch.clear()
	m.pool.put(p.scratch)
	return out
}

// prospect is one user as the model sees them.
type prospect struct {
	m          *Model
	past       []uint32 // items, oldest first
	taken      map[uint32]bool
	scratch    *scratch
	spread     float32   // scales the transitions' scores
	x          []float32 // factors, scaled by their weight
	prior      float32   // weight of the prior
	candidates []uint32
	rest       int // items that are no candidates, for the softmax
}

func (m *Model) look(q recipe.Query) *prospect {
	p := &prospect{m: m, scratch: m.pool.get(), prior: float32(m.Prior)}
	for _, e := range q.History {
		if int(e.Item) < len(m.users) {
			p.past = append(p.past, e.Item)
		}
	}
	if len(p.past) == 0 {
		p.prior = 1
	}
	if !m.Repeats {
		p.taken = make(map[uint32]bool, len(p.past))
		for _, it := range p.past {
			p.taken[it] = true
		}
	}
	p.scratch.follow(m.follow, p.past, m.weights, nil)
	p.spread = p.scratch.spread()
	if m.Factors > 0 && len(p.past) > 0 {
		p.x = fold(m.factors, p.past, m.fades)
		scale := float32(m.Factors / max(m.factors.Spread(p.x), 1e-12))
		for i := range p.x {
			p.x[i] *= scale
		}
	}
	p.candidates = m.candidates(q, p.scratch)
	if q.Only == nil {
		p.rest = len(m.users) - len(p.candidates)
	}
	return p
}

// fold returns the factors of a history whose newest items weigh what fades
// says, the newest first.
func fold(m *als.Model, past []uint32, fades []float32) []float32 {
	items := newest(past, len(fades))
	return m.Fold(items, fades[:len(items)])
}

// candidates returns the items to be scored, each once.
func (m *Model) candidates(q recipe.Query, sc *scratch) []uint32 {
	switch {
	case q.Only != nil:
		var known []uint32
		seen := make(map[uint32]bool, len(q.Only))
		for _, j := range q.Only {
			if int(j) < len(m.users) && !seen[j] {
				seen[j] = true
				known = append(known, j)
			}
		}
		return known
	case len(m.users) <= small:
		return m.likely
	}
	out := make([]uint32, 0, followers+likely)
	if len(sc.touched) <= followers {
		out = append(out, sc.touched...)
	} else {
		top := recipe.NewTop(followers)
		for _, j := range sc.touched {
			top.Add(recipe.Scored{Item: j, Score: float64(sc.sum[j])})
		}
		for _, s := range top.Sorted() {
			out = append(out, s.Item)
		}
	}
	have := make(map[uint32]bool, len(out))
	for _, j := range out {
		have[j] = true
	}
	for _, j := range m.likely[:min(likely, len(m.likely))] {
		if !have[j] {
			out = append(out, j)
		}
	}
	return out
}

func (p *prospect) score(j uint32) float64 {
	s := p.scratch.sum[j]*p.spread + p.prior*p.m.prior[j]
	if p.x != nil {
		s += vector.Dot(p.x, p.m.factors.Vector(j))
	}
	if p.taken[j] {
		s -= behind
	}
	return float64(s)
}

func (p *prospect) why(j uint32) recipe.Why {
	if p.scratch.sum[j] > 0 || p.x != nil && vector.Dot(p.x, p.m.factors.Vector(j)) > 0 {
		return recipe.Relevant
	}
	return recipe.Popular
}

// soften turns the scores of an answer, best first, into shares of all
// candidates and the rest.
func (p *prospect) soften(out []recipe.Scored) {
	if len(out) == 0 {
		return
	}
	best := 0.0
	if p.rest == 0 {
		best = math.Inf(-1)
	}
	for _, j := range p.candidates {
		if p.m.users[j] > 0 {
			best = max(best, p.score(j))
		}
	}
	sum := float64(p.rest) * math.Exp(-best)
	for _, j := range p.candidates {
		if p.m.users[j] > 0 {
			sum += math.Exp(p.score(j) - best)
		}
	}
	for i := range out {
		out[i].Score = math.Exp(out[i].Score-best) / sum
	}
}
