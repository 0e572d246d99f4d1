package control_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"bespoke"
	"bespoke/awsapi/wire"
)

// TestAutomaticUpdateRules is what the guide says of automatic updates beside the
// tables.
func TestAutomaticUpdateRules(t *testing.T) {
	t.Parallel()
	const recipe = "aws-user-personalization"
	version := func(s *shop, mode string) (string, error) {
		out, err := s.CreateSolutionVersion(s.ctx, &wire.CreateSolutionVersionRequest{SolutionArn: s.solution, TrainingMode: mode})
		if err != nil {
			return "", err
		}
		s.advance(out.SolutionVersionArn)
		return out.SolutionVersionArn, nil
	}
	for _, rule := range []struct {
		name string
		test func(s *shop)
	}{
		{"of the newest version only", func(s *shop) {
			s.sees("u0", "s0", "c0")
			s.later(2 * time.Hour)
			s.trained(s.solution, bespoke.Active)
			s.sees("u0", "s0", "c1")
			s.later(2 * time.Hour)
			s.has("an item that came after a newer version", "c1", false)
			s.has("an item that came before", "c0", true)
		}},
		{"of each version that a campaign follows", func(s *shop) {
			stays := s.campaign
			s.campaign = s.fixture.campaign("follows", s.solution+"/$LATEST", &wire.CampaignConfig{
				SyncWithLatestSolutionVersion: new(true), ItemExplorationConfig: map[string]string{"explorationWeight": "1"},
			})
			follows := func(version string) {
				s.Helper()
				s.start() // dies before the campaign has moved
				s.advance(s.campaign)
				if c := s.describedCampaign(s.campaign); c.SolutionVersionArn != version {
					s.Fatalf("the campaign serves %s, want %s", c.SolutionVersionArn, version)
				}
			}
			s.sees("u0", "s0", "c0")
			s.later(2 * time.Hour)
			s.has("with the first version", "c0", true)
			follows(s.trained(s.solution, bespoke.Active).SolutionVersionArn)
			s.sees("u0", "s0", "c1")
			s.later(2 * time.Hour)
			s.has("with the second", "c1", true)
			s.sees("u0", "s0", "c2")
			updated, err := version(s, "UPDATE")
			s.must(err)
			s.has("before it follows to an UPDATE", "c2", false)
			follows(updated)
			s.sees("u0", "s0", "c3")
			s.later(2 * time.Hour)
			s.start()
			s.must(s.service.Refresh(s.ctx))
			for item, want := range map[string]bool{"c0": true, "c1": true, "c2": true, "c3": false} {
				s.has("with an UPDATE", item, want)
			}
			s.campaign = stays
			for item, want := range map[string]bool{"c0": true, "c1": false, "c2": false, "c3": false} {
				s.has("of a campaign that stayed", item, want)
			}
		}},
		{"without items that an import of FULL leaves out", func(s *shop) {
			s.bulk(s.items, "ITEM_ID,GENRE", "c0,C")
			s.bulk(s.interactions, s.takenBy(0, 3, "c1")...)
			s.puts("c2", "C")
			s.later(2 * time.Hour)
			sees := func(when string, bulk bool) {
				s.Helper()
				s.has(when+", of Items", "c0", bulk)
				s.has(when+", of Interactions", "c1", bulk)
				s.has(when+", that was put", "c2", true)
			}
			sees("before the import", true)
			s.bulkBy("FULL", s.items, []string{"ITEM_ID,GENRE", "a0,A"})
			s.bulkBy("FULL", s.interactions, strings.Split(strings.TrimSpace(genres(200)), "\n"))
			s.later(2 * time.Hour)
			sees("after the import", false)
			s.start()
			sees("after a restart", false)
		}},
		{"made up for after an error", func(s *shop) {
			s.bulk(s.interactions, s.takenBy(0, 3, "c0")...)
			for _, dir := range []string{s.data(s.interactions), s.models} {
				back := s.away(dir)
				s.ahead.Add(int64(2 * time.Hour))
				if err := s.service.Refresh(s.ctx); err == nil {
					s.Errorf("no error without %s", dir)
				}
				s.has("after an error", "c0", false)
				back()
			}
			s.later(time.Minute)
			s.has("a minute later", "c0", true)
		}},
		{"without a new version", func(s *shop) {
			s.sees("u0", "s0", "c0")
			s.later(2 * time.Hour)
			out, err := s.ListSolutionVersions(s.ctx, &wire.ListSolutionVersionsRequest{SolutionArn: s.solution})
			s.must(err)
			if len(out.SolutionVersions) != 1 {
				s.Errorf("there are %d versions", len(out.SolutionVersions))
			}
		}},
		{"of items whose metadata was looked at before", func(s *shop) {
			s.puts("c0", "A")
			for range 5 {
				s.later(20 * time.Minute)
			}
			s.has("before the update", "c0", false)
			s.later(20 * time.Minute)
			s.has("after the update", "c0", true)
		}},
		{"not beyond a number of items", func(s *shop) {
			s.sees("u0", "s0", "c0", "c1", "c2", "c3", "c4", "c5")
			s.later(2 * time.Hour)
			s.has("of six items where five are allowed", "c0", false)
		}},
		{"not once a dataset is deleted", func(s *shop) {
			err := s.DeleteDataset(s.ctx, &wire.DeleteDatasetRequest{DatasetArn: s.items})
			s.refused(err, bespoke.InUse, "campaign/c") // so there is none to end
		}},
		{"known to later deployments and after a restart", func(s *shop) {
			s.sees("u0", "s0", "c0")
			s.later(2 * time.Hour)
			s.campaign = s.deployed("another", "1")
			s.has("in another campaign of the version", "c0", true)
			s.start()
			s.has("after a restart", "c0", true)
			s.must(s.service.Refresh(s.ctx))
			s.has("after a restart and a look", "c0", true)
		}},
		{"kept by a version that is the newest no more", func(s *shop) {
			old := s.version
			s.sees("u0", "s0", "c0")
			s.puts("c1", "C")
			s.bulk(s.items, "ITEM_ID,GENRE", "c2,C")
			s.bulk(s.interactions, s.takenBy(0, 3, "c3")...)
			s.later(2 * time.Hour)
			newer := s.trained(s.solution, bespoke.Active).SolutionVersionArn
			keeps := func(when string) {
				s.Helper()
				s.sees("u0", "s0", "c4")
				s.later(2 * time.Hour)
				for _, item := range []string{"c0", "c1", "c2", "c3"} {
					s.has(when, item, true)
				}
				s.has(when, "c4", false)
			}
			s.start()
			keeps("after a restart")
			s.switched(newer)
			s.must(s.service.Refresh(s.ctx)) // lets go of the older version
			s.switched(old)
			keeps("after another version was served")
		}},
		{"UPDATE takes new items in at once and ends them", func(s *shop) {
			_, err := version(s, "UPDATE")
			s.refused(err, bespoke.InvalidInput, "There should be updates to at least one dataset after last active solution version")
			s.sees("u0", "s0", "c0")
			s.puts("c1", "C")
			before := s.answer("u0")
			arn, err := version(s, "UPDATE")
			s.must(err)
			if v := s.fixture.version(arn); v.Status != "ACTIVE" || v.TrainingMode != "UPDATE" {
				s.Fatalf("the version is %+v", v)
			}
			metrics := func(arn string) map[string]float64 {
				out, err := s.GetSolutionMetrics(s.ctx, &wire.GetSolutionMetricsRequest{SolutionVersionArn: arn})
				s.must(err)
				return out.Metrics
			}
			if got, want := metrics(arn), metrics(s.version); fmt.Sprint(got) != fmt.Sprint(want) || len(got) == 0 {
				s.Errorf("the metrics are %v, those of the model %v", got, want)
			}
			s.switched(arn)
			s.same("what is not explored", s.answer("u0"), before)
			s.has("an item of an event", "c0", true)
			s.has("an item that was put", "c1", true)
			s.sees("u0", "s0", "c2")
			s.later(2 * time.Hour)
			s.has("an item that came after the UPDATE", "c2", false)
			again, err := version(s, "UPDATE")
			s.must(err)
			s.switched(again)
			s.has("after another UPDATE", "c2", true)
			s.has("after another UPDATE", "c0", true)
			s.retrain()
			s.sees("u0", "s0", "c3")
			s.later(2 * time.Hour)
			s.has("after a FULL training automatic updates go on", "c3", true)
		}},
	} {
		t.Run(rule.name, func(t *testing.T) {
			t.Parallel()
			s := openShop(t, recipe, nil)
			rule.test(s)
		})
	}
}
