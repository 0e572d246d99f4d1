package blend

import (
	"math"
	"slices"

	"bespoke/recipe"
	"bespoke/recipe/vector"
)

// behind is taken off the score of items that users are not expected to take again.
const behind = 1000

// Rank returns the items that the user will most likely take next. Scores are
// exp(s)/Σ exp(s) over the catalogue, or over q.Only; s is 0 for items that
// are not looked at. Where that yields too few items, popular ones follow,
// without a score.
func (m *Model) Rank(q recipe.Query) []recipe.Scored {
	if q.K <= 0 {
		return nil
	}
	p := m.prospects.Get().(*prospect)
	p.look(q)
	p.choose(q)
	p.score()
	out := p.best(q)
	if q.Only != nil {
		out = p.appendUnknown(q, out)
	} else if len(out) < q.K {
		out = m.popular.Fill(q, out)
	}
	if q.Why {
		for i := range out {
			if out[i].Why == recipe.Relevant {
				out[i].Because = p.because(out[i].Item)
			}
		}
	}
	p.clear(q.Only)
	m.prospects.Put(p)
	return out
}

// score computes the candidates' scores.
func (p *prospect) score() {
	p.scores = slices.Grow(p.scores[:0], len(p.candidates))[:len(p.candidates)]
	p.gaze.scores(p.scores, p.candidates)
	prior := p.m.prior
	for i, j := range p.candidates {
		p.scores[i] += p.sum[j]*p.spread + p.prior*prior[j]
	}
	if objective := p.m.objective; objective != nil {
		for i, j := range p.candidates {
			p.scores[i] += objective[j]
		}
	}
	if len(p.more.touched) > 0 {
		for i, j := range p.candidates {
			p.scores[i] += p.more.sum[j]
		}
	}
	for n, t := range p.m.affinities.items {
		p.profiles[n].AddScores(p.scores, p.candidates, t.of(len(p.past) > 0))
	}
	if !p.m.Repeats {
		for i, j := range p.candidates {
			if p.marks[j]&taken != 0 {
				p.scores[i] -= behind
			}
		}
	}
}

// best returns the q.K candidates with the highest scores, softened.
func (p *prospect) best(q recipe.Query) []recipe.Scored {
	p.top.Reset(q.K)
	floor := math.Inf(-1)
	for i, score := range p.scores {
		if s := float64(score); s >= floor && !q.Skips(p.candidates[i]) {
			p.top.Add(p.candidates[i], s)
			floor = p.top.Floor()
		}
	}
	out := p.top.Sorted()
	p.soften(out)
	for i := range out {
		out[i].Why = p.why(out[i].Item)
	}
	return out
}

func (p *prospect) why(j uint32) recipe.Why {
	if p.sum[j] > 0 || p.gaze.likes(j) || p.fits(j) > 0 {
		return recipe.Relevant
	}
	return recipe.Popular
}

// soften turns the scores of an answer into shares of all candidates and the
// rest. The candidates' own scores are used up by it.
func (p *prospect) soften(out []recipe.Scored) {
	if len(out) == 0 {
		return
	}
	top := vector.Max(p.scores)
	if p.rest > 0 {
		top = max(top, 0)
	}
	best := float64(top)
	sum := float64(vector.Exps(p.scores, top)) + float64(p.rest)*math.Exp(-best)
	for i := range out {
		out[i].Score = math.Exp(out[i].Score-best) / sum
	}
}

// appendUnknown adds the listed items of which nothing is known.
func (p *prospect) appendUnknown(q recipe.Query, out []recipe.Scored) []recipe.Scored {
	for _, j := range p.unknown {
		if len(out) >= q.K {
			break
		}
		if !q.Skips(j) {
			out = append(out, recipe.Scored{Item: j, Score: math.NaN(), Why: recipe.Popular})
		}
	}
	return out
}
