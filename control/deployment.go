package control

import (
	"context"
	"errors"
	"io/fs"

	"bespoke"
	"bespoke/awsapi/catalog"
	"bespoke/awsapi/wire"
	"bespoke/recipe"
	"bespoke/serve"
	"bespoke/store"
)

// deploy makes the runtime answer for a campaign from its version. It returns
// the reason for which that can never succeed, "" if it has.
func (s *Service) deploy(ctx context.Context, c bespoke.Campaign) (reason string, err error) {
	v, err := s.cfg.Store.SolutionVersion(ctx, c.VersionARN)
	if errors.Is(err, store.ErrNotFound) {
		return "The solution version " + string(c.VersionARN) + " is gone. Update the campaign to another version.", nil
	}
	if err != nil {
		return "", err
	}
	config, err := parseConfig[wire.CampaignConfig](c.Config)
	if err != nil {
		return "", err
	}
	r, err := s.recipe(string(v.RecipeARN))
	if err != nil {
		return "", err
	}
	a, err := s.cfg.Serve.Load(v.ARN)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "The model of " + string(v.ARN) + " is missing in the data folder. Train another version.", nil
	case err != nil:
		s.cfg.Logger.ErrorContext(ctx, "a model cannot be read", "arn", v.ARN, "err", err)
		return "The model of " + string(v.ARN) + " cannot be read; the server's log has the cause. Train another version.", nil
	}
	trained, err := parseConfig[wire.SolutionConfig](v.Config)
	if err != nil {
		return "", err
	}
	d := serve.Deployment{
		Campaign: c.ARN, Version: v.ARN, GroupARN: v.GroupARN, Recipe: r, Artifact: a, Rules: eventRules(v.EventType, trained),
		Metadata: r.Metadata == catalog.MetadataAlways || yes(config.EnableMetadataWithRecommendations),
		Explore:  a.Recipe.Explore,
	}
	if r.Exploration {
		weight, days := defaultExplorationWeight, defaultExplorationDays
		for name, value := range config.ItemExplorationConfig {
			switch name {
			case "explorationWeight", "exploration_weight":
				weight = float(value)
			default:
				days = float(value)
			}
		}
		d.Explore = recipe.ExploreBy(weight, days)
	}
	s.deployNewest(d)
	return "", nil
}

// What a campaign explores by unless its config says otherwise.
const (
	defaultExplorationWeight = 0.3
	defaultExplorationDays   = 30.0
)

// DeployAll deploys every campaign that was deployed when the process before
// this one ended. One that cannot be deployed is logged and answers no requests.
func (s *Service) DeployAll(ctx context.Context) error {
	for c, err := range every(ctx, "", s.cfg.Store.Campaigns) {
		if err != nil {
			return err
		}
		if c.Status != bespoke.Active {
			continue
		}
		reason, err := s.deploy(ctx, c)
		if err != nil {
			return err
		}
		if reason != "" {
			s.cfg.Logger.ErrorContext(ctx, "a campaign cannot be served", "arn", c.ARN, "reason", reason)
		}
	}
	return nil
}
