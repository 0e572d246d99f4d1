// Package cooccurrence recommends items like another one: those that the same
// users have, and for aws-similar-items also those of which the Items dataset
// says the same.
package cooccurrence

import (
	"context"
	"math"

	"bespoke/recipe"
)

// Sims is aws-sims.
func Sims() recipe.Recipe {
	return recipe.Recipe{
		Name: "aws-sims", Type: recipe.RelatedItems, Algorithm: "aws-sims", FeatureTransformation: "sims",
		Description: "Items that the same users have interacted with.",
		Params: []recipe.Param{
			{Name: "popularity_discount_factor", Domain: recipe.Continuous, Default: "0.5", Min: 0, Max: 1, Tunable: true},
			{Name: "min_cointeraction_count", Domain: recipe.Integer, Default: "3", Min: 0, Max: 10, Tunable: true},
			percentile("min_user_history_length_percentile", "0.005", "min_hist_length_percentile"),
			percentile("max_user_history_length_percentile", "0.995", "max_hist_length_percentile"),
			percentile("min_item_interaction_count_percentile", "0.01"),
			percentile("max_item_interaction_count_percentile", "0.9"),
		},
		Version: 1, Fit: fitSims, Decode: decode,
	}
}

// SimilarItems is aws-similar-items.
func SimilarItems() recipe.Recipe {
	// Nothing here is a hidden vector, so that their length changes nothing.
	hidden := func(name string, aliases ...string) recipe.Param {
		return recipe.Param{Name: name, Domain: recipe.Integer, Default: "100", Min: 30, Max: 200, Tunable: true, OnlyTuned: true, Unused: true, Aliases: aliases}
	}
	return recipe.Recipe{
		Name: "aws-similar-items", Type: recipe.RelatedItems, Algorithm: "aws-similar-items", FeatureTransformation: "aws-similar-items",
		Description: "Items that the same users have interacted with, or that the Items dataset describes alike.",
		Params: []recipe.Param{
			{Name: "popularity_discount_factor", Domain: recipe.Continuous, Default: "0.0", Min: 0, Max: 1},
			hidden("item_id_hidden_dim", "item_id_hidden_dimension", "model.id_embedding_dim"),
			hidden("item_metadata_hidden_dim", "item_metadata_hidden_dimension", "model.feature_embedding_dim"),
		},
		Version: 1, Fit: fitSimilar, Decode: decode,
	}
}

func percentile(name, value string, aliases ...string) recipe.Param {
	return recipe.Param{Name: name, Kind: recipe.Featurization, Domain: recipe.Continuous, Default: value, Min: 0, Max: 1, Aliases: aliases}
}

// fitSims scores j for i by the number of users who have both, divided by the
// number who have j to the power of the discount: 0 favours popular items, 1
// ranks by the share of j's users who have i.
func fitSims(ctx context.Context, in recipe.Input) (recipe.Model, error) {
	if err := recipe.Empty(in); err != nil {
		return nil, err
	}
	s := in.Settings
	h := recipe.PruneUsers(in.Interactions, s.Float("min_user_history_length_percentile", 0.005), s.Float("max_user_history_length_percentile", 0.995))
	h = recipe.PruneItems(h, s.Float("min_item_interaction_count_percentile", 0.01), s.Float("max_item_interaction_count_percentile", 0.9))
	items := recipe.Catalogue(in)
	x := newIncidence(h, items.Len())
	discount, least := s.Float("popularity_discount_factor", 0.5), float32(s.Int("min_cointeraction_count", 3))
	scale := discounts(x, discount)
	near, err := neighbours(ctx, in, items.Len(), func(i uint32, sum []float32) (out []neighbour) {
		for _, j := range x.together(i, sum) {
			if sum[j] >= least {
				out = append(out, neighbour{j, sum[j] * scale[j]})
			}
			sum[j] = 0
		}
		return out
	})
	if err != nil {
		return nil, err
	}
	return newModel(items, in.Interactions, near), nil
}

// discounts returns, for each item, the number of its users to the power of
// minus the discount.
func discounts(x incidence, discount float64) []float32 {
	scale := make([]float32, len(x.usersOf))
	for j, users := range x.usersOf {
		scale[j] = float32(math.Pow(max(float64(len(users)), 1), -discount))
	}
	return scale
}

// trust is how many users an item has when what they have counts as much as
// what its description says.
const trust = 5

// fitSimilar adds two scores of 0 to 1: the users in common, discounted as in
// fitSims and divided by the best of all j, and the cosine of the descriptions.
// Of an item with n users the first weighs n/(n+5), so that an item that few or
// none have interacted with is known by its description.
func fitSimilar(ctx context.Context, in recipe.Input) (recipe.Model, error) {
	if err := recipe.Empty(in); err != nil {
		return nil, err
	}
	items := recipe.Catalogue(in)
	x := newIncidence(in.Interactions, items.Len())
	scale := discounts(x, in.Settings.Float("popularity_discount_factor", 0))
	users := make([]int, items.Len())
	for it := range users {
		users[it] = len(x.usersOf[it])
	}
	t := newTerms(items, in.Items, users)
	near, err := neighbours(ctx, in, items.Len(), func(i uint32, sum []float32) (out []neighbour) {
		touched := x.together(i, sum)
		best := float32(0)
		for _, j := range touched {
			sum[j] *= scale[j]
			best = max(best, sum[j])
		}
		w := float32(users[i]) / float32(users[i]+trust)
		for _, j := range touched {
			sum[j] *= w / best
		}
		for _, j := range t.alike(i, 1-w, sum, touched) {
			out = append(out, neighbour{j, sum[j]})
			sum[j] = 0
		}
		return out
	})
	if err != nil {
		return nil, err
	}
	return newModel(items, in.Interactions, near), nil
}
