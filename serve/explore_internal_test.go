package serve

import (
	"fmt"
	"testing"

	"bespoke/artifact"
	"bespoke/awsapi/catalog"
	"bespoke/recipe"
	built "bespoke/recipe/catalog"
	"bespoke/recipe/recipetest"
)

// BenchmarkExplore is the part of an answer of 25 items that exploration takes.
func BenchmarkExplore(b *testing.B) {
	in := recipetest.Demo(b)
	r, _ := built.Find("aws-popularity-count")
	m, err := r.Fit(b.Context(), in)
	if err != nil {
		b.Fatal(err)
	}
	s := &Server{}
	past := []recipe.Event{{Item: 1}, {Item: 2}, {Item: 3}}
	for _, weight := range []float64{0, 0.03, 0.3} {
		b.Run(fmt.Sprint("weight ", weight), func(b *testing.B) {
			r.Explore = recipe.ExploreBy(weight, 30)
			d := &Deployment{Artifact: artifact.New(r, m, in), Explore: r.Explore}
			d.Recipe, _ = catalog.Find("aws-user-personalization")
			d.prepare()
			out := m.Rank(recipe.Query{K: 25})
			b.ReportAllocs()
			for b.Loop() {
				s.explore(d, "u", past, out)
			}
		})
	}
}
