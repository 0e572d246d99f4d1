// Package catalog lists the recipes that are built here, by Amazon's names.
package catalog

import (
	"fmt"
	"io"

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

// Load reads a model that Recipe.Save wrote, and says which recipe made it.
func Load(from io.Reader) (recipe.Recipe, recipe.Model, error) {
	h, d, err := recipe.Open(from)
	if err != nil {
		return recipe.Recipe{}, nil, err
	}
	r, ok := Find(h.Recipe)
	if !ok {
		return recipe.Recipe{}, nil, fmt.Errorf("model file: it is of recipe %.100q, which this program does not have", h.Recipe)
	}
	m, err := r.Load(h, d)
	return r, m, err
}
