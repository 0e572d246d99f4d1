package control_test

import (
	"fmt"
	"strings"

	"bespoke"
	"bespoke/awsapi/wire"
)

const popularityRecipe = "arn:aws:personalize:::recipe/aws-popularity-count"

// history is a CSV of interactions: user N has seen the items 0 to N.
func historyCSV(users int) string {
	var b strings.Builder
	b.WriteString("USER_ID,ITEM_ID,TIMESTAMP\n")
	for u := range users {
		for i := range u + 1 {
			fmt.Fprintf(&b, "u%d,i%d,%d\n", u, i, 1_700_000_000+u*1000+i)
		}
	}
	return b.String()
}

// interacted makes a group with a dataset of interactions.
func (f *fixture) interacted(group string, users int) (dataset string) {
	f.Helper()
	dataset = f.dataset(group, "Interactions", interactions)
	f.imported(group+"-import", dataset, historyCSV(users), bespoke.Active)
	return dataset
}

// solution makes an ACTIVE solution.
func (f *fixture) solution(group string, change func(*wire.CreateSolutionRequest)) string {
	f.Helper()
	in := wire.CreateSolutionRequest{Name: group + "-solution", DatasetGroupArn: string(scope.DatasetGroup(group)), RecipeArn: popularityRecipe}
	if change != nil {
		change(&in)
	}
	out, err := f.CreateSolution(f.ctx, &in)
	f.must(err)
	f.advance(out.SolutionArn)
	return out.SolutionArn
}

// trained makes a version and trains it.
func (f *fixture) trained(solution string, want bespoke.Status) *wire.SolutionVersion {
	f.Helper()
	out, err := f.CreateSolutionVersion(f.ctx, &wire.CreateSolutionVersionRequest{SolutionArn: solution})
	f.must(err)
	f.advance(out.SolutionVersionArn)
	v := f.version(out.SolutionVersionArn)
	if v.Status != string(want) {
		f.Fatalf("the version is %s, want %s: %s", v.Status, want, v.FailureReason)
	}
	return v
}

func (f *fixture) version(arn string) *wire.SolutionVersion {
	f.Helper()
	out, err := f.DescribeSolutionVersion(f.ctx, &wire.DescribeSolutionVersionRequest{SolutionVersionArn: arn})
	f.must(err)
	return out.SolutionVersion
}

// campaign deploys a version.
func (f *fixture) campaign(name, version string, config *wire.CampaignConfig) string {
	f.Helper()
	out, err := f.CreateCampaign(f.ctx, &wire.CreateCampaignRequest{Name: name, SolutionVersionArn: version, CampaignConfig: config})
	f.must(err)
	f.advance(out.CampaignArn)
	return out.CampaignArn
}

func (f *fixture) describedCampaign(arn string) *wire.Campaign {
	f.Helper()
	out, err := f.DescribeCampaign(f.ctx, &wire.DescribeCampaignRequest{CampaignArn: arn})
	f.must(err)
	return out.Campaign
}

func (f *fixture) recommended(campaign, user string, n int) []string {
	f.Helper()
	out, err := f.GetRecommendations(f.ctx, &wire.GetRecommendationsRequest{CampaignArn: campaign, UserId: user, NumResults: &n})
	f.must(err)
	ids := make([]string, len(out.ItemList))
	for i, it := range out.ItemList {
		ids[i] = it.ItemId
	}
	return ids
}
