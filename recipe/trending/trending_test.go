package trending_test

import (
	"testing"

	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/recipetest"
	"bespoke/recipe/trending"
)

func TestRecipe(t *testing.T) { recipetest.Run(t, trending.Recipe()) }

// In the last hour "up" has 3 interactions after 1, "flat" 2 after 2, "down" 0
// after 2, and "old" had many before.
func TestByHand(t *testing.T) {
	t.Parallel()
	var b history.Builder
	add := func(item string, hoursAgo ...float64) {
		for i, ago := range hoursAgo {
			if err := b.Add(history.Interaction{User: item + string(rune('a'+i)), Item: item, Time: 1_000_000 - int64(ago*3600)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	add("up", 0, 0.5, 0.9, 1.5)
	add("flat", 0.1, 0.2, 1.1, 1.9)
	add("down", 1.2, 1.3)
	add("old", 50, 51, 52, 53, 54)
	in := recipe.Input{Interactions: b.History(), Settings: recipe.Settings{"trend_discovery_frequency": "1 hour"}}
	m, err := trending.Recipe().Fit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	recipetest.Want(t, m, m.Rank(recipe.Query{K: 3}), "up 2", "old NaN", "flat NaN")
	recipetest.Want(t, m, m.Rank(recipe.Query{K: 9, Only: recipetest.Numbers(t, m, "down", "flat", "up")}), "up 2", "flat 0", "down -2")
	// An hour later what was the last hour is the one before; two hours later
	// there is nothing left to compare, and popular items are what remains.
	in.Now = 1_000_000 + 3600
	if m, err = trending.Recipe().Fit(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	recipetest.Want(t, m, m.Rank(recipe.Query{K: 9, Only: recipetest.Numbers(t, m, "up", "flat", "down")}), "down 0", "flat -2", "up -3")
	in.Now += 3600
	if m, err = trending.Recipe().Fit(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	recipetest.Want(t, m, m.Rank(recipe.Query{K: 2}), "old NaN", "up NaN")
	in.Now = 0
	// Half-hour buckets: "up" has 1 interaction and before it 1, at the edge.
	in.Settings = recipe.Settings{"trend_discovery_frequency": "30 minutes"}
	if m, err = trending.Recipe().Fit(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	recipetest.Want(t, m, m.Rank(recipe.Query{K: 1}), "flat 2")
}
