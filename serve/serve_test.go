package serve_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"bespoke"
	"bespoke/artifact"
	"bespoke/awsapi/catalog"
	"bespoke/awsapi/wire"
	"bespoke/history"
	"bespoke/recipe"
	built "bespoke/recipe/catalog"
	"bespoke/recipe/recipetest"
	"bespoke/serve"
	"bespoke/store"
)

var (
	scope    = bespoke.Scope{Partition: "aws", Region: "eu-west-1", Account: "123456789012"}
	campaign = scope.Campaign("c")
)

// fixture is a server whose campaign c serves a recipe that was trained on three
// items, from i2 of one user to i0 of three. A recipe that is not built has the
// model of aws-popularity-count.
type fixture struct {
	*testing.T
	wire.Handlers
	server *serve.Server
}

func open(t *testing.T, name string, change func(*serve.Deployment)) *fixture {
	t.Helper()
	folder, err := artifact.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s, err := serve.New(serve.Config{Models: folder, Remember: 3, Campaign: func(_ context.Context, arn bespoke.ARN) (bespoke.Campaign, error) {
		if arn == scope.Campaign("pending") {
			return bespoke.Campaign{ARN: arn, Status: bespoke.CreatePending}, nil
		}
		return bespoke.Campaign{}, &store.NotFoundError{ARN: arn}
	}})
	if err != nil {
		t.Fatal(err)
	}
	in := recipe.Input{
		Interactions: recipetest.History(t, "u0: i0", "u1: i0 i1", "u2: i0 i1 i2"),
		Items: &history.Metadata{IDs: history.NewDictionary("i0", "i1", "unseen"), Columns: []history.Column{
			{Name: "GENRE", Text: []string{"Drama|Comedy", "", "War"}}, {Name: "PRICE", Number: []float64{2.5, math.NaN(), 1e7}},
		}},
	}
	r, ok := built.Find(name)
	if !ok {
		r, _ = built.Find("aws-popularity-count")
	}
	m, err := r.Fit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	as, _ := catalog.Find(name)
	d := serve.Deployment{Campaign: campaign, Version: scope.Solution("s") + "/1", Recipe: as, Artifact: artifact.New(r, m, in), Metadata: true}
	if change != nil {
		change(&d)
	}
	s.Deploy(d)
	f := &fixture{T: t, server: s}
	s.Bind(&f.Handlers)
	return f
}

func (f *fixture) refused(err error, code bespoke.Code, texts ...string) {
	f.Helper()
	e, ok := errors.AsType[*bespoke.Error](err)
	if !ok || e.Code != code {
		f.Fatalf("got %v, want a %s", err, code)
	}
	for _, text := range texts {
		if !strings.Contains(e.Msg, text) {
			f.Errorf("the message lacks %q: %s", text, e.Msg)
		}
	}
}

func (f *fixture) recommend(in wire.GetRecommendationsRequest) (*wire.GetRecommendationsResponse, error) {
	if in.CampaignArn == "" {
		in.CampaignArn = string(campaign)
	}
	return f.GetRecommendations(f.Context(), &in)
}

// list is an answer as text: items with their scores.
func list(items []wire.PredictedItem) string {
	var out []string
	for _, it := range items {
		if it.Score == nil {
			out = append(out, it.ItemId)
		} else {
			out = append(out, fmt.Sprintf("%s %.7f", it.ItemId, *it.Score))
		}
	}
	return strings.Join(out, ", ")
}

func TestRefused(t *testing.T) {
	t.Parallel()
	f := open(t, "aws-user-personalization", nil)
	bad := func(in wire.GetRecommendationsRequest, texts ...string) {
		t.Helper()
		_, err := f.recommend(in)
		f.refused(err, bespoke.InvalidInput, texts...)
	}
	bad(wire.GetRecommendationsRequest{}, "userId is missing")
	bad(wire.GetRecommendationsRequest{UserId: "u", NumResults: new(501)}, "numResults is 501; at most 500")
	bad(wire.GetRecommendationsRequest{UserId: "u", NumResults: new(51), MetadataColumns: map[string][]string{"ITEMS": {"GENRE"}}}, "at most 50")
	bad(wire.GetRecommendationsRequest{UserId: "u", FilterArn: "x"}, "no filters yet")
	bad(wire.GetRecommendationsRequest{UserId: "u", Promotions: []wire.Promotion{{}}}, "no promotions yet")
	bad(wire.GetRecommendationsRequest{RecommenderArn: "x"}, "no recommenders")
	bad(wire.GetRecommendationsRequest{CampaignArn: string(scope.Solution("s")), UserId: "u"}, "not that of a campaign")
	bad(wire.GetRecommendationsRequest{CampaignArn: string(scope.Campaign("pending")), UserId: "u"}, "CREATE PENDING")
	bad(wire.GetRecommendationsRequest{UserId: "u", MetadataColumns: map[string][]string{"USERS": {"AGE"}}}, "under the key ITEMS")
	bad(wire.GetRecommendationsRequest{UserId: "u", MetadataColumns: map[string][]string{"ITEMS": {"COLOUR"}}}, `no column "COLOUR"`)
	_, err := f.recommend(wire.GetRecommendationsRequest{CampaignArn: string(scope.Campaign("none")), UserId: "u"})
	f.refused(err, bespoke.NotFound, "campaign/none")
	_, err = f.GetPersonalizedRanking(t.Context(), &wire.GetPersonalizedRankingRequest{CampaignArn: string(campaign), UserId: "u", InputList: []string{"i0"}})
	f.refused(err, bespoke.InvalidInput, "Use GetRecommendations")

	f = open(t, "aws-personalized-ranking-v2", nil)
	bad(wire.GetRecommendationsRequest{UserId: "u"}, "Use GetPersonalizedRanking")
	_, err = f.GetPersonalizedRanking(t.Context(), &wire.GetPersonalizedRankingRequest{CampaignArn: string(campaign), UserId: "u", InputList: make([]string, 501)})
	f.refused(err, bespoke.InvalidInput, "501 items; at most 500")

	f = open(t, "aws-user-personalization-v2", func(d *serve.Deployment) { d.Artifact.Items = nil })
	if _, err := f.recommend(wire.GetRecommendationsRequest{UserId: "u", MetadataColumns: map[string][]string{"ITEMS": {}}}); err != nil {
		t.Errorf("no columns of no items: %v", err)
	}
	f = open(t, "aws-sims", nil)
	bad(wire.GetRecommendationsRequest{UserId: "u"}, "itemId is missing")
	f = open(t, "aws-user-personalization", func(d *serve.Deployment) { d.Metadata = false })
	bad(wire.GetRecommendationsRequest{UserId: "u", MetadataColumns: map[string][]string{"ITEMS": {"GENRE"}}}, "enableMetadataWithRecommendations")
}

// sum adds up scores and checks that they descend; items without one come last.
func (f *fixture) sum(items []wire.PredictedItem) (total float64) {
	f.Helper()
	last := math.Inf(1)
	for _, it := range items {
		score := -1.0
		if it.Score != nil {
			score = *it.Score
			total += score
		}
		if score > last {
			f.Errorf("the scores do not descend: %s", list(items))
		}
		last = score
	}
	return total
}

// TestScores: those of the whole catalogue sum to 1, also of an item that nobody
// has seen and no answer shows. Recipes without scores have
// none.
func TestScores(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"aws-user-personalization", "aws-user-personalization-v2"} {
		f := open(t, name, func(d *serve.Deployment) { d.Explore = recipe.Exploration{} })
		out, err := f.recommend(wire.GetRecommendationsRequest{UserId: "stranger"})
		if err != nil {
			t.Fatal(err)
		}
		if total := f.sum(out.ItemList); total > 1+1e-6 || total < 0.5 || len(out.ItemList) < 3 {
			t.Errorf("%s: the scores sum to %v: %s", name, total, list(out.ItemList))
		}
		for _, it := range out.ItemList {
			if len(it.Reason) > 0 {
				t.Errorf("%s: %s has a score and is said to fill the answer up: %s", name, it.ItemId, it.Reason)
			}
		}
		if id := out.RecommendationId; len(id) != 40 || !strings.HasPrefix(id, "RID-") {
			t.Errorf("the recommendationId is %s", id)
		}
	}
	out, err := open(t, "aws-popularity-count", nil).recommend(wire.GetRecommendationsRequest{NumResults: new(0)})
	if err != nil || list(out.ItemList) != "i0, i1, i2" {
		t.Errorf("popularity: %+v, %v", out, err)
	}
}

func TestRanking(t *testing.T) {
	t.Parallel()
	f := open(t, "aws-personalized-ranking-v2", nil)
	out, err := f.GetPersonalizedRanking(t.Context(), &wire.GetPersonalizedRankingRequest{
		CampaignArn: string(campaign), UserId: "u0", InputList: []string{"new", "i2", "i0", "unseen", "i2"},
		MetadataColumns: map[string][]string{"ITEMS": {"PRICE", "GENRE"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ranking := out.PersonalizedRanking
	if total := f.sum(ranking); math.Abs(total-1) > 1e-6 || len(ranking) != 4 || ranking[2].ItemId != "unseen" || ranking[3].ItemId != "new" || ranking[2].Score != nil {
		t.Errorf("the ranking is %s", list(ranking))
	}
	want := map[string]string{"i0": "map[GENRE:Drama|Comedy PRICE:2.5]", "i2": "map[]", "unseen": "map[GENRE:War PRICE:10000000]", "new": "map[]"}
	for _, it := range ranking {
		if got := fmt.Sprint(it.Metadata); got != want[it.ItemId] {
			t.Errorf("%s has %s, want %s", it.ItemId, got, want[it.ItemId])
		}
	}
	out, err = f.GetPersonalizedRanking(t.Context(), &wire.GetPersonalizedRankingRequest{CampaignArn: string(campaign), UserId: "u0", InputList: []string{"x", "y"}})
	if err != nil || list(out.PersonalizedRanking) != "x, y" {
		t.Errorf("unknown items: %+v, %v", out, err)
	}
}

// TestCampaignOf tells whose answer an ID is of, also where another server has
// given it.
func TestCampaignOf(t *testing.T) {
	t.Parallel()
	f := open(t, "aws-popularity-count", nil)
	out, err := f.recommend(wire.GetRecommendationsRequest{UserId: "u7"})
	if err != nil {
		t.Fatal(err)
	}
	id := out.RecommendationId
	knows := func(s *serve.Server, id string, want bool) {
		t.Helper()
		if got, ok := s.CampaignOf(id); ok != want || want && got != campaign {
			t.Errorf("%s is of %s, %t; want %t", id, got, ok, want)
		}
	}
	knows(f.server, id, true)
	again := open(t, "aws-popularity-count", nil).server
	knows(again, id, true)
	knows(again, id[:len(id)-1]+string("0123456789abcdef"[(strings.IndexByte("0123456789abcdef", id[len(id)-1])+1)%16]), false)
	knows(again, strings.TrimPrefix(id, "RID-"), false)
	knows(again, "RID-1", false)
	knows(open(t, "aws-popularity-count", func(d *serve.Deployment) { d.Campaign = scope.Campaign("other") }).server, id, false)
	again.Withdraw(campaign)
	knows(again, id, false)
	knows(f.server, id, true)
	seen := map[string]bool{}
	for range 1000 {
		if out, err = f.recommend(wire.GetRecommendationsRequest{UserId: "u7", NumResults: new(1)}); err != nil || seen[out.RecommendationId] {
			t.Fatalf("%s comes twice, or %v", out.RecommendationId, err)
		}
		seen[out.RecommendationId] = true
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	f := open(t, "aws-user-personalization", nil)
	e, err := f.server.Explain(t.Context(), campaign, "u2", "", nil, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Items) != 2 || e.Items[0].Why == "" || e.Items[0].Score == nil || len(e.History) != 3 || e.History[0].ItemID != "i2" {
		t.Errorf("explained %+v", e)
	}
	_, err = f.server.Explain(t.Context(), scope.Campaign("none"), "u2", "", nil, 2)
	f.refused(err, bespoke.NotFound)
}
