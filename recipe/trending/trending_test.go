package trending_test

import (
	"fmt"
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
	// Half an hour earlier its last three interactions are yet to come.
	in.Now = 1_000_000 - 1800
	if m, err = trending.Recipe().Fit(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	recipetest.Want(t, m, m.Rank(recipe.Query{K: 9, Only: recipetest.Numbers(t, m, "up", "flat", "down")}), "down 2", "up 1", "flat 0")
	in.Now = 0
	// Half-hour buckets: "up" has 1 interaction and before it 1, at the edge.
	in.Settings = recipe.Settings{"trend_discovery_frequency": "30 minutes"}
	if m, err = trending.Recipe().Fit(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	recipetest.Want(t, m, m.Rank(recipe.Query{K: 1}), "flat 2")
}

// Of 26 items that grow in the newest hour, one grew before: the recommended are it
// and the 24 most popular others. Two of those grow and one shrinks.
func TestMetrics(t *testing.T) {
	t.Parallel()
	const hour, now = 3600, int64(1_000_000)
	var b history.Builder
	user := 0
	add := func(item string, n int, at int64) {
		for range n {
			user++
			if err := b.Add(history.Interaction{User: fmt.Sprint(user), Item: item, Time: at}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range 24 { // popular long ago
		add(fmt.Sprint("old", i), 100-i, now-50*hour)
	}
	add("riser", 3, now-1.5*hour)
	add("riser", 8, now) // grows by 5
	add("old0", 4, now)
	add("old1", 1, now)
	add("old2", 2, now-1.5*hour) // shrinks by 2
	for i := range 23 {
		add(fmt.Sprint("new", i), 2, now)
	}
	r := trending.Recipe()
	in := recipe.Input{Interactions: b.History(), Settings: recipe.Settings{"trend_discovery_frequency": "1 hour"}}
	got, err := r.Metrics(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	// The 25 that grow most: riser 5, old0 4 and 23 new ones 2 each.
	if want := float64(5+4+1-2) / (5 + 4 + 23*2); len(got) != 1 || got["trend_prediction_accuracy"] != want {
		t.Errorf("metrics %v, want %v", got, want)
	}
	// Everything in one bucket foretells nothing.
	in.Settings["trend_discovery_frequency"] = "1 day"
	in.Interactions = in.Interactions.Select(func(row int) bool { return in.Interactions.Time[row] > now-2*hour })
	if got, err := r.Metrics(t.Context(), in); err != nil || got["trend_prediction_accuracy"] != 0 {
		t.Errorf("metrics %v, %v", got, err)
	}
}
