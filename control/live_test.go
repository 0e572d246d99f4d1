package control_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"bespoke"
	"bespoke/awsapi/wire"
)

// genres is a CSV of users who stay with one of two kinds of items: a0, a1, ...
// or b0, b1, ...
func genres(users int) string {
	var b strings.Builder
	b.WriteString(header)
	r := rand.New(rand.NewPCG(1, 2))
	for u := range users {
		kind := [...]string{"a", "b"}[u%2]
		for i := range 12 {
			fmt.Fprintf(&b, "u%d,%s%d,%d\n", u, kind, r.IntN(20), 1_700_000_000+u*1000+i*10)
		}
	}
	return b.String()
}

// kinds counts the items of an answer by their first letter.
func kinds(ids []string) map[byte]int {
	out := map[byte]int{}
	for _, id := range ids {
		out[id[0]]++
	}
	return out
}

// TestNewDataReachesRecommendations follows the developer guide's table of how
// new data influences recommendations, row by row, for each recipe.
func TestNewDataReachesRecommendations(t *testing.T) {
	t.Parallel()
	for _, recipe := range []string{
		"aws-user-personalization", "aws-user-personalization-v2", "aws-personalized-ranking", "aws-personalized-ranking-v2", "aws-popularity-count",
	} {
		t.Run(recipe, func(t *testing.T) {
			t.Parallel()
			newData(t, recipe)
		})
	}
}

func newData(t *testing.T, recipe string) {
	realTime := recipe != "aws-popularity-count"
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	f.imported("import", dataset, genres(200), bespoke.Active)
	tracker, err := f.CreateEventTracker(f.ctx, &wire.CreateEventTrackerRequest{Name: "t", DatasetGroupArn: string(scope.DatasetGroup("shop"))})
	f.must(err)
	f.advance(tracker.EventTrackerArn)
	solution := f.solution("shop", func(in *wire.CreateSolutionRequest) { in.RecipeArn = "arn:aws:personalize:::recipe/" + recipe })
	version := f.trained(solution, bespoke.Active).SolutionVersionArn
	var config *wire.CampaignConfig
	if recipe == "aws-user-personalization" { // its exploration would make answers differ
		config = &wire.CampaignConfig{ItemExplorationConfig: map[string]string{"explorationWeight": "0"}}
	}
	campaign := f.campaign("c", version, config)
	all := make([]string, 0, 40)
	for i := range 20 {
		all = append(all, fmt.Sprint("a", i), fmt.Sprint("b", i))
	}
	answer := func(user string) []string {
		t.Helper()
		if !strings.Contains(recipe, "ranking") {
			return f.recommended(campaign, user, 10)
		}
		out, err := f.GetPersonalizedRanking(f.ctx, &wire.GetPersonalizedRankingRequest{CampaignArn: campaign, UserId: user, InputList: all})
		f.must(err)
		var ids []string
		for _, it := range out.PersonalizedRanking[:10] {
			ids = append(ids, it.ItemId)
		}
		return ids
	}
	now := time.Now().Unix()
	sees := func(user, session string, items ...string) {
		t.Helper()
		for _, it := range items {
			now++
			f.must(f.PutEvents(f.ctx, &wire.PutEventsRequest{
				TrackingId: tracker.TrackingId, UserId: user, SessionId: session,
				EventList: []wire.Event{{EventType: "view", ItemId: it, SentAt: wire.Timestamp{Time: time.Unix(now, 0)}}},
			}))
		}
	}
	same := func(what string, got, want []string) {
		t.Helper()
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v became %v", what, want, got)
		}
	}

	// A known user, known items: that user's next answer, at once, and no other's.
	before, other := answer("u0"), answer("u2")
	if k := kinds(before); realTime && k['a'] < 8 {
		t.Errorf("a user of kind a gets %v", before)
	}
	sees("u0", "s0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "b8")
	after := answer("u0")
	if k := kinds(after); realTime && k['b'] < 5 {
		t.Errorf("after events of kind b a user gets %v", after)
	}
	if !realTime {
		same("a user's events", after, before)
	}
	same("another user's events", answer("u2"), other)

	// A new user: like everybody without events, and then by the first of them.
	cold := answer("stranger")
	same("two strangers", answer("another stranger"), cold)
	sees("stranger", "s1", "b3")
	if k := kinds(answer("stranger")); realTime && k['b'] < 8 {
		t.Errorf("after one event of kind b a new user gets %v", answer("stranger"))
	}

	// A session without a user answers to its ID, and to the user it joins.
	sees("", "s2", "a1", "a2", "a3")
	if k := kinds(answer("s2")); realTime && k['a'] < 8 {
		t.Errorf("a session of kind a gets %v", answer("s2"))
	}
	sees("late", "s2", "a4")
	if k := kinds(answer("late")); realTime && k['a'] < 8 {
		t.Errorf("a user whose session was of kind a gets %v", answer("late"))
	}

	// A new item and bulk interactions wait for the next training.
	before = answer("u4")
	sees("u4", "s4", "c1")
	same("an event of a new item", answer("u4"), before)
	var more strings.Builder
	more.WriteString(header)
	for u := range 150 {
		for i := range 5 {
			fmt.Fprintf(&more, "v%d,c%d,%d\n", u, i, 1_700_900_000+u*10+i)
		}
	}
	arn, err := f.importBy(wire.CreateDatasetImportJobRequest{
		JobName: "more", DatasetArn: dataset, ImportMode: "INCREMENTAL", DataSource: &wire.DataSource{DataLocation: f.put("more.csv", more.String())},
	})
	f.must(err)
	f.advance(arn)
	same("bulk interactions", answer("u4"), before)
	_, err = f.UpdateCampaign(f.ctx, &wire.UpdateCampaignRequest{CampaignArn: campaign, SolutionVersionArn: f.trained(solution, bespoke.Active).SolutionVersionArn})
	f.must(err)
	f.advance(campaign)
	for i := range 5 {
		all = append(all, fmt.Sprint("c", i))
	}
	if k := kinds(answer("v1")); k['c'] == 0 {
		t.Errorf("after the training a user of new items gets %v", answer("v1"))
	}
}

// TestRelatedItems asks the recipes that take an item.
func TestRelatedItems(t *testing.T) {
	t.Parallel()
	for _, recipe := range []string{"aws-sims", "aws-similar-items"} {
		t.Run(recipe, func(t *testing.T) {
			t.Parallel()
			f := open(t, nil)
			f.imported("import", f.dataset("shop", "Interactions", interactions), genres(200), bespoke.Active)
			solution := f.solution("shop", func(in *wire.CreateSolutionRequest) { in.RecipeArn = "arn:aws:personalize:::recipe/" + recipe })
			campaign := f.campaign("c", f.trained(solution, bespoke.Active).SolutionVersionArn, nil)
			ask := func(item string) []string {
				t.Helper()
				out, err := f.GetRecommendations(f.ctx, &wire.GetRecommendationsRequest{CampaignArn: campaign, ItemId: item, NumResults: new(8)})
				f.must(err)
				var ids []string
				for _, it := range out.ItemList {
					if it.Score != nil || it.ItemId == item {
						t.Errorf("an item related to %s is %+v", item, it)
					}
					ids = append(ids, it.ItemId)
				}
				return ids
			}
			if ids := ask("b3"); kinds(ids)['b'] < 6 {
				t.Errorf("related to b3: %v", ids)
			}
			if ids := ask("unheard-of"); len(ids) != 8 {
				t.Errorf("related to an unknown item: %v", ids)
			}
			_, err := f.GetRecommendations(f.ctx, &wire.GetRecommendationsRequest{CampaignArn: campaign, UserId: "u1"})
			f.refused(err, bespoke.InvalidInput, "itemId is missing")
		})
	}
}

// TestExploration gives an item that nobody has seen a chance, as far as the
// campaign wants it.
func TestExploration(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	f.imported("import", f.dataset("shop", "Interactions", interactions), genres(200), bespoke.Active)
	f.imported("items", f.inGroup("shop", "Items", items), "ITEM_ID,GENRE\nfresh,New\n", bespoke.Active)
	solution := f.solution("shop", func(in *wire.CreateSolutionRequest) {
		in.RecipeArn = "arn:aws:personalize:::recipe/aws-user-personalization"
	})
	version := f.trained(solution, bespoke.Active).SolutionVersionArn
	explored := func(weight string) bool {
		t.Helper()
		campaign := f.campaign("c"+strings.Trim(weight, "."), version, &wire.CampaignConfig{ItemExplorationConfig: map[string]string{"explorationWeight": weight}})
		for u := range 20 { // a user who comes again soon gets the same answer
			if kinds(f.recommended(campaign, fmt.Sprintf("u%d", u), 10))['f'] > 0 {
				return true
			}
		}
		return false
	}
	if !explored("1") {
		t.Error("the new item is in none of 20 users' answers that explore")
	}
	if explored("0") {
		t.Error("the new item is in an answer that does not explore")
	}
	_, err := f.CreateCampaign(f.ctx, &wire.CreateCampaignRequest{
		Name: "x", SolutionVersionArn: version, CampaignConfig: &wire.CampaignConfig{ItemExplorationConfig: map[string]string{"explorationWeight": "1.5"}},
	})
	f.refused(err, bespoke.InvalidInput, "explorationWeight", "from 0 to 1")
}
