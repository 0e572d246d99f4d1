package popularity_test

import (
	"math"
	"testing"

	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/popularity"
	"bespoke/recipe/recipetest"
)

func TestRecipe(t *testing.T) { recipetest.Run(t, popularity.Recipe()) }

// Three users have "a", two "b" (one of them twice), none "new".
func TestByHand(t *testing.T) {
	t.Parallel()
	h := recipetest.History(t, "u1: b b a", "u2: a", "u3: a b", "u4: c")
	m, err := popularity.Recipe().Fit(t.Context(), recipe.Input{
		Interactions: h, Items: &history.Metadata{IDs: history.NewDictionary("new", "a")},
	})
	if err != nil {
		t.Fatal(err)
	}
	recipetest.Want(t, m, m.Rank(recipe.Query{K: 10}), "a 3", "b 2", "c 1")
	recipetest.Want(t, m, m.Rank(recipe.Query{K: 1, Skip: recipetest.Is(m, "a")}), "b 2")
	last := m.Rank(recipe.Query{K: 9, Only: recipetest.Numbers(t, m, "new", "c", "b")})
	if len(last) != 3 || m.Items().ID(last[2].Item) != "new" || !math.IsNaN(last[2].Score) {
		t.Errorf("ranking %+v", last)
	}
}
