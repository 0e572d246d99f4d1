package blend

import (
	"cmp"
	"slices"

	"bespoke/recipe"
	"bespoke/recipe/affinity"
	"bespoke/recipe/sequence"
)

// reasons is how many items and attributes are named, at most.
const reasons = 3

// because returns the items of the history and the attributes that added most to
// an item's score. The network's is no sum over them: there a part is what the
// score would lose without the item.
func (p *prospect) because(j uint32) []recipe.Because {
	parts := map[uint32]float32{}
	for d, w := range p.m.weights[:min(len(p.m.weights), len(p.past))] {
		i := p.past[d]
		row := p.m.follow.Row(i)
		if e := slices.IndexFunc(row, func(f sequence.Follower) bool { return f.Item == j }); e >= 0 && w*row[e].Weight >= p.floor {
			parts[i] += w * row[e].Weight * p.spread
		}
	}
	p.gaze.parts(j, parts)
	out := p.attributesOf(j)
	sum := 0.0
	for i, part := range parts {
		if part > 0 {
			out = append(out, recipe.Because{Item: i, Share: float64(part)})
		}
	}
	slices.SortFunc(out, func(a, b recipe.Because) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Attribute, b.Attribute), cmp.Compare(a.Item, b.Item))
	})
	for _, b := range out {
		sum += b.Share
	}
	out = out[:min(len(out), reasons)]
	for i := range out {
		out[i].Share /= sum
	}
	return out
}

// attributesOf returns the values of the context, the user and the item that speak
// for the item.
func (p *prospect) attributesOf(j uint32) (out []recipe.Because) {
	known := len(p.past) > 0
	add := func(from string, values *affinity.Values, value uint32, part float32) {
		if part > 0 {
			out = append(out, recipe.Because{Attribute: from + " " + values.Label(value), Share: float64(part)})
		}
	}
	for _, t := range p.m.affinities.contexts {
		t.Parts(p.context[t.Column], j, func(value uint32, lift float32) { add("context", t.Table.Values, value, t.of(known)*lift) })
	}
	for _, t := range p.m.affinities.users {
		t.Parts(p.attributes[t.Column], j, func(value uint32, lift float32) { add("user", t.Table.Values, value, t.of(known)*lift) })
	}
	for n, t := range p.m.affinities.items {
		p.profiles[n].Parts(j, func(value uint32, part float32) { add("item", t.Traits.Values, value, t.of(known)*part) })
	}
	return out
}
