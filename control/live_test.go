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

// TestImpressions explores less for a user what was shown to them in vain, by the
// lists of events and by the answers that events refer to.
func TestImpressions(t *testing.T) {
	t.Parallel()
	s := openShop(t, "aws-user-personalization", nil)
	s.sees("u1", "s1", "c0", "c1")
	s.later(2 * time.Hour)
	const asked = 200
	counts := func(user string) map[string]int {
		t.Helper()
		out := map[string]int{}
		for range asked {
			for _, it := range s.ask(s.campaign, user, 10) {
				out[it.ItemId]++
			}
		}
		return out
	}
	takes := func(user, item, recommendation string, impression ...string) {
		t.Helper()
		s.clock++
		s.must(s.PutEvents(s.ctx, &wire.PutEventsRequest{
			TrackingId: s.tracking, UserId: user, SessionId: "of " + user, EventList: []wire.Event{{
				EventType: "view", ItemId: item, SentAt: wire.Timestamp{Time: time.Unix(s.clock, 0)}, RecommendationId: recommendation, Impression: impression,
			}},
		}))
	}
	if n := counts("u0"); n["c0"] < asked*9/10 || n["c1"] < asked*9/10 {
		t.Errorf("new items are explored %d and %d times of %d", n["c0"], n["c1"], asked)
	}
	for i := range 9 {
		takes("u0", fmt.Sprint("a", i), "", "c0", fmt.Sprint("a", i))
	}
	if n := counts("u0"); n["c0"] > asked/4 || n["c1"] < asked*9/10 { // 1 of 10 is expected
		t.Errorf("what was listed nine times in vain is explored %d times of %d, the other item %d", n["c0"], asked, n["c1"])
	}
	if n := counts("u2"); n["c0"] < asked*9/10 {
		t.Errorf("for another user it is explored %d times of %d", n["c0"], asked)
	}
	out, err := s.GetRecommendations(s.ctx, &wire.GetRecommendationsRequest{CampaignArn: s.campaign, UserId: "u4", NumResults: new(10)})
	s.must(err)
	for range 3 { // events of one answer, which shows once what is not taken
		takes("u4", "c1", out.RecommendationId)
	}
	if n := counts("u4"); n["c0"] < asked/4 || n["c0"] > asked*3/4 || n["c1"] < asked*9/10 { // 1 of 2 is expected
		t.Errorf("what an answer showed in vain is explored %d times of %d, what was taken %d", n["c0"], asked, n["c1"])
	}
}
