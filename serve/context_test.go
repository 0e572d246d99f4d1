package serve_test

import (
	"fmt"
	"testing"

	"bespoke/artifact"
	"bespoke/awsapi/wire"
	built "bespoke/recipe/catalog"
	"bespoke/recipe/recipetest"
	"bespoke/serve"
)

// planted is a server of a model to which the context matters, or the user's age.
func planted(t *testing.T, name, effect string) *fixture {
	t.Helper()
	in := recipetest.Planted(t, effect)
	r, _ := built.Find(name)
	m, err := r.Fit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return open(t, name, func(d *serve.Deployment) { d.Artifact = artifact.New(r, m, in) })
}

// kinds counts the items of an answer that are of a kind.
func kinds(t *testing.T, items []wire.PredictedItem, kind int) (n int) {
	t.Helper()
	for _, it := range items {
		var i int
		if _, err := fmt.Sscanf(it.ItemId, "i%d", &i); err != nil {
			t.Fatal(err)
		}
		if i%5 == kind {
			n++
		}
	}
	return n
}

// TestContext: a context changes the next answer of a user, and the answer that
// was kept without it comes back without it.
func TestContext(t *testing.T) {
	t.Parallel()
	f := planted(t, "aws-user-personalization-v2", "context")
	ask := func(user string, context map[string]string) []wire.PredictedItem {
		t.Helper()
		out, err := f.recommend(wire.GetRecommendationsRequest{UserId: user, NumResults: new(10), Context: context})
		if err != nil {
			t.Fatal(err)
		}
		return out.ItemList
	}
	for _, user := range []string{"u1", "stranger"} {
		plain := list(ask(user, nil))
		for kind := range 5 {
			answer := ask(user, map[string]string{"DEVICE": fmt.Sprint("device-", kind)})
			if n := kinds(t, answer, kind); n < 7 {
				t.Errorf("%s on device %d: %d of 10 items are of its kind: %s", user, kind, n, list(answer))
			}
		}
		for _, ignored := range []map[string]string{{"DEVICE": "toaster"}, {"COLOUR": "red"}, {"EVENT_VALUE": "1"}, nil} {
			if got := list(ask(user, ignored)); got != plain {
				t.Errorf("%s with %v: %s, want %s", user, ignored, got, plain)
			}
		}
	}
	e, err := f.server.Explain(t.Context(), campaign, "u1", "", map[string]string{"DEVICE": "device-2", "COLOUR": "red"}, 3)
	if err != nil || fmt.Sprint(e.Context) != "map[DEVICE:device-2]" {
		t.Fatalf("the model hears %v, %v", e.Context, err)
	}
	if r := e.Items[0].Because[0]; r.Attribute != "context DEVICE=device-2" || r.ItemID != "" || r.Share <= 0 {
		t.Errorf("the first item is there because of %+v", e.Items[0].Because)
	}
}

func TestContextOfRanking(t *testing.T) {
	t.Parallel()
	f := planted(t, "aws-personalized-ranking", "context")
	for kind := range 4 { // i4 is the last of the list and i0 the most popular
		out, err := f.GetPersonalizedRanking(t.Context(), &wire.GetPersonalizedRankingRequest{
			CampaignArn: string(campaign), UserId: "stranger", InputList: []string{"i0", "i1", "i2", "i3", "i4"},
			Context: map[string]string{"DEVICE": fmt.Sprint("device-", kind)},
		})
		if err != nil || out.PersonalizedRanking[0].ItemId != fmt.Sprint("i", kind) {
			t.Errorf("device %d: %+v, %v", kind, out, err)
		}
	}
}

// TestAttributes: users get what is taken at their age, without any history too.
func TestAttributes(t *testing.T) {
	t.Parallel()
	in := recipetest.Planted(t, "user")
	r, _ := built.Find("aws-user-personalization-v2")
	m, err := r.Fit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	users := *in.Users
	users.IDs.Add("new")
	users.Columns[0].Number, users.Columns[1].Text = append(users.Columns[0].Number, 39), append(users.Columns[1].Text, "")
	in.Users = &users
	f := open(t, "aws-user-personalization-v2", func(d *serve.Deployment) { d.Artifact = artifact.New(r, m, in) })
	out, err := f.recommend(wire.GetRecommendationsRequest{UserId: "new", NumResults: new(10)})
	if err != nil {
		t.Fatal(err)
	}
	if n := kinds(t, out.ItemList, 2); n < 6 { // of 35 to 44
		t.Errorf("%d of 10 items are of the age's kind: %s", n, list(out.ItemList))
	}
}
