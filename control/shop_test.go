package control_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/control"
)

// shop is a dataset group with deployed campaigns of one recipe. Users u0, u2, ...
// take the items a0 to a19, whose genre is A, and u1, u3, ... b0 to b19, of genre
// B, all of them years ago.
type shop struct {
	*fixture
	recipe              string
	interactions, items string // datasets
	tracking            string
	solution, version   string
	campaign            string // explores as much as it can be told to
	plain               string // explores as little
	asked, jobs         int
	clock               int64 // of events
}

func openShop(t *testing.T, recipe string, features map[string]string) *shop {
	t.Helper()
	s := &shop{fixture: open(t, func(c *control.Config) { c.Limits.UpdateItems = 45 }), recipe: recipe}
	s.interactions = s.dataset("shop", "Interactions", interactions)
	s.items = s.inGroup("shop", "Items", items)
	var rows strings.Builder
	rows.WriteString("ITEM_ID,GENRE\n")
	for i := range 20 {
		fmt.Fprintf(&rows, "a%d,A\nb%d,B\n", i, i)
	}
	s.imported("items", s.items, rows.String(), bespoke.Active)
	s.imported("interactions", s.interactions, genres(200), bespoke.Active)
	tracker, err := s.CreateEventTracker(s.ctx, &wire.CreateEventTrackerRequest{Name: "t", DatasetGroupArn: string(scope.DatasetGroup("shop"))})
	s.must(err)
	s.advance(tracker.EventTrackerArn)
	s.tracking = tracker.TrackingId
	s.solution = s.fixture.solution("shop", func(in *wire.CreateSolutionRequest) {
		in.RecipeArn = "arn:aws:personalize:::recipe/" + recipe
		in.SolutionConfig = &wire.SolutionConfig{FeatureTransformationParameters: features}
	})
	s.version = s.trained(s.solution, bespoke.Active).SolutionVersionArn
	s.campaign, s.plain = s.deployed("c", "1"), s.deployed("plain", "0")
	s.must(s.service.Refresh(s.ctx))
	s.clock = time.Now().Unix() + 1
	return s
}

// deployed makes a campaign of the version that explores by a weight, where the
// recipe lets it.
func (s *shop) deployed(name, weight string) string {
	s.Helper()
	config := &wire.CampaignConfig{}
	if s.recipe == "aws-user-personalization" {
		config.ItemExplorationConfig = map[string]string{"explorationWeight": weight}
	}
	if !strings.HasSuffix(s.recipe, "-v2") {
		config.EnableMetadataWithRecommendations = new(true)
	}
	return s.fixture.campaign(name, s.version, config)
}

// retrain deploys a new version with FULL.
func (s *shop) retrain() {
	s.Helper()
	s.switched(s.trained(s.solution, bespoke.Active).SolutionVersionArn)
}

// switched has the campaigns serve another version.
func (s *shop) switched(version string) {
	s.Helper()
	s.version = version
	for _, c := range []string{s.campaign, s.plain} {
		_, err := s.UpdateCampaign(s.ctx, &wire.UpdateCampaignRequest{CampaignArn: c, SolutionVersionArn: version})
		s.must(err)
		s.advance(c)
	}
}

// later lets a time pass, and the server do what it does every minute.
func (s *shop) later(d time.Duration) {
	s.Helper()
	s.ahead.Add(int64(d))
	s.clock += int64(d / time.Second)
	s.must(s.service.Refresh(s.ctx))
}

// sees puts one event for each item.
func (s *shop) sees(user, session string, items ...string) {
	s.Helper()
	for _, it := range items {
		s.clock++
		s.must(s.PutEvents(s.ctx, &wire.PutEventsRequest{
			TrackingId: s.tracking, UserId: user, SessionId: session,
			EventList: []wire.Event{{EventType: "view", ItemId: it, SentAt: wire.Timestamp{Time: time.Unix(s.clock, 0)}}},
		}))
	}
}

// puts puts an item of a genre.
func (s *shop) puts(item, genre string) {
	s.Helper()
	text, err := json.Marshal(map[string]string{"genre": genre})
	s.must(err)
	s.must(s.PutItems(s.ctx, &wire.PutItemsRequest{DatasetArn: s.items, Items: []wire.Item{{ItemId: item, Properties: string(text)}}}))
}

// bulk imports further rows.
func (s *shop) bulk(dataset string, rows ...string) {
	s.Helper()
	s.bulkBy("INCREMENTAL", dataset, rows)
}

func (s *shop) bulkBy(mode, dataset string, rows []string) {
	s.Helper()
	s.jobs++
	name := fmt.Sprint("bulk", s.jobs)
	arn, err := s.importBy(wire.CreateDatasetImportJobRequest{
		JobName: name, DatasetArn: dataset, ImportMode: mode, DataSource: &wire.DataSource{DataLocation: s.put(name+".csv", strings.Join(rows, "\n")+"\n")},
	})
	s.must(err)
	s.advance(arn)
	if j := s.job(arn); j.Status != "ACTIVE" {
		s.Fatalf("the job is %s: %s", j.Status, j.FailureReason)
	}
}

// data is the folder with a dataset's rows.
func (s *shop) data(dataset string) string {
	s.Helper()
	table, err := s.tables.Table(s.ctx, bespoke.ARN(dataset))
	s.must(err)
	return table.DataDir()
}

// away makes a folder impossible to find until back is called.
func (s *shop) away(dir string) (back func()) {
	s.Helper()
	s.must(os.Rename(dir, dir+" is away"))
	return func() { s.must(os.Rename(dir+" is away", dir)) }
}

// takenBy is rows of users n to m-1 who take an item now.
func (s *shop) takenBy(n, m int, item string) []string {
	rows := []string{strings.TrimSpace(header)}
	for u := n; u < m; u++ {
		rows = append(rows, fmt.Sprintf("bulk%d,%s,%d", u, item, s.clock))
	}
	return rows
}

// ask returns an answer of a campaign: for recipes that rank lists, of all items.
func (s *shop) ask(campaign, user string, k int) []wire.PredictedItem {
	s.Helper()
	if strings.Contains(s.recipe, "ranking") {
		list := []string{"c0", "c1"}
		for i := range 20 {
			list = append(list, fmt.Sprint("a", i), fmt.Sprint("b", i))
		}
		out, err := s.GetPersonalizedRanking(s.ctx, &wire.GetPersonalizedRankingRequest{CampaignArn: campaign, UserId: user, InputList: list})
		s.must(err)
		return out.PersonalizedRanking[:min(k, len(list))]
	}
	in := &wire.GetRecommendationsRequest{CampaignArn: campaign, UserId: user, NumResults: &k}
	if s.recipe == "aws-similar-items" || s.recipe == "aws-sims" {
		in.ItemId = "b3"
	}
	out, err := s.GetRecommendations(s.ctx, in)
	s.must(err)
	return out.ItemList
}

// answer is what a user gets that is not explored, in short.
func (s *shop) answer(user string) []string {
	s.Helper()
	var ids []string
	for _, it := range s.ask(s.plain, user, 12) {
		if !slices.Contains(it.Reason, "Exploration") {
			ids = append(ids, it.ItemId)
		}
	}
	return ids[:min(10, len(ids))]
}

// shown reports whether an item is in any answer, of as many users as it takes to
// meet what is explored.
func (s *shop) shown(item string) bool {
	s.Helper()
	for range 500 {
		s.asked++ // a user who comes again soon may get the same answer
		if slices.ContainsFunc(s.ask(s.campaign, fmt.Sprint("visitor", s.asked), 40), func(it wire.PredictedItem) bool { return it.ItemId == item }) {
			return true
		}
	}
	return false
}

func (s *shop) same(what string, got, want []string) {
	s.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.Errorf("%s: %v became %v", what, want, got)
	}
}

// mostly fails unless at least n items of an answer are of a kind.
func (s *shop) mostly(what string, ids []string, kind byte, n int) {
	s.Helper()
	if kinds(ids)[kind] < n {
		s.Errorf("%s: got %v, want %d or more of kind %c", what, ids, n, kind)
	}
}

// has checks whether an item gets into answers.
func (s *shop) has(what, item string, want bool) {
	s.Helper()
	if got := s.shown(item); got != want {
		s.Errorf("%s: %s in answers is %t, want %t", what, item, got, want)
	}
}
