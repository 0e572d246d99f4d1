package serve

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bespoke/artifact"
	"bespoke/awsapi/catalog"
	"bespoke/history"
	"bespoke/recipe"
	built "bespoke/recipe/catalog"
	"bespoke/recipe/recipetest"

	"bespoke"
)

// tail is what users have done since the training.
type tail map[string][]history.Interaction

func (t tail) Recent(_ bespoke.ARN, user string) []history.Interaction {
	return slices.Clone(t[user])
}

func (t tail) Impressions(bespoke.ARN, string, int) []Impression { return nil }

// TestHistory folds live events into what was trained on: in the order of time,
// none twice, only known items, only the events that the solution is about, and
// only for recipes that take them.
func TestHistory(t *testing.T) {
	t.Parallel()
	in := recipe.Input{Interactions: recipetest.History(t, "ann: a b", "bob: c")} // from 1,000,001 on
	r, _ := built.Find("aws-popularity-count")
	m, err := r.Fit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	five := float32(5)
	s := &Server{cfg: Config{Live: tail{
		"ann": {
			{Item: "b", Time: 1_000_002, EventType: "Buy", Value: &five}, // trained on
			{Item: "c", Time: 1_000_009, EventType: "Buy", Value: &five},
			{Item: "new", Time: 1_000_010, EventType: "Buy", Value: &five},
			{Item: "a", Time: 1_000_008, EventType: "Buy", Value: &five}, // late
			{Item: "b", Time: 1_000_011, EventType: "View"},
		},
		"eve": {{Item: "a", Time: 5, EventType: "Buy", Value: &five}},
	}}}
	f := func(name, user, want string, rules ...history.Rule) {
		t.Helper()
		as, _ := catalog.Find(name)
		d := &Deployment{Recipe: as, Artifact: artifact.New(r, m, in), Rules: rules}
		var got strings.Builder
		for _, e := range d.history(user, s.recent(d, user)) {
			got.WriteString(fmt.Sprintf("%s@%d ", m.Items().ID(e.Item), e.Time-1_000_000))
		}
		if got.String() != want {
			t.Errorf("%s, %s: %s, want %s", name, user, got.String(), want)
		}
	}
	f("aws-user-personalization", "ann", "a@1 b@2 a@8 c@9 b@11 ")
	f("aws-user-personalization", "ann", "a@1 b@2 a@8 c@9 ", history.Rule{EventType: "Buy"})
	f("aws-user-personalization", "ann", "a@1 b@2 ", history.Rule{EventType: "Buy", MinValue: new(float32(6))})
	f("aws-user-personalization", "eve", "a@-999995 ")
	f("aws-user-personalization", "nobody", "")
	f("aws-popularity-count", "ann", "a@1 b@2 ")
}
