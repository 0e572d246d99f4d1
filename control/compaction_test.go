package control_test

import (
	"fmt"
	"testing"
	"time"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/serve"
)

// TestCompactionIsNoNewData has nothing that waits for new data begin where a
// table was only written anew, and all of it where a row comes after that.
func TestCompactionIsNoNewData(t *testing.T) {
	t.Parallel()
	for _, recipe := range []string{"aws-user-personalization", "aws-trending-now"} {
		t.Run(recipe, func(t *testing.T) {
			t.Parallel()
			s := openShop(t, recipe, nil)
			for i := range 8 {
				s.bulk(s.interactions, "USER_ID,ITEM_ID,TIMESTAMP", fmt.Sprintf("u0,a%d,1500000000", i))
				s.bulk(s.items, "ITEM_ID,GENRE", fmt.Sprintf("a%d,A", i))
			}
			s.retrain()
			s.later(2*time.Hour + time.Minute)
			deployed := func() (out serve.Deployment) {
				for _, d := range s.runtime.Deployments() {
					if string(d.Campaign) == s.campaign {
						out = d
					}
				}
				return out
			}
			update := func() error {
				_, err := s.CreateSolutionVersion(s.ctx, &wire.CreateSolutionVersionRequest{SolutionArn: s.solution, TrainingMode: "UPDATE"})
				return err
			}
			versions := func() int {
				s.must(s.service.TrainDue(s.ctx))
				out, err := s.ListSolutionVersions(s.ctx, &wire.ListSolutionVersionsRequest{SolutionArn: s.solution})
				s.must(err)
				return len(out.SolutionVersions)
			}
			trained := versions()
			before := deployed()
			for _, dataset := range []string{s.interactions, s.items} {
				table, err := s.tables.Table(s.ctx, bespoke.ARN(dataset))
				s.must(err)
				done, err := table.Compact(s.ctx)
				s.must(err)
				if done.Rewrites == 0 {
					t.Fatalf("%s was not compacted", dataset)
				}
				_, err = table.Expire(s.ctx, time.Now().Add(time.Hour)) // so that only the compacted state is left
				s.must(err)
			}
			s.later(2*time.Hour + time.Minute)
			if after := deployed(); after.Artifact != before.Artifact {
				t.Error("after compaction campaigns were brought up to date")
			}
			if recipe == "aws-user-personalization" {
				s.refused(update(), bespoke.InvalidInput, "There should be updates to at least one dataset")
			}
			s.ahead.Add(int64(8 * 24 * time.Hour))
			if n := versions(); n != trained {
				t.Errorf("after compaction %d trainings began", n-trained)
			}

			s.sees("u0", "s0", "c0")
			s.ahead.Add(int64(8 * 24 * time.Hour))
			s.later(2*time.Hour + time.Minute)
			if after := deployed(); after.Artifact == before.Artifact {
				t.Error("after an event campaigns were not brought up to date")
			}
			if n := versions(); n != trained+1 {
				t.Errorf("after an event %d trainings began", n-trained)
			}
		})
	}
}
