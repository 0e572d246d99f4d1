// Package trending recommends what gains: the items whose interactions grew most
// from one stretch of time to the next, the same for everybody.
package trending

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/popularity"
)

// frequencies are the lengths of a bucket.
var frequencies = map[string]time.Duration{
	"30 minutes": 30 * time.Minute, "1 hour": time.Hour, "2 hours": 2 * time.Hour, "3 hours": 3 * time.Hour, "1 day": 24 * time.Hour,
}

// bucket is the length that settings ask for.
func bucket(s recipe.Settings) time.Duration {
	return cmp.Or(frequencies[s["trend_discovery_frequency"]], frequencies["2 hours"])
}

// Recipe is aws-trending-now.
func Recipe() recipe.Recipe {
	return recipe.Recipe{
		Name:                  "aws-trending-now",
		Type:                  recipe.PopularItems,
		Algorithm:             "aws-trending-now-custom",
		FeatureTransformation: "aws-trending-now",
		Description:           "Items whose interactions grow most between the newest stretch of time and the one before.",
		Params: []recipe.Param{{
			Name: "trend_discovery_frequency", Kind: recipe.Featurization, Domain: recipe.Categorical, Default: "2 hours",
			Values: []string{"30 minutes", "1 hour", "2 hours", "3 hours", "1 day"},
		}},
		Version: 1,
		Moving: func(s recipe.Settings) (every, window time.Duration) {
			// Amazon's guide: longer buckets are looked at every two hours too.
			return min(bucket(s), 2*time.Hour), 2 * bucket(s)
		},
		Fit: fit, Metrics: metrics,
		Decode: decode,
	}
}

// Model is each item's growth and, for when too few grow, its users.
type Model struct {
	popular *popularity.Model
	users   []uint32
	growth  []int64  // interactions of the newest bucket less those of the one before
	order   []uint32 // items that grow, most first
}

func fit(ctx context.Context, in recipe.Input) (recipe.Model, error) {
	if err := recipe.Empty(in); err != nil {
		return nil, err
	}
	length := int64(bucket(in.Settings) / time.Second)
	items := recipe.Catalogue(in)
	growth := make([]int64, items.Len())
	now := cmp.Or(in.Now, in.Interactions.Newest())
	for row, t := range in.Interactions.Time {
		if t > now {
			continue // it is yet to come
		}
		switch (now - t) / length { // the buckets end now
		case 0:
			growth[in.Interactions.Item[row]]++
		case 1:
			growth[in.Interactions.Item[row]]--
		}
	}
	in.Report(recipe.Progress{Phase: "count", Share: 1})
	return newModel(items, popularity.CountAll(in.Interactions, items.Len()), growth), ctx.Err()
}

func newModel(items *history.Dictionary, users []uint32, growth []int64) *Model {
	m := &Model{popular: popularity.New(items, users), users: users, growth: growth}
	for it, g := range growth {
		if g > 0 {
			m.order = append(m.order, uint32(it))
		}
	}
	slices.SortFunc(m.order, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(growth[b], growth[a]), cmp.Compare(users[b], users[a]), cmp.Compare(a, b))
	})
	return m
}

// Items returns the catalogue.
func (m *Model) Items() *history.Dictionary { return m.popular.Items() }

// Rank returns the items that grow, most first, with their growth as score, and
// then popular ones without a score.
func (m *Model) Rank(q recipe.Query) []recipe.Scored {
	if q.Only != nil {
		return recipe.RankOnly(q, recipe.Trending, func(it uint32) float64 {
			if m.users[it] == 0 {
				return math.NaN()
			}
			return float64(m.growth[it])
		})
	}
	var out []recipe.Scored
	for _, it := range m.order {
		if len(out) >= q.K {
			return out
		}
		if !q.Skips(it) {
			out = append(out, recipe.Scored{Item: it, Score: float64(m.growth[it]), Why: recipe.Trending})
		}
	}
	return m.popular.Fill(q, out)
}

// Encode writes the catalogue, the counts and the growth.
func (m *Model) Encode(e *recipe.Encoder) {
	recipe.PutIDs(e, m.Items())
	recipe.Put(e, m.users)
	recipe.Put(e, m.growth)
}

func decode(d *recipe.Decoder) (recipe.Model, error) {
	items := recipe.GetIDs(d)
	users := recipe.Get[uint32](d, items.Len())
	growth := recipe.Get[int64](d, items.Len())
	if d.Err() != nil {
		return nil, d.Err()
	}
	return newModel(items, users, growth), nil
}
