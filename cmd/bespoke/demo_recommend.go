package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/control"
	"bespoke/demo"
	"bespoke/serve"
)

// demoRecipe is what the demo trains.
const demoRecipe = "aws-user-personalization-v2"

// recommend trains on what was imported, deploys the model, and shows what it
// recommends to three customers.
func (s *story) recommend(ctx context.Context, shop *demo.Shop) error {
	scope := serverConfig{region: s.client.server.Region, account: s.client.server.Account}.scope()
	s.say("\nTraining %s on what the customers watched:", demoRecipe)
	solution, err := s.make(ctx, "Solution", wire.CreateSolutionRequest{
		Name: "video-shop", DatasetGroupArn: string(scope.DatasetGroup("video-shop")), RecipeArn: "arn:aws:personalize:::recipe/" + demoRecipe,
		EventType: "Watch", PerformAutoTraining: new(false),
	})
	if err != nil {
		return err
	}
	begun := time.Now()
	version, err := s.make(ctx, "SolutionVersion", wire.CreateSolutionVersionRequest{SolutionArn: solution})
	if err != nil {
		return err
	}
	var p control.TrainingProgress
	if err := s.client.get(ctx, "/bespoke/v1/solutions/"+strings.Replace(bespoke.ARN(version).Name(), "/", "/versions/", 1), &p); err != nil {
		return err
	}
	s.say("ACTIVE after %s. On customers that were held out: NDCG@25 %.3f, mean reciprocal rank %.3f.", time.Since(begun).Round(10*time.Millisecond),
		p.Metrics["normalized_discounted_cumulative_gain_at_25"], p.Metrics["mean_reciprocal_rank_at_25"])
	if _, err := s.make(ctx, "Campaign", wire.CreateCampaignRequest{Name: "video-shop", SolutionVersionArn: version}); err != nil {
		return err
	}
	titles := map[string]demo.Item{}
	for _, it := range shop.Items {
		titles[it.ID] = it
	}
	for _, u := range []int{3, 500, 1500} {
		if err := s.recommendTo(ctx, shop.Users[u].ID, titles); err != nil {
			return err
		}
	}
	return nil
}

// recommendTo shows, in words, what one customer watched last and is to watch
// next, and why.
func (s *story) recommendTo(ctx context.Context, user string, titles map[string]demo.Item) error {
	var e serve.Explained
	if err := s.client.get(ctx, "/bespoke/v1/campaigns/video-shop/recommendations?numResults=100&userId="+user, &e); err != nil {
		return err
	}
	name := func(id string) string {
		it, ok := titles[id]
		if !ok {
			return id
		}
		return fmt.Sprintf("%s (%s)", it.Title, strings.Join(it.Genres, ", "))
	}
	s.say("\nCustomer %s watched last:", user)
	watched := make([]string, len(e.History))
	for i, seen := range e.History {
		if watched[i] = seen.ItemID; i < 5 {
			s.say("  %s", name(seen.ItemID))
		}
	}
	s.say("To watch next, of what is new to the customer:")
	shown := 0
	for _, it := range e.Items {
		if slices.Contains(watched, it.ItemID) {
			continue
		}
		why := "because many watch it"
		if len(it.Because) > 0 {
			var reasons []string
			for _, b := range it.Because[:min(len(it.Because), 2)] {
				reasons = append(reasons, cmp.Or(titles[b.ItemID].Title, b.Attribute))
			}
			why = "because of " + strings.Join(reasons, " and ")
		} else if it.Why == "explored" {
			why = "because it is new"
		}
		s.say("  %s, %s", name(it.ItemID), why)
		if shown++; shown == 5 {
			break
		}
	}
	return nil
}

// make creates a resource and waits until it is ACTIVE.
func (s *story) make(ctx context.Context, kind string, in any) (arn string, err error) {
	var created map[string]string
	if err := s.client.call(ctx, "Create"+kind, in, &created); err != nil {
		return "", err
	}
	member := strings.ToLower(kind[:1]) + kind[1:]
	arn = created[member+"Arn"]
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var out map[string]map[string]any
		if err := s.client.call(ctx, "Describe"+kind, map[string]string{member + "Arn": arn}, &out); err != nil {
			return "", err
		}
		switch r := out[member]; r["status"] {
		case string(bespoke.Active):
			return arn, nil
		case string(bespoke.CreateFailed):
			return "", fmt.Errorf("%s: %v", arn, r["failureReason"])
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}
