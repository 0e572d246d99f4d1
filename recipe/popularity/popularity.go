// Package popularity recommends what the most users have interacted with, the
// same for everybody. It is also what other recipes fall back on.
package popularity

import (
	"cmp"
	"context"
	"math"
	"slices"

	"bespoke/history"
	"bespoke/recipe"
)

// Recipe is aws-popularity-count.
func Recipe() recipe.Recipe {
	return recipe.Recipe{
		Name:                  "aws-popularity-count",
		Type:                  recipe.UserPersonalization, // as its own page of Amazon's guide says
		Algorithm:             "aws-popularity-count",
		FeatureTransformation: "sims",
		Description:           "Items by the number of distinct users who interacted with them.",
		Version:               1,
		Fit:                   fit,
		Decode:                decode,
	}
}

// Model is the count of each item and the order that they make.
type Model struct {
	items *history.Dictionary
	users []uint32 // distinct users of each item
	order []uint32 // items that have users, most first
}

func fit(ctx context.Context, in recipe.Input) (recipe.Model, error) {
	if err := recipe.Empty(in); err != nil {
		return nil, err
	}
	in.Report(recipe.Progress{Phase: "count"})
	items := recipe.Catalogue(in)
	m := New(items, CountAll(in.Interactions, items.Len()))
	in.Report(recipe.Progress{Phase: "count", Share: 1})
	return m, ctx.Err()
}

// Count returns the number of distinct users of each of n items.
func Count(s *history.Sequences, n int) []uint32 {
	users := make([]uint32, n)
	last := make([]int, n) // the user last seen with the item, plus one
	for u := range s.Users() {
		items, _ := s.Of(uint32(u))
		for _, it := range items {
			if last[it] != u+1 {
				last[it] = u + 1
				users[it]++
			}
		}
	}
	return users
}

// CountAll is Count for interactions in no order, without putting each user's in
// the order of time.
func CountAll(h *history.History, n int) []uint32 {
	next := make([]uint32, h.Users.Len()+1) // where each user's items go
	for _, u := range h.User {
		next[u+1]++
	}
	for u := range h.Users.Len() {
		next[u+1] += next[u]
	}
	byUser := make([]uint32, h.Len())
	for row, u := range h.User {
		byUser[next[u]] = h.Item[row]
		next[u]++
	}
	users := make([]uint32, n)
	last := make([]uint32, n) // the user last seen with the item, plus one
	at := uint32(0)
	for u := range h.Users.Len() {
		for ; at < next[u]; at++ {
			if it := byUser[at]; last[it] != uint32(u)+1 {
				last[it] = uint32(u) + 1
				users[it]++
			}
		}
	}
	return users
}

// New returns the model of given counts, one for each item.
func New(items *history.Dictionary, users []uint32) *Model {
	m := &Model{items: items, users: users}
	for it, n := range users {
		if n > 0 {
			m.order = append(m.order, uint32(it))
		}
	}
	slices.SortFunc(m.order, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(users[b], users[a]), cmp.Compare(a, b))
	})
	return m
}

// Items returns the catalogue.
func (m *Model) Items() *history.Dictionary { return m.items }

// Order returns the items that have users, most first. It is not to be changed.
func (m *Model) Order() []uint32 { return m.order }

// Rank returns the items with the most users; their number is the score. Items
// that nobody has interacted with are in the answer only if q.Only lists them.
func (m *Model) Rank(q recipe.Query) []recipe.Scored {
	if q.Only != nil {
		return recipe.RankOnly(q, recipe.Popular, func(it uint32) float64 {
			if m.users[it] == 0 {
				return math.NaN()
			}
			return float64(m.users[it])
		})
	}
	out := make([]recipe.Scored, 0, min(q.K, len(m.order)))
	for _, it := range m.order {
		if len(out) >= q.K {
			break
		}
		if !q.Skips(it) {
			out = append(out, recipe.Scored{Item: it, Score: float64(m.users[it]), Why: recipe.Popular})
		}
	}
	return out
}

// Encode writes the catalogue and the counts.
func (m *Model) Encode(e *recipe.Encoder) {
	recipe.PutIDs(e, m.items)
	recipe.Put(e, m.users)
}

func decode(d *recipe.Decoder) (recipe.Model, error) {
	items := recipe.GetIDs(d)
	users := recipe.Get[uint32](d, items.Len())
	if d.Err() != nil {
		return nil, d.Err()
	}
	return New(items, users), nil
}

// Fill appends popular items, without a score, that are not in an answer yet
// until it has q.K.
func (m *Model) Fill(q recipe.Query, out []recipe.Scored) []recipe.Scored {
	have := make(map[uint32]bool, len(out))
	for _, s := range out {
		have[s.Item] = true
	}
	for _, it := range m.order {
		if len(out) >= q.K {
			break
		}
		if !have[it] && !q.Skips(it) {
			out = append(out, recipe.Scored{Item: it, Score: math.NaN(), Why: recipe.Popular})
		}
	}
	return out
}
