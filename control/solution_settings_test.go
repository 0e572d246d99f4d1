package control_test

import (
	"fmt"
	"strings"
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
)

// walkedShop makes a group whose users walk along two rings of items, v0 to v11 by
// views and b0 to b11 by purchases, the latter dear.
func (f *fixture) walkedShop() {
	f.Helper()
	dataset := f.dataset("shop", "Interactions", avro("Interactions", field{Name: "USER_ID", Type: "string"}, field{Name: "ITEM_ID", Type: "string"},
		field{Name: "EVENT_TYPE", Type: "string"}, field{Name: "TIMESTAMP", Type: "long"}))
	described := f.inGroup("shop", "Items", avro("Items", field{Name: "ITEM_ID", Type: "string"}, field{Name: "PRICE", Type: "double"}))
	var walked, prices strings.Builder
	walked.WriteString("USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP\n")
	for u := range 60 {
		for step := range 6 {
			i, at := (u*5+step)%12, 1_700_000_000+u*1000+step*10
			fmt.Fprintf(&walked, "u%d,v%d,View,%d\nu%d,b%d,Purchase,%d\n", u, i, at, u, i, at+1)
		}
	}
	prices.WriteString("ITEM_ID,PRICE\n")
	for i := range 12 {
		fmt.Fprintf(&prices, "v%d,1\nb%d,20\n", i, i)
	}
	f.imported("walked", dataset, walked.String(), bespoke.Active)
	f.imported("prices", described, prices.String(), bespoke.Active)
}

// bought counts the dear items among the best five for a new user.
func (f *fixture) bought(campaign string) (n int) {
	f.Helper()
	for _, id := range f.recommended(campaign, "nobody", 5) {
		if id[0] == 'b' {
			n++
		}
	}
	return n
}

func (f *fixture) metrics(version string) map[string]float64 {
	f.Helper()
	out, err := f.GetSolutionMetrics(f.ctx, &wire.GetSolutionMetricsRequest{SolutionVersionArn: version})
	f.must(err)
	return out.Metrics
}

// TestEventsConfig trains by weights of events, and by others after an update.
func TestEventsConfig(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	f.walkedShop()
	events := func(view, purchase float64) *wire.EventsConfig {
		return &wire.EventsConfig{EventParametersList: []wire.EventParameters{{EventType: "View", Weight: &view}, {EventType: "Purchase", Weight: &purchase}}}
	}
	solution := f.solution("shop", func(in *wire.CreateSolutionRequest) {
		in.RecipeArn = "arn:aws:personalize:::recipe/aws-user-personalization-v2"
		in.SolutionConfig = &wire.SolutionConfig{EventsConfig: events(0.1, 1)}
	})
	first := f.trained(solution, bespoke.Active).SolutionVersionArn
	if m := f.metrics(first); len(m) != 11 || m["normalized_discounted_cumulative_gain_with_event_weights_at_10"] <= 0 {
		t.Errorf("the metrics are %v", m)
	}
	_, err := f.UpdateSolution(f.ctx, &wire.UpdateSolutionRequest{SolutionArn: solution, SolutionUpdateConfig: &wire.SolutionUpdateConfig{EventsConfig: events(1, 0.1)}})
	f.must(err)
	f.advance(solution)
	second := f.trained(solution, bespoke.Active).SolutionVersionArn
	if a, b := f.bought(f.campaign("first", first, nil)), f.bought(f.campaign("second", second, nil)); a != 5 || b != 0 {
		t.Errorf("%d of 5 items have been bought where purchases weigh more, %d where views do", a, b)
	}
	_, err = f.UpdateSolution(f.ctx, &wire.UpdateSolutionRequest{SolutionArn: solution, SolutionUpdateConfig: &wire.SolutionUpdateConfig{EventsConfig: events(0, 0)}})
	f.refused(err, bespoke.InvalidInput, "weights of 0 only")
}

// TestOptimizationObjective recommends dear items where it is asked to.
func TestOptimizationObjective(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	f.walkedShop()
	for name, sensitivity := range map[string]string{"off": "OFF", "unset": "", "high": "HIGH"} {
		solution := f.solution("shop", func(in *wire.CreateSolutionRequest) {
			in.Name, in.RecipeArn = name, "arn:aws:personalize:::recipe/aws-user-personalization"
			in.SolutionConfig = &wire.SolutionConfig{OptimizationObjective: &wire.OptimizationObjective{ItemAttribute: "PRICE", ObjectiveSensitivity: sensitivity}}
		})
		version := f.trained(solution, bespoke.Active).SolutionVersionArn
		reward, ok := f.metrics(version)["average_rewards_at_k"]
		if ok != (sensitivity != "OFF") || ok && (reward <= 0 || reward > 1) {
			t.Errorf("%s: average_rewards_at_k %v, %t", name, reward, ok)
		}
		campaign := f.campaign(name, version, &wire.CampaignConfig{ItemExplorationConfig: map[string]string{"explorationWeight": "0"}})
		if n := f.bought(campaign); (n == 5) != (sensitivity != "OFF") {
			t.Errorf("%s: %d of 5 items are dear", name, n)
		}
	}
}
