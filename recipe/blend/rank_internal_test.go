package blend

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/als"
	"bespoke/recipe/popularity"
)

// walked returns a model of users of 50 interactions each, who keep to a few of
// 200 tastes and often go on to the next item of one. It is made like fit makes
// one, but with the choices of unseen.
func walked(items, users int) (*Model, error) {
	const length, tastes = 50, 200
	h := &history.History{Users: history.NewDictionary(), Items: history.NewDictionary()}
	for i := range items {
		h.Items.Add(fmt.Sprint("item-", i))
	}
	r := rand.New(rand.NewPCG(1, 2))
	zipf := func(n int) int { // close to it
		a := float64(n) / 50
		return int(a * (math.Pow((float64(n)+a)/a, r.Float64()) - 1))
	}
	for u := range users {
		h.Users.Add(fmt.Sprint("user-", u))
		mine := [3]int{r.IntN(tastes), r.IntN(tastes), r.IntN(tastes)}
		item := 0
		for e := range length {
			switch x := r.Float64(); {
			case e > 0 && x < 0.3:
				item = (item + tastes) % items
			case x < 0.8:
				item = zipf(items/tastes)*tastes + mine[r.IntN(len(mine))]
			default:
				item = zipf(items)
			}
			h.User, h.Item = append(h.User, uint32(u)), append(h.Item, uint32(item))
			h.Time = append(h.Time, int64(1_700_000_000+e*users+u))
		}
	}
	s := h.Sequences()
	m := &Model{Blend: unseen, items: h.Items, window: 50, users: popularity.Count(s, items)}
	m.prior = prior(h, m.users, true)
	var err error
	if m.latent.factors, err = als.Fit(context.Background(), s, items, als.Config{Iterations: 2, Seed: 1, Workers: 2}); err != nil {
		return nil, err
	}
	if m.follow, err = transitions(context.Background(), s, m.Blend, m.users, m.window, 2); err != nil {
		return nil, err
	}
	m.finish()
	return m, nil
}

// walks returns the queries of users who mostly go on to what follows.
func walks(m *Model, n int) []recipe.Query {
	r := rand.New(rand.NewPCG(3, 4))
	queries := make([]recipe.Query, n)
	for i := range queries {
		q := recipe.Query{K: 25}
		at := m.likely[r.IntN(len(m.likely)/4)]
		for e := range 50 {
			row := m.follow.Row(at)
			if len(row) == 0 || r.IntN(4) == 0 {
				at = m.likely[r.IntN(len(m.likely))]
			} else {
				at = row[r.IntN(len(row))].Item
			}
			q.History = append(q.History, recipe.Event{Item: at, Time: int64(e)})
		}
		queries[i] = q
	}
	return queries
}

// TestLargeCatalogue: of a catalogue that is not scored in full, an answer is the
// same whether few or many candidates are looked at, whoever was answered before,
// and has no item twice and none that is to be skipped.
func TestLargeCatalogue(t *testing.T) {
	t.Parallel()
	m, err := walked(2*small, 1000)
	if err != nil {
		t.Fatal(err)
	}
	items := func(answer []recipe.Scored) (out []uint32) {
		for _, s := range answer {
			out = append(out, s.Item)
		}
		return out
	}
	queries := walks(m, 100)
	var answers [][]recipe.Scored
	alike := 0
	for _, q := range queries {
		answer := m.Rank(q)
		answers = append(answers, answer)
		wide := q
		wide.Skip = func(uint32) bool { return false }
		if slices.Equal(items(answer), items(m.Rank(wide))) {
			alike++
		}
		wide.K, wide.Skip = 500, func(j uint32) bool { return j == answer[0].Item }
		seen, sum := map[uint32]bool{}, 0.0
		for _, s := range m.Rank(wide) {
			if seen[s.Item] || s.Item == answer[0].Item || math.IsNaN(s.Score) {
				t.Fatalf("%+v is there twice, to be skipped, or has no score", s)
			}
			seen[s.Item] = true
			sum += s.Score
		}
		if len(seen) != 500 || sum > 1+1e-6 {
			t.Fatalf("%d items, whose scores sum to %v", len(seen), sum)
		}
	}
	if alike < 98 {
		t.Errorf("%d of 100 answers are the same with more candidates", alike)
	}
	for i, q := range queries {
		if again := m.Rank(q); !reflect.DeepEqual(again, answers[i]) {
			t.Fatalf("query %d is answered by %+v and then by %+v", i, answers[i], again)
		}
	}
}

// BenchmarkRank answers for users of 50 interactions, each in turn.
func BenchmarkRank(b *testing.B) {
	m, err := walked(100_000, 20_000)
	if err != nil {
		b.Fatal(err)
	}
	queries := walks(m, 2000)
	run := func(name string, m *Model, q recipe.Query) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				q.History = queries[i%len(queries)].History
				m.Rank(q)
				i++
			}
		})
	}
	run("history", m, recipe.Query{K: 25})
	more := &Model{Blend: m.Blend, items: m.items, window: m.window, users: m.users, prior: m.prior, follow: m.follow, latent: m.latent}
	if more.affinities, err = attributes(m.items); err != nil {
		b.Fatal(err)
	}
	more.finish()
	run("attributes", more, recipe.Query{K: 25, Context: map[string]string{"DEVICE": "device-3"}, Attributes: map[string]string{"AGE": "41"}})
}

// attributes are a context, an attribute of users and one of items, of 100,000 by
// chance: what they say does not matter to the time that it takes.
func attributes(items *history.Dictionary) (affinities, error) {
	r := rand.New(rand.NewPCG(5, 6))
	in := recipe.Input{
		Interactions: &history.History{Users: history.NewDictionary(), Items: items},
		Users:        &history.Metadata{IDs: history.NewDictionary(), Columns: []history.Column{{Name: "AGE"}}},
		Items:        &history.Metadata{IDs: items, Columns: []history.Column{{Name: "GENRE", Categorical: true}}},
	}
	h, device := in.Interactions, history.ContextColumn{Name: "DEVICE", Values: []string{"", "device-1", "device-2", "device-3"}}
	for range items.Len() {
		in.Items.Columns[0].Text = append(in.Items.Columns[0].Text, fmt.Sprint("g", r.IntN(40), "|g", r.IntN(40), "|g", r.IntN(40)))
	}
	for u := range uint32(1000) {
		h.Users.Add(fmt.Sprint("user-", u))
		in.Users.IDs.Add(fmt.Sprint("user-", u))
		in.Users.Columns[0].Number = append(in.Users.Columns[0].Number, 15+float64(r.IntN(60)))
		for range 2000 {
			h.User, h.Item = append(h.User, u), append(h.Item, uint32(r.IntN(5000)))
			h.Time, device.Code = append(h.Time, int64(len(h.Time))), append(device.Code, uint32(1+r.IntN(3)))
		}
	}
	h.Context = []history.ContextColumn{device}
	a, err := learn(context.Background(), in, items)
	for _, w := range a.weights() {
		*w = Weights{Known: 0.5, New: 1}
	}
	return a, err
}
