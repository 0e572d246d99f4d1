package catalog_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"bespoke/recipe"
	"bespoke/recipe/catalog"
	"bespoke/recipe/recipetest"
)

func TestAll(t *testing.T) {
	t.Parallel()
	var names []string
	for _, r := range catalog.All() {
		names = append(names, r.Name)
		for _, p := range r.Params {
			p.OnlyTuned = false
			if err := p.Check(p.Default); err != nil {
				t.Errorf("%s: the default of %s: %v", r.Name, p.Name, err)
			}
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("names %q are not sorted or not unique", names)
	}
}

func TestLoadFindsTheRecipe(t *testing.T) {
	t.Parallel()
	r, _ := catalog.Find("aws-popularity-count")
	m, err := r.Fit(t.Context(), recipe.Input{Interactions: recipetest.History(t, "u: a b", "v: b")})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Save(&b, m); err != nil {
		t.Fatal(err)
	}
	file := b.String()
	found, loaded, err := catalog.Load(strings.NewReader(file))
	if err != nil || found.Name != r.Name {
		t.Fatalf("Load finds %q, %v", found.Name, err)
	}
	recipetest.Want(t, loaded, loaded.Rank(recipe.Query{K: 2}), "b 2", "a 1")
	for _, bad := range []string{
		strings.Replace(file, "popularity", "unheard-of", 1),
		strings.Replace(file, "model 1", "model 2", 1),
		"", file[:20],
	} {
		if _, _, err := catalog.Load(strings.NewReader(bad)); err == nil {
			t.Errorf("Load of %.40q succeeds", bad)
		}
	}
}
