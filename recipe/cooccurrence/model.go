package cooccurrence

import (
	"math"

	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/popularity"
)

// Model is each item's neighbours, and what is popular.
type Model struct {
	popular *popularity.Model
	users   []uint32
	near    [][]neighbour // best first
}

func newModel(items *history.Dictionary, h *history.History, near [][]neighbour) *Model {
	users := popularity.CountAll(h, items.Len())
	return &Model{popular: popularity.New(items, users), users: users, near: near}
}

// Items returns the catalogue.
func (m *Model) Items() *history.Dictionary { return m.popular.Items() }

// Rank returns the items most like q.Item, and then popular ones without a
// score. For an unknown item all are popular ones.
func (m *Model) Rank(q recipe.Query) []recipe.Scored {
	var near []neighbour
	if q.ItemKnown && int(q.Item) < len(m.near) {
		near = m.near[q.Item]
	}
	var because []recipe.Because
	if q.Why {
		because = []recipe.Because{{Item: q.Item, Share: 1}}
	}
	if q.Only != nil {
		score := make(map[uint32]float64, len(near))
		for _, n := range near {
			score[n.item] = float64(n.score)
		}
		return recipe.RankOnly(q, recipe.Relevant, func(it uint32) float64 {
			if s, ok := score[it]; ok {
				return s
			}
			return math.NaN()
		})
	}
	var out []recipe.Scored
	for _, n := range near {
		if len(out) >= q.K {
			return out
		}
		if !q.Skips(n.item) {
			out = append(out, recipe.Scored{Item: n.item, Score: float64(n.score), Because: because})
		}
	}
	// The item itself is no answer.
	popular := q
	popular.Skip = func(it uint32) bool { return q.ItemKnown && it == q.Item || q.Skips(it) }
	return m.popular.Fill(popular, out)
}

// Encode writes the model.
func (m *Model) Encode(e *recipe.Encoder) {
	recipe.PutIDs(e, m.Items())
	recipe.Put(e, m.users)
	for _, near := range m.near {
		items, scores := make([]uint32, len(near)), make([]float32, len(near))
		for i, n := range near {
			items[i], scores[i] = n.item, n.score
		}
		recipe.Put(e, items)
		recipe.Put(e, scores)
	}
}

func decode(d *recipe.Decoder) (recipe.Model, error) {
	items := recipe.GetIDs(d)
	m := &Model{users: recipe.Get[uint32](d, items.Len())}
	for range items.Len() {
		js := recipe.GetNumbers(d, -1, items.Len())
		scores := recipe.Get[float32](d, len(js))
		if d.Err() != nil {
			break
		}
		near := make([]neighbour, len(js))
		for i, j := range js {
			near[i] = neighbour{j, scores[i]}
		}
		m.near = append(m.near, near)
	}
	if d.Err() != nil {
		return nil, d.Err()
	}
	m.popular = popularity.New(items, m.users)
	return m, nil
}
