package blend_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"bespoke"
	"bespoke/eval"
	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/blend"
	"bespoke/recipe/recipetest"
)

// priced is the demo's shop with prices that nobody looks at, one far out.
func priced(t *testing.T) recipe.Input {
	in := recipetest.Demo(t)
	r := rand.New(rand.NewPCG(5, 6))
	price := history.Column{Name: "PRICE"}
	for range in.Items.IDs.Len() {
		price.Number = append(price.Number, r.Float64()*10)
	}
	price.Number[0] = 1e6
	in.Items = &history.Metadata{IDs: in.Items.IDs, Columns: append(slices.Clone(in.Items.Columns), price)}
	return in
}

// The more sensitive, the more answers have of the objective, and the less
// relevant they are; a low one costs little relevance.
func TestObjective(t *testing.T) {
	t.Parallel()
	in := priced(t)
	var tests []eval.Test
	whole := in.Interactions
	in.Interactions, tests = eval.LastOut(whole)
	prices := make([]float64, whole.Items.Len())
	column, _ := in.Items.Column("PRICE")
	for n, row := range recipe.Rows(whole.Items, in.Items) {
		prices[n] = column.Number[row]
	}
	const levels = 4
	var price, ndcg, reward, unknown [levels]float64
	for i, sensitivity := range [levels]recipe.Sensitivity{"", recipe.Low, recipe.Medium, recipe.High} {
		if sensitivity != "" {
			in.Objective = &recipe.Objective{Column: "PRICE", Sensitivity: sensitivity}
		}
		m, err := blend.Recipe("aws-user-personalization").Fit(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		mean := func(q recipe.Query) (sum float64) {
			q.K = 10
			for _, s := range m.Rank(q) {
				sum += min(prices[s.Item], 10) / 10
			}
			return sum
		}
		for _, test := range tests[:100] {
			price[i] += mean(recipe.Query{History: test.History}) / 100
		}
		unknown[i] = mean(recipe.Query{})
		f, err := eval.Measure(t.Context(), m, tests, eval.Options{Rewards: prices})
		if err != nil {
			t.Fatal(err)
		}
		ndcg[i], reward[i] = f.NDCG[1], f.Reward
	}
	t.Logf("mean price %.2f, of new users' %.2f, NDCG@10 %.4f, reward %.4f", price, unknown, ndcg, reward)
	for i := range levels - 1 {
		if price[i+1] < price[i]+0.3 || ndcg[i+1] > ndcg[i] || unknown[i+1] < unknown[i] {
			t.Errorf("mean price %.2f, of new users' %.2f, NDCG@10 %.4f", price, unknown, ndcg)
		}
	}
	if ndcg[1] < 0.85*ndcg[0] || ndcg[3] > 0.7*ndcg[0] || price[3] < 7.5 {
		t.Errorf("mean price %.2f, NDCG@10 %.4f", price, ndcg)
	}
}

// A model with an objective is the same for any workers, and answers alike when it
// is read again; a list is ordered by it too.
func TestObjectiveIsKept(t *testing.T) {
	t.Parallel()
	in, r := priced(t), blend.Recipe("aws-personalized-ranking")
	in.Objective = &recipe.Objective{Column: "PRICE", Sensitivity: recipe.High}
	var files [2]bytes.Buffer
	for i := range files {
		in.Workers = 1 + 2*i
		m, err := r.Fit(t.Context(), in)
		if err == nil {
			err = r.Save(&files[i], m)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(files[0].Bytes(), files[1].Bytes()) {
		t.Error("three workers make another model than one")
	}
	h, d, err := recipe.Open(&files[0])
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Load(h, d)
	if err != nil {
		t.Fatal(err)
	}
	in.Objective = nil
	plain, err := r.Fit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	dear, _ := m.Items().Lookup(in.Items.IDs.ID(0))
	score := func(m recipe.Model) float64 {
		for _, s := range m.Rank(recipe.Query{K: 5, History: []recipe.Event{{Item: 7}}, Only: []uint32{1, 2, 3, 4, dear}}) {
			if s.Item == dear {
				return s.Score
			}
		}
		return 0
	}
	if with, without := score(m), score(plain); with < 5*without {
		t.Errorf("the dearest item of a list scores %v, %v without the objective", with, without)
	}
}

// An objective that the items do not have is refused before anything is learned.
func TestObjectiveWithoutColumn(t *testing.T) {
	t.Parallel()
	in := priced(t)
	in.Progress = func(p recipe.Progress) { t.Errorf("it was at work: %+v", p) }
	for _, column := range []string{"COST", "GENRES"} {
		in.Objective = &recipe.Objective{Column: column, Sensitivity: recipe.Low}
		_, err := blend.Recipe("aws-user-personalization").Fit(t.Context(), in)
		if e, ok := errors.AsType[*bespoke.Error](err); !ok || e.Code != bespoke.InvalidInput {
			t.Errorf("%s: %v", column, err)
		}
	}
}
