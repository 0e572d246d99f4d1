// Package catalog lists the recipes that are built here, by Amazon's names.
package catalog

import (
	"bespoke/recipe"
	"bespoke/recipe/blend"
	"bespoke/recipe/cooccurrence"
	"bespoke/recipe/popularity"
	"bespoke/recipe/trending"
)

// All returns the recipes in the order of their names.
func All() []recipe.Recipe {
	return []recipe.Recipe{
		blend.Recipe("aws-personalized-ranking"),
		blend.Recipe("aws-personalized-ranking-v2"),
		popularity.Recipe(),
		cooccurrence.SimilarItems(),
		cooccurrence.Sims(),
		trending.Recipe(),
		blend.Recipe("aws-user-personalization"),
		blend.Recipe("aws-user-personalization-v2"),
	}
}

// Find returns the recipe of that name.
func Find(name string) (recipe.Recipe, bool) {
	for _, r := range All() {
		if r.Name == name {
			return r, true
		}
	}
	return recipe.Recipe{}, false
}
