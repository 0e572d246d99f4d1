package control

import (
	"context"
	"strconv"
	"strings"

	"bespoke"
	"bespoke/awsapi/catalog"
	"bespoke/awsapi/wire"
	"bespoke/store"
)

type campaignStore interface {
	CreateCampaign(ctx context.Context, c bespoke.Campaign, tags []bespoke.Tag, limit int) error
	Campaign(ctx context.Context, arn bespoke.ARN) (bespoke.Campaign, error)
	Campaigns(ctx context.Context, solution bespoke.ARN, p store.Page) ([]bespoke.Campaign, store.Position, error)
	FinishCampaign(ctx context.Context, arn bespoke.ARN, reason string) error
	UpdateCampaign(ctx context.Context, arn bespoke.ARN, u bespoke.CampaignUpdate) error
	DeleteCampaign(ctx context.Context, arn bespoke.ARN) error
}

func (s *Service) createCampaign(ctx context.Context, in *wire.CreateCampaignRequest) (*wire.CreateCampaignResponse, error) {
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	version, err := s.deployed(ctx, in.SolutionVersionArn)
	if err != nil {
		return nil, err
	}
	c := bespoke.Campaign{Name: in.Name, ARN: s.cfg.Scope.Campaign(in.Name), SolutionARN: version.SolutionARN, VersionARN: version.ARN, MinTPS: 1}
	if in.MinProvisionedTPS != nil {
		c.MinTPS = *in.MinProvisionedTPS
	}
	if err := s.checkCampaign(version, in.SolutionVersionArn, in.CampaignConfig); err != nil {
		return nil, err
	}
	if c.Config, err = configText(in.CampaignConfig); err != nil {
		return nil, err
	}
	c.Sync = in.CampaignConfig != nil && yes(in.CampaignConfig.SyncWithLatestSolutionVersion)
	if err := s.cfg.Store.CreateCampaign(ctx, c, tags, s.cfg.Limits.Campaigns); err != nil {
		return nil, refusal(err)
	}
	return &wire.CreateCampaignResponse{CampaignArn: string(c.ARN)}, nil
}

// deployed returns the version that a request names, which may be the newest of
// a solution.
func (s *Service) deployed(ctx context.Context, arn string) (bespoke.SolutionVersion, error) {
	if solution, ok := strings.CutSuffix(arn, "/"+bespoke.Latest); ok {
		a, err := resource("solution", solution)
		if err != nil {
			return bespoke.SolutionVersion{}, err
		}
		if _, err := s.cfg.Store.Solution(ctx, a); err != nil {
			return bespoke.SolutionVersion{}, refusal(err)
		}
		v, found, err := s.cfg.Store.LatestSolutionVersion(ctx, a)
		if err == nil && !found {
			err = bespoke.Errorf(bespoke.InvalidInput, "The solution %s has no ACTIVE version yet. Create a solution version, and wait until it is ACTIVE.", a)
		}
		return v, err
	}
	if a := bespoke.ARN(arn); a.Kind() == "solution" {
		return bespoke.SolutionVersion{}, bespoke.Errorf(bespoke.NotFound,
			"Resource Arn %s does not exist as a solution version; it is a solution. Give the ARN of one of its versions, or %s/%s for the newest.", a, a, bespoke.Latest)
	}
	a, err := resource("solution-version", arn)
	if err != nil {
		return bespoke.SolutionVersion{}, err
	}
	v, err := s.cfg.Store.SolutionVersion(ctx, a)
	if err == nil && v.Status != bespoke.Active {
		err = &store.StateError{ARN: a, Status: v.Status}
	}
	return v, refusal(err)
}

// checkCampaign refuses a campaignConfig that the version's recipe does not
// take.
func (s *Service) checkCampaign(v bespoke.SolutionVersion, named string, c *wire.CampaignConfig) error {
	r, err := s.recipe(string(v.RecipeARN))
	if err != nil {
		return err
	}
	if r.Type == catalog.UserSegmentation {
		return invalid("Versions of %s serve batch segment jobs and cannot be deployed in a campaign.", r.Name)
	}
	if c == nil {
		return nil
	}
	if yes(c.SyncWithLatestSolutionVersion) && !strings.HasSuffix(named, "/"+bespoke.Latest) {
		return invalid("campaignConfig.syncWithLatestSolutionVersion needs a solutionVersionArn that ends in %s: %s/%s.", bespoke.Latest, v.SolutionARN, bespoke.Latest)
	}
	if yes(c.EnableMetadataWithRecommendations) && r.Metadata == catalog.NoMetadata {
		return invalid("campaignConfig.enableMetadataWithRecommendations cannot be used with %s.", r.Name)
	}
	if len(c.RankingInfluence) > 0 {
		return invalid("campaignConfig.rankingInfluence is for aws-semantic-similarity only.")
	}
	if len(c.ItemExplorationConfig) > 0 && !r.Exploration {
		return invalid("campaignConfig.itemExplorationConfig cannot be used with %s; aws-user-personalization takes it.", r.Name)
	}
	for name, value := range c.ItemExplorationConfig {
		x, err := strconv.ParseFloat(value, 64)
		switch name {
		case "explorationWeight", "exploration_weight":
			if err != nil || !(x >= 0 && x <= 1) {
				return invalid("campaignConfig.itemExplorationConfig.%s must be a number from 0 to 1; it is %q.", name, cutText(value))
			}
		case "explorationItemAgeCutOff", "exploration_item_age_cut_off":
			if err != nil || !(x >= 1 && x < 1e6) {
				return invalid("campaignConfig.itemExplorationConfig.%s must be a number of days, at least 1; it is %q.", name, cutText(value))
			}
		default:
			return invalid("campaignConfig.itemExplorationConfig has %q; it takes explorationWeight and explorationItemAgeCutOff.", cutText(name))
		}
	}
	return nil
}

func (s *Service) describeCampaign(ctx context.Context, in *wire.DescribeCampaignRequest) (*wire.DescribeCampaignResponse, error) {
	arn, err := resource("campaign", in.CampaignArn)
	if err != nil {
		return nil, err
	}
	c, err := s.cfg.Store.Campaign(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	config, err := parseConfig[wire.CampaignConfig](c.Config)
	if err != nil {
		return nil, err
	}
	out := &wire.Campaign{
		Name: c.Name, CampaignArn: string(c.ARN), SolutionVersionArn: string(c.VersionARN), MinProvisionedTPS: &c.MinTPS, CampaignConfig: config,
		Status: string(c.Status), FailureReason: c.FailureReason,
		CreationDateTime: wire.Timestamp{Time: c.Created}, LastUpdatedDateTime: wire.Timestamp{Time: c.Updated},
	}
	if u := c.Update; u != nil {
		config, err := parseConfig[wire.CampaignConfig](u.Config)
		if err != nil {
			return nil, err
		}
		out.LatestCampaignUpdate = &wire.CampaignUpdateSummary{
			SolutionVersionArn: string(u.VersionARN), MinProvisionedTPS: &u.MinTPS, CampaignConfig: config,
			Status: string(u.Status), FailureReason: u.FailureReason,
			CreationDateTime: wire.Timestamp{Time: u.Created}, LastUpdatedDateTime: wire.Timestamp{Time: u.Updated},
		}
	}
	return &wire.DescribeCampaignResponse{Campaign: out}, nil
}

func (s *Service) listCampaigns(ctx context.Context, in *wire.ListCampaignsRequest) (*wire.ListCampaignsResponse, error) {
	all, next, err := pageOf(ctx, s, listing{"ListCampaigns", "solution", in.SolutionArn, in.NextToken, in.MaxResults}, s.cfg.Store.Campaigns, func(c bespoke.Campaign) wire.CampaignSummary {
		return wire.CampaignSummary{
			Name: c.Name, CampaignArn: string(c.ARN), Status: string(c.Status), FailureReason: c.FailureReason,
			CreationDateTime: wire.Timestamp{Time: c.Created}, LastUpdatedDateTime: wire.Timestamp{Time: c.Updated},
		}
	})
	if err != nil {
		return nil, err
	}
	return &wire.ListCampaignsResponse{Campaigns: all, NextToken: next}, nil
}

// updateCampaign changes what a request gives and keeps the rest.
func (s *Service) updateCampaign(ctx context.Context, in *wire.UpdateCampaignRequest) (*wire.UpdateCampaignResponse, error) {
	arn, err := resource("campaign", in.CampaignArn)
	if err != nil {
		return nil, err
	}
	c, err := s.cfg.Store.Campaign(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	if in.SolutionVersionArn == "" && in.MinProvisionedTPS == nil && in.CampaignConfig == nil {
		return nil, invalid("There is nothing to update. Give solutionVersionArn, minProvisionedTPS or campaignConfig.")
	}
	u := bespoke.CampaignUpdate{VersionARN: c.VersionARN, MinTPS: c.MinTPS, Config: c.Config, Sync: c.Sync}
	named := string(c.VersionARN)
	if c.Sync {
		named = string(c.SolutionARN) + "/" + bespoke.Latest
	}
	if in.SolutionVersionArn != "" {
		named = in.SolutionVersionArn
	}
	version, err := s.deployed(ctx, named)
	if err != nil {
		return nil, err
	}
	u.VersionARN = version.ARN
	if in.MinProvisionedTPS != nil {
		u.MinTPS = *in.MinProvisionedTPS
	}
	config := in.CampaignConfig
	if config == nil {
		if config, err = parseConfig[wire.CampaignConfig](c.Config); err != nil {
			return nil, err
		}
		if in.SolutionVersionArn != "" && !strings.HasSuffix(named, "/"+bespoke.Latest) {
			config.SyncWithLatestSolutionVersion = nil // a version was named
		}
	}
	if err := s.checkCampaign(version, named, config); err != nil {
		return nil, err
	}
	if u.Config, err = configText(config); err != nil {
		return nil, err
	}
	u.Sync = yes(config.SyncWithLatestSolutionVersion)
	if err := s.cfg.Store.UpdateCampaign(ctx, arn, u); err != nil {
		return nil, refusal(err)
	}
	return &wire.UpdateCampaignResponse{CampaignArn: in.CampaignArn}, nil
}

func (s *Service) deleteCampaign(ctx context.Context, in *wire.DeleteCampaignRequest) error {
	arn, err := resource("campaign", in.CampaignArn)
	if err != nil {
		return err
	}
	return refusal(s.cfg.Store.DeleteCampaign(ctx, arn))
}

// advanceCampaign deploys and removes campaigns. A model is served from the
// moment before its campaign, or the campaign's update, becomes ACTIVE.
func (s *Service) advanceCampaign(ctx context.Context, arn bespoke.ARN) error {
	for {
		c, err := s.cfg.Store.Campaign(ctx, arn)
		if err != nil {
			return err
		}
		switch {
		case c.Status == bespoke.CreatePending:
			err = s.cfg.Store.Move(ctx, arn, c.Status, bespoke.CreateInProgress, "")
		case c.Status == bespoke.CreateInProgress:
			var reason string
			if reason, err = s.deploy(ctx, c); err == nil {
				err = s.cfg.Store.FinishCampaign(ctx, arn, reason)
			}
		case c.Status == bespoke.DeletePending:
			err = s.cfg.Store.Move(ctx, arn, c.Status, bespoke.DeleteInProgress, "")
		case c.Status == bespoke.DeleteInProgress:
			s.cfg.Serve.Withdraw(arn)
			err = s.cfg.Store.FinishDelete(ctx, arn)
		case c.Update != nil && c.Update.Status == bespoke.CreatePending:
			err = s.cfg.Store.BeginUpdate(ctx, arn)
		case c.Update != nil && c.Update.Status == bespoke.CreateInProgress:
			next := c
			next.VersionARN, next.Config = c.Update.VersionARN, c.Update.Config
			var reason string
			if reason, err = s.deploy(ctx, next); err == nil {
				err = s.cfg.Store.FinishUpdate(ctx, arn, reason)
			}
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
}
