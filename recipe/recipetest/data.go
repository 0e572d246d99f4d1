package recipetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"bespoke/demo"
	"bespoke/history"
	"bespoke/recipe"
)

// History reads "user: item item ..." lines. Each item comes a second after the
// one before it, over all lines.
func History(t testing.TB, lines ...string) *history.History {
	t.Helper()
	var b history.Builder
	now := int64(1_000_000)
	for _, line := range lines {
		user, items, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("%q has no colon", line)
		}
		for item := range strings.FieldsSeq(items) {
			now++
			if err := b.Add(history.Interaction{User: user, Item: item, Time: now}); err != nil {
				t.Fatal(err)
			}
		}
	}
	return b.History()
}

// Numbers returns the numbers of items in m.
func Numbers(t *testing.T, m recipe.Model, ids ...string) []uint32 {
	t.Helper()
	out := make([]uint32, len(ids))
	for i, id := range ids {
		n, ok := m.Items().Lookup(id)
		if !ok {
			t.Fatalf("the model does not know %q", id)
		}
		out[i] = n
	}
	return out
}

// Past returns a history of items a second apart.
func Past(t *testing.T, m recipe.Model, ids ...string) []recipe.Event {
	t.Helper()
	var past []recipe.Event
	for i, n := range Numbers(t, m, ids...) {
		past = append(past, recipe.Event{Item: n, Time: int64(i)})
	}
	return past
}

// Is returns a Skip for the given items.
func Is(m recipe.Model, ids ...string) func(uint32) bool {
	return func(item uint32) bool {
		for _, id := range ids {
			if m.Items().ID(item) == id {
				return true
			}
		}
		return false
	}
}

// Want compares an answer with "item score" lines; scores have 4 digits.
func Want(t *testing.T, m recipe.Model, got []recipe.Scored, want ...string) {
	t.Helper()
	lines := make([]string, len(got))
	for i, s := range got {
		lines[i] = fmt.Sprintf("%s %.4g", m.Items().ID(s.Item), s.Score)
	}
	if strings.Join(lines, ", ") != strings.Join(want, ", ") {
		t.Errorf("answer %q, want %q", lines, want)
	}
}

// Demo returns a small shop of the demo's generator as training data: what its
// users watched, and the items' genres and release times.
func Demo(t testing.TB) recipe.Input {
	t.Helper()
	in, err := shop()
	if err != nil {
		t.Fatal(err)
	}
	return in
}

var shop = sync.OnceValues(func() (recipe.Input, error) {
	s, err := demo.New(demo.Config{Users: 400, Items: 300, Interactions: 24_000})
	if err != nil {
		return recipe.Input{}, err
	}
	var b history.Builder
	for _, i := range s.Interactions {
		if i.Watch {
			err := b.Add(history.Interaction{User: s.Users[i.User].ID, Item: s.Items[i.Item].ID, Time: i.Time})
			if err != nil {
				return recipe.Input{}, err
			}
		}
	}
	items := &history.Metadata{IDs: history.NewDictionary()}
	genres := history.Column{Name: "GENRES", Categorical: true}
	created := history.Column{Name: "CREATION_TIMESTAMP"}
	for _, it := range s.Items {
		items.IDs.Add(it.ID)
		genres.Text = append(genres.Text, strings.Join(it.Genres, "|"))
		created.Number = append(created.Number, float64(it.Released))
	}
	items.Columns = []history.Column{genres, created}
	return recipe.Input{Interactions: b.History(), Items: items, Seed: 1, Workers: 1}, nil
})
