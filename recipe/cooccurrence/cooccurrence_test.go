package cooccurrence_test

import (
	"fmt"
	"math"
	"testing"

	"bespoke/eval"
	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/cooccurrence"
	"bespoke/recipe/popularity"
	"bespoke/recipe/recipetest"
)

func TestSims(t *testing.T)         { recipetest.Run(t, cooccurrence.Sims()) }
func TestSimilarItems(t *testing.T) { recipetest.Run(t, cooccurrence.SimilarItems()) }

func fit(t *testing.T, r recipe.Recipe, in recipe.Input) recipe.Model {
	t.Helper()
	m, err := r.Fit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func like(t *testing.T, m recipe.Model, id string, k int) []recipe.Scored {
	t.Helper()
	return m.Rank(recipe.Query{K: k, Item: recipetest.Numbers(t, m, id)[0], ItemKnown: true})
}

// "a" and "b" share 3 users, "a" and "hit" 4; b has 4 users, hit 9.
func TestSimsByHand(t *testing.T) {
	t.Parallel()
	h := recipetest.History(t,
		"1: a b hit", "2: a a b hit", "3: a b hit", "4: a hit c", "5: b hit",
		"6: hit", "7: hit", "8: hit", "9: hit")
	f := func(discount, least string, want ...string) {
		t.Helper()
		m := fit(t, cooccurrence.Sims(), recipe.Input{Interactions: h, Settings: recipe.Settings{
			"popularity_discount_factor": discount, "min_cointeraction_count": least,
			"min_user_history_length_percentile": "0", "max_user_history_length_percentile": "1",
			"min_item_interaction_count_percentile": "0", "max_item_interaction_count_percentile": "1",
		}})
		recipetest.Want(t, m, like(t, m, "a", 2), want...)
	}
	f("0", "3", "hit 4", "b 3")
	f("0.5", "3", "b 1.5", "hit 1.333")
	f("1", "3", "b 0.75", "hit 0.4444")
	f("1", "0", "c 1", "b 0.75")
	// c has too little in common with anything: popular items, but not itself.
	f("0", "10", "hit NaN", "b NaN")
}

func TestAgreesWithPlainCode(t *testing.T) {
	t.Parallel()
	in := recipetest.Demo(t)
	in.Settings = recipe.Settings{
		"min_cointeraction_count": "2", "min_user_history_length_percentile": "0", "max_user_history_length_percentile": "1",
		"min_item_interaction_count_percentile": "0", "max_item_interaction_count_percentile": "1",
	}
	h, m := in.Interactions, fit(t, cooccurrence.Sims(), in)
	has := map[[2]uint32]bool{}
	users := make([]float64, h.Items.Len())
	for row, u := range h.User {
		if pair := [2]uint32{u, h.Item[row]}; !has[pair] {
			has[pair] = true
			users[h.Item[row]]++
		}
	}
	for i := range uint32(40) {
		got := map[uint32]float64{}
		for _, s := range m.Rank(recipe.Query{K: 500, Item: i, ItemKnown: true}) {
			if s.Why == recipe.Relevant {
				got[s.Item] = s.Score
			}
		}
		for j := range uint32(h.Items.Len()) {
			both := 0.0
			for u := range uint32(h.Users.Len()) {
				if has[[2]uint32{u, i}] && has[[2]uint32{u, j}] {
					both++
				}
			}
			want := both / math.Sqrt(users[j])
			if i == j || both < 2 {
				want = 0
			}
			if math.Abs(got[j]-want) > 1e-4 {
				t.Fatalf("score of %d for %d is %v, want %v", j, i, got[j], want)
			}
		}
	}
}

// An item without any interaction is known by its genres.
func TestColdItemByItsDescription(t *testing.T) {
	t.Parallel()
	h := recipetest.History(t, "1: noir1 noir2 toon1", "2: noir1 noir2", "3: toon1 toon2", "4: toon1 toon2 noir1")
	items := &history.Metadata{IDs: history.NewDictionary("new", "noir1", "noir2", "toon1", "toon2"), Columns: []history.Column{
		{Name: "GENRES", Categorical: true, Text: []string{"toon", "noir|crime", "noir", "toon", "toon"}},
		{Name: "TEXT", Textual: true, Text: []string{"A talking mouse.", "Rain", "Rain", "A mouse", "Cats"}},
	}}
	m := fit(t, cooccurrence.SimilarItems(), recipe.Input{Interactions: h, Items: items})
	answer := like(t, m, "new", 4)
	if len(answer) < 2 || m.Items().ID(answer[0].Item) != "toon1" || m.Items().ID(answer[1].Item) != "toon2" {
		t.Errorf("like the new cartoon with a mouse: %+v", answer)
	}
	known := like(t, m, "noir1", 1)
	if m.Items().ID(known[0].Item) != "noir2" {
		t.Errorf("like noir1: %+v", known)
	}
	unknown := m.Rank(recipe.Query{K: 2})
	recipetest.Want(t, m, unknown, "noir1 NaN", "toon1 NaN")
}

// On the demo's shop, what is like the newest item is better than what is popular.
func TestBand(t *testing.T) {
	t.Parallel()
	in := recipetest.Demo(t)
	var tests []eval.Test
	in.Interactions, tests = eval.LastOut(in.Interactions)
	ndcg := map[string]float64{}
	for _, r := range []recipe.Recipe{popularity.Recipe(), cooccurrence.Sims(), cooccurrence.SimilarItems()} {
		f, err := eval.Measure(t.Context(), fit(t, r, in), tests, eval.Options{Related: true})
		if err != nil {
			t.Fatal(err)
		}
		ndcg[r.Name] = f.NDCG[1]
	}
	line := fmt.Sprint(ndcg)
	t.Log(line)
	for _, name := range []string{"aws-sims", "aws-similar-items"} {
		if ndcg[name] < 1.2*ndcg["aws-popularity-count"] || ndcg[name] < 0.06 {
			t.Errorf("%s is no better than popularity: %s", name, line)
		}
	}
}
