package serve_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"bespoke"
	"bespoke/artifact"
	"bespoke/awsapi/wire"
	"bespoke/history"
	"bespoke/recipe"
	"bespoke/serve"
)

// newest is the time of the newest interaction of the fixture's history.
const newest = 1_000_006

// exploring is a fixture that explores by a weight: the items that it is given,
// and none of those that were trained on, which are too old.
func exploring(t *testing.T, weight float64, items *history.Metadata, fresh ...artifact.Item) *fixture {
	t.Helper()
	return open(t, "aws-user-personalization", func(d *serve.Deployment) {
		if d.Artifact.Newest != newest {
			t.Fatalf("the newest interaction is at %d", d.Artifact.Newest)
		}
		d.Explore = recipe.ExploreBy(weight, 1)
		d.Artifact.New, d.Artifact.Newest, d.Artifact.Items = fresh, newest+24*60*60, items
	})
}

// explored counts in how many of so many users' answers of k items each item is
// explored, and checks that no answer has an item twice.
func (f *fixture) explored(user func(i int) string, asked, k int) map[string]int {
	f.Helper()
	out := map[string]int{}
	for i := range asked {
		e, err := f.server.Explain(f.Context(), campaign, user(i), "", nil, k)
		if err != nil {
			f.Fatal(err)
		}
		seen := map[string]bool{}
		last := math.Inf(1)
		for _, it := range e.Items {
			if seen[it.ItemID] {
				f.Fatalf("%s is there twice: %+v", it.ItemID, e.Items)
			}
			seen[it.ItemID] = true
			if it.Why == "explored" {
				out[it.ItemID]++
			}
			if it.Score != nil {
				if *it.Score > last {
					f.Errorf("the scores do not descend: %+v", e.Items)
				}
				last = *it.Score
			}
		}
	}
	return out
}

func strangers(i int) string { return fmt.Sprint("stranger ", i) }

// about fails unless got is within five standard deviations of what n tries of a
// chance make.
func (f *fixture) about(what string, got, n int, chance float64) {
	f.Helper()
	if want := float64(n) * chance; math.Abs(float64(got)-want) > 5*math.Sqrt(want*(1-chance)) {
		f.Errorf("%s: %d of %d, want about %.0f", what, got, n, want)
	}
}

// TestExploreUnknown: each of the three places goes to the new item at 25 %, and
// it is in an answer at most once. An item that is too old has no chance.
func TestExploreUnknown(t *testing.T) {
	t.Parallel()
	const asked = 400
	f := exploring(t, 0.5, nil, artifact.Item{ID: "new", Created: newest + 24*60*60}, artifact.Item{ID: "old", Created: newest - 1})
	got := f.explored(strangers, asked, 3)
	if len(got) != 1 {
		t.Errorf("explored %v", got)
	}
	f.about("new", got["new"], asked, 1-math.Pow(0.75, 3))
	if got := exploring(t, 0, nil, artifact.Item{ID: "new", Created: newest + 24*60*60}).explored(strangers, 50, 3); len(got) > 0 {
		t.Errorf("without a weight %v are explored", got)
	}
	// The API shows it like any other item.
	out, err := exploring(t, 1, nil, artifact.Item{ID: "new", Created: newest + 24*60*60}).recommend(wire.GetRecommendationsRequest{UserId: "u0", NumResults: new(2)})
	if err != nil || out.ItemList[0].ItemId != "new" || out.ItemList[0].Score == nil {
		t.Errorf("%+v, %v", out, err)
	}
}

// TestExploreFewTakers: of two new items the one that nobody has taken is explored ten
// times as often as the one that nine users have.
func TestExploreFewTakers(t *testing.T) {
	t.Parallel()
	f := exploring(t, 0.3, nil, artifact.Item{ID: "fresh", Created: newest + 100_000}, artifact.Item{ID: "known", Created: newest + 100_000, Takers: 9})
	got := f.explored(strangers, 3000, 1)
	f.about("the one that nobody has taken", got["fresh"], got["fresh"]+got["known"], 10.0/11)
}

// TestExploreKin: u0 has taken i0, a drama; a new drama is explored more often
// for that user than a new western, and both alike for a stranger.
func TestExploreKin(t *testing.T) {
	t.Parallel()
	items := &history.Metadata{IDs: history.NewDictionary("i0", "drama", "western"), Columns: []history.Column{
		{Name: "GENRE", Categorical: true, Text: []string{"Comedy|Drama", "Drama", "Western"}},
	}}
	f := exploring(t, 0.3, items, artifact.Item{ID: "drama", Created: newest + 100_000}, artifact.Item{ID: "western", Created: newest + 100_000})
	got := f.explored(func(int) string { return "u0" }, 3000, 1)
	f.about("the drama for u0", got["drama"], got["drama"]+got["western"], 0.8)
	got = f.explored(strangers, 3000, 1)
	f.about("the drama for strangers", got["drama"], got["drama"]+got["western"], 0.5)
}

// TestUpdate changes what the campaigns of a version know, and no other's.
func TestUpdate(t *testing.T) {
	t.Parallel()
	f := open(t, "aws-user-personalization", func(d *serve.Deployment) { d.Explore = recipe.ExploreBy(1, 1) })
	items := func() (ids []string) {
		t.Helper()
		out, err := f.recommend(wire.GetRecommendationsRequest{UserId: "u0"})
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range out.ItemList {
			ids = append(ids, it.ItemId)
		}
		return ids
	}
	change := func(d *serve.Deployment) {
		a := *d.Artifact
		a.New, a.Newest, a.Items = []artifact.Item{{ID: "new", Created: newest + 200_000}}, newest+200_000, nil
		d.Artifact = &a
	}
	f.server.Update(scope.Solution("s")+"/2", change)
	if slices.Contains(items(), "new") {
		t.Error("another version's update is seen")
	}
	f.server.Update(scope.Solution("s")+"/1", change)
	if !slices.Contains(items(), "new") {
		t.Error("the update is not seen")
	}
	_, err := f.recommend(wire.GetRecommendationsRequest{UserId: "u0", MetadataColumns: map[string][]string{"ITEMS": {"GENRE"}}})
	f.refused(err, bespoke.InvalidInput, `no column "GENRE"`)
}
