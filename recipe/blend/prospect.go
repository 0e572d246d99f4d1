package blend

import (
	"slices"

	"bespoke/recipe"
	"bespoke/recipe/affinity"
	"bespoke/recipe/als"
)

const (
	// small is the largest catalogue of which every item is scored in full. In
	// larger ones those are scored that follow something in the history, the most
	// likely ones, and those that context and attributes speak for.
	small = 8192
	// followers, likely and favoured are how many of each, at most.
	followers = 500
	likely    = 1000
	favoured  = 250 // by the context and the user's attributes
	// faint is the part of a history's heaviest transition below which others
	// are left out: that costs nothing in accuracy and is most of them.
	faint = float32(1.0 / 16)
)

// What prospect.marks says of an item.
const (
	taken  = 1 << iota // it is in the history
	listed             // it is in the list that is to be ranked
	front              // it is among the most likely ones
	chosen             // it is among the followers that are scored
)

// prospect is one user as the model sees them. Its memory is used again for
// the next one: between two, sum is zero and marks have nothing but front.
type prospect struct {
	*scratch
	m                   *Model
	folder              *als.Folder
	marks               []uint8             // of each item
	more                *scratch            // what the context and the user's attributes add
	profiles            []*affinity.Profile // of the history
	context, attributes map[string]string

	past   []uint32  // items, newest first
	spread float32   // scales the transitions' scores
	scale  float32   // and the factors'
	x      []float32 // factors, scaled; nil where they do not count
	prior  float32   // weight of the prior

	candidates []uint32 // items that have users, each once
	scores     []float32
	unknown    []uint32 // items to be ranked that have none
	rest       int      // items that are not looked at, for the softmax
}

func (m *Model) newProspect() *prospect {
	p := &prospect{m: m, scratch: newScratch(len(m.users)), folder: m.factors.Folder(), marks: make([]uint8, len(m.users)), more: newScratch(len(m.users)), profiles: m.affinities.profiles()}
	for _, j := range m.front() {
		p.marks[j] = front
	}
	return p
}

// front returns the items that are looked at for every user, by prior.
func (m *Model) front() []uint32 {
	if len(m.users) <= small {
		return m.likely
	}
	return m.likely[:min(likely, len(m.likely))]
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
	p.prior = float32(p.m.Prior)
	if len(p.past) == 0 {
		p.prior = 1
	}
	p.context, p.attributes = q.Context, q.Attributes
	p.m.affinities.add(p.more, p.context, p.attributes, len(p.past) > 0)
	for _, profile := range p.profiles {
		profile.Look(p.past, p.m.traitFades)
	}
	least := faint
	if q.Only != nil {
		least = 0 // those of a list are told apart to the last
	}
	p.follow(p.m.follow, p.past, p.m.weights, nil, least)
	p.spread = p.scratch.spread()
	p.x = nil
	if p.m.Factors > 0 && len(p.past) > 0 {
		n := min(len(p.past), len(p.m.fades))
		p.x = p.folder.Fold(p.past[:n], p.m.fades[:n])
		p.scale = float32(p.m.Factors / max(p.m.factors.Spread(p.x), 1e-12))
		for i := range p.x {
			p.x[i] *= p.scale
		}
	}
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
	// Followers first: with good ones at hand the others are soon passed over.
	if len(p.m.users) > small {
		p.candidates = p.heaviest(p.candidates, followers, func(j uint32) bool { return p.marks[j]&front == 0 })
		p.favour()
	}
	p.candidates = append(p.candidates, p.m.front()...)
	p.rest = len(p.m.users) - len(p.candidates)
}

// favour appends what the context and the user's attributes speak for most.
func (p *prospect) favour() {
	if len(p.more.touched) == 0 {
		return
	}
	followers := p.candidates
	for _, j := range followers {
		p.marks[j] |= chosen
	}
	p.candidates = p.more.heaviest(p.candidates, favoured, func(j uint32) bool {
		return p.more.sum[j] > 0 && p.marks[j]&(front|chosen) == 0 && p.m.users[j] > 0
	})
	for _, j := range followers {
		p.marks[j] &^= chosen
	}
}

// clear forgets the user.
func (p *prospect) clear(only []uint32) {
	for _, j := range p.past {
		p.marks[j] &= front
	}
	for _, j := range only {
		if int(j) < len(p.marks) {
			p.marks[j] &= front
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
