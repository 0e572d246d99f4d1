package recipetest

import (
	"testing"

	"bespoke/history"
	"bespoke/recipe"
)

// brief is a model that answers with its first items, this many at most.
type brief struct {
	recipe.Model
	items *history.Dictionary
	most  int
}

func (b brief) Items() *history.Dictionary { return b.items }

func (b brief) Rank(q recipe.Query) (out []recipe.Scored) {
	for it := range uint32(b.items.Len()) {
		if len(out) < min(q.K, b.most) && !q.Skips(it) {
			out = append(out, recipe.Scored{Item: it})
		}
	}
	return out
}

// A model that answers with too little is found out by each query that items are
// left for; one that answers with what there is passes where all items are asked
// about.
func TestShortAnswers(t *testing.T) {
	t.Parallel()
	m := brief{items: Demo(t).Interactions.Items}
	empty := 0
	for i, q := range queries(m) {
		m.most = 0
		if err := checkAnswer(q, m); err == nil {
			empty++
		}
		m.most = 4
		if err := checkAnswer(q, m); err == nil && q.K > 4 && q.Only == nil && !q.Skips(0) {
			t.Errorf("query %d: four items are enough", i)
		}
		m.most = m.items.Len()
		if err := checkAnswer(q, m); err != nil && q.Only == nil {
			t.Errorf("query %d: %v", i, err)
		}
	}
	if empty != 2 { // of K 0, and with every item to be skipped
		t.Errorf("%d queries may be answered with nothing", empty)
	}
}
