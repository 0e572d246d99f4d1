package blend

import (
	"cmp"
	"slices"

	"bespoke/recipe"
)

// reasons is how many items of the history are named, at most.
const reasons = 3

// because returns the items of the history that added most to an item's score.
// Both scores are sums over the history, so each item's part is exact.
func (p *prospect) because(j uint32) []recipe.Because {
	parts := map[uint32]float32{}
	for d, w := range p.m.weights[:min(len(p.m.weights), len(p.past))] {
		i := p.past[d]
		items, scores := p.m.follow.Row(i)
		if e := slices.Index(items, j); e >= 0 && w*scores[e] >= p.floor {
			parts[i] += w * scores[e] * p.spread
		}
	}
	if p.x != nil {
		items := p.past[:min(len(p.past), len(p.m.fades))]
		shares := p.m.factors.Shares(j, items, p.m.fades[:len(items)])
		for d, i := range items {
			parts[i] += p.scale * shares[d]
		}
	}
	var out []recipe.Because
	sum := 0.0
	for i, part := range parts {
		if part > 0 {
			out = append(out, recipe.Because{Item: i, Share: float64(part)})
		}
	}
	slices.SortFunc(out, func(a, b recipe.Because) int {
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.Item, b.Item))
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
