package blend

import (
	"slices"

	"bespoke/recipe"
	"bespoke/recipe/affinity"
)

const (
	// small is the largest catalogue of which every item is scored in full. In
	// larger ones those are scored that follow something in the history, the most
	// likely ones, and those that context and attributes speak for.
	small = 8192
	// followers, likely and favoured are how many of each, the first two wider
	// times as many where items may be skipped or more counts than the history and
	// what is popular. Twice as many change no figure by a thousandth.
	followers = 100
	likely    = 50
	favoured  = 500
	wider     = 20
)

// What prospect.marks says of an item.
const (
	taken  = 1 << iota // it is in the history
	listed             // it is in the list that is to be ranked
	chosen             // it is to be scored already
)

// prospect is one user as the model sees them. Its memory is used again for
// the next one: between two, sum and marks are zero.
type prospect struct {
	*scratch
	m                   *Model
	gaze                *gaze
	marks               []uint8             // of each item
	more                *scratch            // what the context and the user's attributes add
	profiles            []*affinity.Profile // of the history
	context, attributes map[string]string

	past   []uint32 // items, newest first
	spread float32  // scales the transitions' scores
	prior  float32  // weight of the prior

	candidates []uint32 // items that have users, each once
	scores     []float32
	unknown    []uint32 // items to be ranked that have none
	rest       int      // items that are not looked at, for the softmax
	top        recipe.Top
}

func (m *Model) newProspect() *prospect {
	return &prospect{
		m: m, scratch: newScratch(len(m.users)), gaze: m.latent.gaze(&m.Blend), marks: make([]uint8, len(m.users)),
		more: newScratch(len(m.users)), profiles: m.affinities.profiles(),
	}
}

// look takes in the user's history, the context and the user's attributes.
func (p *prospect) look(q recipe.Query) {
	p.past = p.past[:0]
	for _, e := range slices.Backward(q.History) {
		if j := e.Item; int(j) < len(p.marks) {
			p.past = append(p.past, j)
			p.marks[j] |= taken
		}
	}
	p.gaze.fetch(p.past)
	p.m.follow.Fetch(p.past[:min(len(p.past), len(p.m.weights))])
	p.prior = float32(p.m.Prior)
	if len(p.past) == 0 {
		p.prior = 1
	}
	p.context, p.attributes = q.Context, q.Attributes
	p.m.affinities.add(p.more, p.context, p.attributes, len(p.past) > 0)
	for _, profile := range p.profiles {
		profile.Look(p.past, p.m.traitFades)
	}
	p.gaze.look(p.past)
	p.lead(p.m.follow, p.past, p.m.weights, q.Only != nil) // the items of a list are told apart to the last
	p.spread = p.scratch.spread()
}

// choose finds the items to be scored: those of the list, if there is one, else
// the most likely ones, those that most follow the history, and those that the
// context and the user's attributes speak for most.
func (p *prospect) choose(q recipe.Query) {
	p.candidates, p.unknown, p.rest = p.candidates[:0], p.unknown[:0], 0
	if q.Only != nil {
		for _, j := range q.Only {
			switch {
			case int(j) >= len(p.marks) || p.marks[j]&listed != 0:
				continue
			case p.m.users[j] > 0:
				p.candidates = append(p.candidates, j)
			default:
				p.unknown = append(p.unknown, j)
			}
			p.marks[j] |= listed
		}
		return
	}
	if len(p.m.users) <= small {
		p.candidates = append(p.candidates, p.m.likely...)
	} else {
		p.pick(q)
		p.favour()
	}
	p.rest = len(p.m.users) - len(p.candidates)
}

// pick appends what most follows the history, and the most likely of the others.
func (p *prospect) pick(q recipe.Query) {
	n, more := max(followers, 2*q.K), max(likely, q.K)
	if q.Skip != nil || len(p.more.touched) > 0 || len(p.profiles) > 0 || p.m.objective != nil {
		n, more = wider*n, wider*more
	}
	p.candidates = p.heaviest(p.candidates, n)
	for _, j := range p.m.likely {
		if more == 0 {
			break
		}
		if p.sum[j] == 0 {
			p.candidates = append(p.candidates, j)
			more--
		}
	}
}

// favour appends what the context and the user's attributes speak for most.
func (p *prospect) favour() {
	if len(p.more.touched) == 0 {
		return
	}
	picked := p.candidates
	for _, j := range picked {
		p.marks[j] |= chosen
	}
	out := len(picked)
	p.candidates = p.more.heaviest(p.candidates, favoured)
	for _, j := range p.candidates[out:] {
		if p.more.sum[j] > 0 && p.marks[j]&chosen == 0 && p.m.users[j] > 0 {
			p.candidates[out] = j
			out++
		}
	}
	p.candidates = p.candidates[:out]
	for _, j := range picked {
		p.marks[j] &^= chosen
	}
}

// clear forgets the user.
func (p *prospect) clear(only []uint32) {
	for _, j := range p.past {
		p.marks[j] = 0
	}
	for _, j := range only {
		if int(j) < len(p.marks) {
			p.marks[j] = 0
		}
	}
	p.scratch.clear()
	p.more.clear()
	p.context, p.attributes = nil, nil
}

// fits returns what the affinities add to an item's score.
func (p *prospect) fits(j uint32) float32 {
	sum, known := p.more.sum[j], len(p.past) > 0
	for n, t := range p.m.affinities.items {
		sum += t.of(known) * p.profiles[n].Score(j)
	}
	return sum
}
