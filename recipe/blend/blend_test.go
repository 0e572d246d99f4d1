package blend_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"bespoke/eval"
	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/blend"
	"bespoke/recipe/popularity"
	"bespoke/recipe/recipetest"
)

func TestRecipes(t *testing.T) {
	// The ranking recipes are the same models under other names.
	for _, name := range []string{"aws-user-personalization", "aws-user-personalization-v2"} {
		t.Run(name, func(t *testing.T) { recipetest.Run(t, blend.Recipe(name)) })
	}
}

func train(t *testing.T, in recipe.Input) recipe.Model {
	t.Helper()
	m, err := blend.Recipe("aws-user-personalization-v2").Fit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// On the demo's shop, whose series and moods make order matter, the model is far
// better than popularity, and forgetting the order costs it much.
func TestBand(t *testing.T) {
	t.Parallel()
	in := recipetest.Demo(t)
	var tests []eval.Test
	in.Interactions, tests = eval.LastOut(in.Interactions)
	m := train(t, in)
	pop, err := popularity.Recipe().Fit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	ndcg := func(m recipe.Model) float64 {
		f, err := eval.Measure(t.Context(), m, tests, eval.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return f.NDCG[1]
	}
	ordered, popular := ndcg(m), ndcg(pop)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range tests {
		past := append([]recipe.Event(nil), tests[i].History...)
		r.Shuffle(len(past), func(a, b int) { past[a], past[b] = past[b], past[a] })
		tests[i].History = past
	}
	shuffled := ndcg(m)
	t.Logf("NDCG@10 %.4f, with the order shuffled %.4f, popularity %.4f", ordered, shuffled, popular)
	if ordered < 0.25 || ordered < 3*popular || shuffled > 0.8*ordered {
		t.Errorf("NDCG@10 %.4f, with the order shuffled %.4f, popularity %.4f", ordered, shuffled, popular)
	}
}

// chains is a history of 60 users who walk along rings of items: after i comes
// i+1. Item "new" has no interactions.
func chains(t *testing.T) recipe.Input {
	var b history.Builder
	for u := range 60 {
		for p := range 12 {
			err := b.Add(history.Interaction{User: fmt.Sprint("u", u), Item: fmt.Sprint("i", (u+p)%20), Time: int64(1e9 + p*86400)})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return recipe.Input{Interactions: b.History(), Items: &history.Metadata{IDs: history.NewDictionary("new", "i3")}, Seed: 1, Workers: 2}
}

func TestNextOfAChain(t *testing.T) {
	t.Parallel()
	m := train(t, chains(t))
	answer := m.Rank(recipe.Query{K: 3, History: recipetest.Past(t, m, "i3", "i4", "i5"), Why: true})
	if got := m.Items().ID(answer[0].Item); got != "i6" {
		t.Errorf("after i3 i4 i5 comes %s, want i6", got)
	}
	if answer[0].Why != recipe.Relevant || len(answer[0].Because) == 0 || m.Items().ID(answer[0].Because[0].Item) != "i5" {
		t.Errorf("i6 is there for %v because of %+v, want i5 first", answer[0].Why, answer[0].Because)
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	m := train(t, chains(t))
	past := recipetest.Past(t, m, "i3", "i4")
	sum := func(q recipe.Query) float64 {
		total := 0.0
		for _, s := range m.Rank(q) {
			if !math.IsNaN(s.Score) {
				total += s.Score
			}
		}
		return total
	}
	if s := sum(recipe.Query{K: 10, History: past, Only: recipetest.Numbers(t, m, "i9", "new", "i5")}); math.Abs(s-1) > 1e-6 {
		t.Errorf("scores of a ranked list sum to %v", s)
	}
	all := sum(recipe.Query{K: 100, History: past})
	part := sum(recipe.Query{K: 100, History: past, Skip: recipetest.Is(m, "i5")})
	if all > 1+1e-6 || all < 0.9 || part >= all {
		t.Errorf("scores of the catalogue sum to %v, without i5 to %v", all, part)
	}
}

func TestNewUserGetsWhatIsPopularNow(t *testing.T) {
	t.Parallel()
	var b history.Builder
	for i := range 300 {
		item := "once" // popular for most of the time
		if i > 240 {
			item = "now"
		}
		for _, it := range []string{item, "rare"}[:1+btoi(i%10 == 0)] {
			if err := b.Add(history.Interaction{User: fmt.Sprint(i), Item: it, Time: int64(1e9 + i*86400)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	m := train(t, recipe.Input{Interactions: b.History()})
	answer := m.Rank(recipe.Query{K: 3})
	if got := m.Items().ID(answer[0].Item); got != "now" || answer[0].Why != recipe.Popular {
		t.Errorf("a new user gets %s first, for %v", got, answer[0].Why)
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
