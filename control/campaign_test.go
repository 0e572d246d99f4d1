package control_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
)

func TestCreateCampaignRefused(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	f.interacted("shop", 30)
	solution := f.solution("shop", nil)
	create := func(version string, c *wire.CampaignConfig) error {
		_, err := f.CreateCampaign(f.ctx, &wire.CreateCampaignRequest{Name: "c", SolutionVersionArn: version, CampaignConfig: c})
		return err
	}
	latest := solution + "/$LATEST"
	f.refused(create(latest, nil), bespoke.InvalidInput, "no ACTIVE version yet")
	f.refused(create(solution, nil), bespoke.NotFound, "it is a solution", latest)
	f.refused(create(solution+"/00000000", nil), bespoke.NotFound)
	f.refused(create(string(scope.Solution("none"))+"/$LATEST", nil), bespoke.NotFound)
	pending, err := f.CreateSolutionVersion(f.ctx, &wire.CreateSolutionVersionRequest{SolutionArn: solution})
	f.must(err)
	version := pending.SolutionVersionArn
	f.refused(create(version, nil), bespoke.InUse, "CREATE PENDING")
	f.advance(version)
	f.refused(create(version, &wire.CampaignConfig{SyncWithLatestSolutionVersion: new(true)}), bespoke.InvalidInput, latest)
	f.refused(create(version, &wire.CampaignConfig{RankingInfluence: map[string]float64{"POPULARITY": 1}}), bespoke.InvalidInput, "rankingInfluence")
	f.refused(create(version, &wire.CampaignConfig{ItemExplorationConfig: map[string]string{"explorationWeight": "0.5"}}), bespoke.InvalidInput, "aws-popularity-count")
	f.must(create(latest, nil))
	f.refused(create(latest, nil), bespoke.AlreadyExists, "Another resource with Arn")
}

// TestCampaignFollows deploys each later version of a solution.
func TestCampaignFollows(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.interacted("shop", 30)
	solution := f.solution("shop", nil)
	first := f.trained(solution, bespoke.Active).SolutionVersionArn
	campaign := f.campaign("c", solution+"/$LATEST", &wire.CampaignConfig{SyncWithLatestSolutionVersion: new(true)})
	if c := f.describedCampaign(campaign); c.SolutionVersionArn != first {
		t.Errorf("the campaign serves %s", c.SolutionVersionArn)
	}
	f.imported("other", dataset, header+"u1,new,1700000000\n", bespoke.Active)
	second := f.trained(solution, bespoke.Active).SolutionVersionArn
	if got := f.recommended(campaign, "", 1)[0]; got != "i0" {
		t.Errorf("before the update the campaign recommends %s", got)
	}
	f.advance(campaign)
	c := f.describedCampaign(campaign)
	if c.SolutionVersionArn != second || c.Status != "ACTIVE" || c.LatestCampaignUpdate.Status != "ACTIVE" || c.LatestCampaignUpdate.SolutionVersionArn != second {
		t.Errorf("the campaign is %+v, %+v", c, c.LatestCampaignUpdate)
	}
	if got := fmt.Sprint(f.recommended(campaign, "", 5)); got != "[new]" {
		t.Errorf("after the update the campaign recommends %s", got)
	}
	// A version that is named ends the following.
	_, err := f.UpdateCampaign(f.ctx, &wire.UpdateCampaignRequest{CampaignArn: campaign, SolutionVersionArn: first, MinProvisionedTPS: new(7)})
	f.must(err)
	f.advance(campaign)
	f.trained(solution, bespoke.Active)
	if c := f.describedCampaign(campaign); c.SolutionVersionArn != first || *c.MinProvisionedTPS != 7 || c.CampaignConfig.SyncWithLatestSolutionVersion != nil {
		t.Errorf("the campaign is %+v", c)
	}
}

// TestCampaignWithoutModel fails with a reason, and an update mends it.
func TestCampaignWithoutModel(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	f.interacted("shop", 30)
	solution := f.solution("shop", nil)
	lost, good := f.trained(solution, bespoke.Active).SolutionVersionArn, f.trained(solution, bespoke.Active).SolutionVersionArn
	f.must(os.Remove(f.modelPath(lost)))
	campaign := f.campaign("c", lost, nil)
	if c := f.describedCampaign(campaign); c.Status != "CREATE FAILED" || c.FailureReason == "" {
		t.Errorf("the campaign is %+v", c)
	}
	_, err := f.GetRecommendations(f.ctx, &wire.GetRecommendationsRequest{CampaignArn: campaign, UserId: "u1"})
	f.refused(err, bespoke.InvalidInput, "CREATE FAILED")
	_, err = f.UpdateCampaign(f.ctx, &wire.UpdateCampaignRequest{CampaignArn: campaign, SolutionVersionArn: good})
	f.must(err)
	f.advance(campaign)
	if c := f.describedCampaign(campaign); c.Status != "ACTIVE" || c.FailureReason != "" {
		t.Errorf("the campaign is %+v", c)
	}
}

// TestDeployAll serves after a restart what was served before.
func TestDeployAll(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	f.interacted("shop", 30)
	campaign := f.campaign("c", f.trained(f.solution("shop", nil), bespoke.Active).SolutionVersionArn, nil)
	want := fmt.Sprint(f.recommended(campaign, "u3", 5))
	f.runtime.Withdraw(bespoke.ARN(campaign))
	_, err := f.GetRecommendations(f.ctx, &wire.GetRecommendationsRequest{CampaignArn: campaign, UserId: "u3"})
	f.refused(err, bespoke.Unavailable)
	f.must(f.service.SweepModels(f.ctx))
	f.must(f.service.DeployAll(f.ctx))
	if got := fmt.Sprint(f.recommended(campaign, "u3", 5)); got != want {
		t.Errorf("recommended %s, before %s", got, want)
	}
}

// TestSwitchUnderLoad switches a campaign between two models while it is asked
// without a pause. Each answer comes whole from one of them.
func TestSwitchUnderLoad(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.interacted("shop", 30)
	solution := f.solution("shop", nil)
	versions := []string{f.trained(solution, bespoke.Active).SolutionVersionArn}
	f.imported("other", dataset, header+"u1,x,1700000000\nu1,y,1700000001\nu1,z,1700000002\n", bespoke.Active)
	versions = append(versions, f.trained(solution, bespoke.Active).SolutionVersionArn)
	campaign := f.campaign("c", versions[0], nil)
	var stop atomic.Bool
	var asked [2]atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for !stop.Load() {
				out, err := f.GetRecommendations(f.ctx, &wire.GetRecommendationsRequest{CampaignArn: campaign, UserId: "u3", NumResults: new(3)})
				if err != nil {
					t.Error(err)
					return
				}
				var got strings.Builder
				for _, it := range out.ItemList {
					got.WriteString(it.ItemId)
				}
				switch got.String() {
				case "i0i1i2":
					asked[0].Add(1)
				case "xyz":
					asked[1].Add(1)
				default:
					t.Errorf("an answer mixes models: %s", got.String())
					return
				}
			}
		})
	}
	for i := range 20 {
		_, err := f.UpdateCampaign(f.ctx, &wire.UpdateCampaignRequest{CampaignArn: campaign, SolutionVersionArn: versions[(i+1)%2]})
		f.must(err)
		f.advance(campaign)
	}
	f.poll("answers from both models", func() bool { return asked[0].Load() > 0 })
	stop.Store(true)
	wg.Wait()
	if asked[0].Load() == 0 || asked[1].Load() == 0 {
		t.Errorf("answers: %d and %d", asked[0].Load(), asked[1].Load())
	}
}
