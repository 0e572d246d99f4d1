package eval_test

import (
	"context"
	"slices"
	"testing"

	"bespoke/eval"
	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/popularity"
	"bespoke/recipe/recipetest"
)

// ranker is a model that answers what a function says.
type ranker struct {
	items *history.Dictionary
	rank  func(recipe.Query) []uint32
}

func (r ranker) Items() *history.Dictionary { return r.items }
func (r ranker) Encode(*recipe.Encoder)     {}
func (r ranker) Rank(q recipe.Query) (out []recipe.Scored) {
	for _, it := range r.rank(q) {
		if !q.Skips(it) && len(out) < q.K {
			out = append(out, recipe.Scored{Item: it})
		}
	}
	return out
}

// An oracle scores 1, popularity little, and a model that ranks the least
// popular items first next to nothing.
func TestBadModelsScoreBadly(t *testing.T) {
	t.Parallel()
	h := recipetest.Demo(t).Interactions
	train, tests := eval.LastOut(h)
	pop, err := popularity.Recipe().Fit(t.Context(), recipe.Input{Interactions: train})
	if err != nil {
		t.Fatal(err)
	}
	order := pop.(*popularity.Model).Order()
	worst := slices.Clone(order)
	slices.Reverse(worst)
	truth := map[int]uint32{} // by length and newest item of the history
	key := func(past []recipe.Event) int { return len(past)<<20 | int(past[len(past)-1].Item) }
	for _, c := range tests {
		truth[key(c.History)] = c.Relevant[0]
	}
	ndcg := func(m recipe.Model) float64 {
		f, err := eval.Measure(t.Context(), m, tests, eval.Options{KeepSeen: true})
		if err != nil || f.Users != len(tests) {
			t.Fatalf("%d of %d users, %v", f.Users, len(tests), err)
		}
		return f.NDCG[1]
	}
	oracle := ndcg(ranker{h.Items, func(q recipe.Query) []uint32 { return []uint32{truth[key(q.History)]} }})
	popular, bad := ndcg(pop), ndcg(ranker{h.Items, func(recipe.Query) []uint32 { return worst }})
	if oracle < 0.85 || popular > 0.2 || popular < 0.01 || bad > popular/4 {
		t.Errorf("NDCG@10: oracle %.4f, popularity %.4f, bad model %.4f", oracle, popular, bad)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	items := history.NewDictionary("a", "b", "c", "d")
	m := ranker{items, func(recipe.Query) []uint32 { return []uint32{0, 1, 2} }}
	tests := []eval.Test{
		{History: []recipe.Event{{Item: 0}}, Relevant: []uint32{1}}, // ranked b c
		{History: []recipe.Event{{Item: 1}}, Relevant: []uint32{3}}, // ranked a c
	}
	f, err := eval.Measure(t.Context(), m, tests, eval.Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{
		"coverage": 0.75, "mean_reciprocal_rank_at_25": 0.5,
		"normalized_discounted_cumulative_gain_at_5": 0.5, "normalized_discounted_cumulative_gain_at_10": 0.5, "normalized_discounted_cumulative_gain_at_25": 0.5,
		"precision_at_5": 0.1, "precision_at_10": 0.05, "precision_at_25": 0.02,
	}
	got := f.Metrics()
	for name, v := range want {
		if got[name] != v {
			t.Errorf("%s = %v, want %v", name, got[name], v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("metrics %v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := eval.Measure(ctx, m, tests, eval.Options{}); err == nil {
		t.Error("a cancelled measuring returns figures")
	}
}

func TestHoldOut(t *testing.T) {
	t.Parallel()
	h := recipetest.Demo(t).Interactions
	train, tests := eval.HoldOut(h, 1)
	if len(tests) != 40 { // a tenth of 400 users
		t.Errorf("%d test users", len(tests))
	}
	s := h.Sequences()
	for _, c := range tests {
		items, _ := s.Of(c.User)
		if slices.Contains(train.User, c.User) {
			t.Errorf("user %d is in the training", c.User)
		}
		if n := len(items) - len(c.History); n != max(1, (len(items)+5)/10) {
			t.Errorf("user with %d interactions: %d to be found", len(items), n)
		}
		for i, e := range c.History {
			if e.Item != items[i] {
				t.Fatalf("the shown history is not the oldest part")
			}
		}
	}
	_, again := eval.HoldOut(h, 1)
	_, other := eval.HoldOut(h, 2)
	users := func(tests []eval.Test) (u []uint32) {
		for _, c := range tests {
			u = append(u, c.User)
		}
		return u
	}
	if !slices.Equal(users(tests), users(again)) || slices.Equal(users(tests), users(other)) {
		t.Error("the split does not depend on the seed alone")
	}
}

// An item that was bought and viewed among what is to be found is worth what the
// purchase weighs.
func TestWorth(t *testing.T) {
	t.Parallel()
	h := recipetest.History(t, "u: a b b c", "v: a b")
	h.Weight = []float32{1, 3, 1, 2, 1, 0}
	train, tests := eval.From(h, 1)
	if u := tests[0]; !slices.Equal(u.Worth, []float64{3, 2}) || train.Weight[0] != 1 {
		t.Errorf("b and c are worth %v", u.Worth)
	}
	if _, tests = eval.LastOut(h); !slices.Equal(tests[1].Worth, []float64{0}) {
		t.Errorf("the last item of v is worth %v", tests[1].Worth)
	}
}

func TestLastOutAndFrom(t *testing.T) {
	t.Parallel()
	h := recipetest.History(t, "u: a b c", "v: a", "w: c c", "u: b", "x: a")
	train, tests := eval.LastOut(h)
	if train.Len() != h.Len()-2 || len(tests) != 2 {
		t.Fatalf("%d of %d interactions for training, %d tests", train.Len(), h.Len(), len(tests))
	}
	if u := tests[0]; len(u.History) != 3 || h.Items.ID(u.Relevant[0]) != "b" {
		t.Errorf("test of u: %+v", u)
	}
	train, tests = eval.From(h, 6)
	if train.Len() != 6 || len(tests) != 2 {
		t.Fatalf("%d interactions for training, %d tests", train.Len(), len(tests))
	}
	if x := tests[1]; h.Users.ID(x.User) != "x" || len(x.History) != 0 || h.Items.ID(x.Relevant[0]) != "a" {
		t.Errorf("test of x, unknown to the training: %+v", x)
	}
}
