package control

import (
	"context"
	"time"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/store"
)

type solutionStore interface {
	CreateSolution(ctx context.Context, v bespoke.Solution, tags []bespoke.Tag, limit int) error
	Solution(ctx context.Context, arn bespoke.ARN) (bespoke.Solution, error)
	Solutions(ctx context.Context, group bespoke.ARN, p store.Page) ([]bespoke.Solution, store.Position, error)
	UpdateSolution(ctx context.Context, arn bespoke.ARN, u bespoke.SolutionUpdate) error
	DeleteSolution(ctx context.Context, arn bespoke.ARN) error
	DueSolutions(ctx context.Context) ([]bespoke.Solution, error)
	PostponeTraining(ctx context.Context, arn bespoke.ARN) error
	BeginUpdate(ctx context.Context, arn bespoke.ARN) error
}

func (s *Service) createSolution(ctx context.Context, in *wire.CreateSolutionRequest) (*wire.CreateSolutionResponse, error) {
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	group, err := resource("dataset-group", in.DatasetGroupArn)
	if err != nil {
		return nil, err
	}
	if _, err := s.cfg.Store.DatasetGroup(ctx, group); err != nil {
		return nil, refusal(err)
	}
	v := bespoke.Solution{Name: in.Name, ARN: s.cfg.Scope.Solution(in.Name), GroupARN: group, PerformHPO: yes(in.PerformHPO), EventType: in.EventType}
	config := in.SolutionConfig
	if yes(in.PerformAutoML) {
		v.PerformHPO = true
		config, err = s.autoML(in)
	} else {
		v.RecipeARN, err = s.named(ctx, in, group)
	}
	if err != nil {
		return nil, err
	}
	if in.PerformAutoTraining == nil || *in.PerformAutoTraining {
		v.TrainEvery = defaultSchedule
		if c := config; c != nil && c.AutoTrainingConfig != nil {
			if v.TrainEvery, err = parseSchedule(c.AutoTrainingConfig.SchedulingExpression); err != nil {
				return nil, err
			}
		}
	}
	if v.Config, err = configText(config); err != nil {
		return nil, err
	}
	if err := s.cfg.Store.CreateSolution(ctx, v, tags, s.cfg.Limits.Solutions); err != nil {
		return nil, refusal(err)
	}
	return &wire.CreateSolutionResponse{SolutionArn: string(v.ARN)}, nil
}

func yes(b *bool) bool { return b != nil && *b }

func (s *Service) describeSolution(ctx context.Context, in *wire.DescribeSolutionRequest) (*wire.DescribeSolutionResponse, error) {
	arn, err := resource("solution", in.SolutionArn)
	if err != nil {
		return nil, err
	}
	v, err := s.cfg.Store.Solution(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	config, err := parseConfig[wire.SolutionConfig](v.Config)
	if err != nil {
		return nil, err
	}
	out := &wire.Solution{
		Name: v.Name, SolutionArn: string(v.ARN), PerformHPO: &v.PerformHPO, PerformAutoML: new(v.AutoML()),
		PerformAutoTraining: new(v.TrainEvery > 0), PerformIncrementalUpdate: new(false),
		RecipeArn: string(v.RecipeARN), DatasetGroupArn: string(v.GroupARN), EventType: v.EventType, SolutionConfig: config, Status: string(v.Status),
		CreationDateTime: wire.Timestamp{Time: v.Created}, LastUpdatedDateTime: wire.Timestamp{Time: v.Updated},
	}
	newest, _, err := s.cfg.Store.SolutionVersions(ctx, arn, store.Page{Limit: 1})
	if err != nil {
		return nil, err
	}
	if len(newest) > 0 {
		out.LatestSolutionVersion = new(versionSummary(newest[0]))
	}
	if v.AutoML() {
		best, ok, err := s.cfg.Store.LatestSolutionVersion(ctx, arn)
		if err != nil {
			return nil, err
		}
		if ok {
			out.AutoMLResult = &wire.AutoMLResult{BestRecipeArn: string(best.RecipeARN)}
		}
	}
	if u := v.Update; u != nil {
		sent, err := parseConfig[wire.SolutionUpdateConfig](u.Sent)
		if err != nil {
			return nil, err
		}
		out.LatestSolutionUpdate = &wire.SolutionUpdateSummary{
			SolutionUpdateConfig: sent, Status: string(u.Status), FailureReason: u.FailureReason, PerformAutoTraining: u.PerformAutoTraining,
			CreationDateTime: wire.Timestamp{Time: u.Created}, LastUpdatedDateTime: wire.Timestamp{Time: u.Updated},
		}
	}
	return &wire.DescribeSolutionResponse{Solution: out}, nil
}

func (s *Service) listSolutions(ctx context.Context, in *wire.ListSolutionsRequest) (*wire.ListSolutionsResponse, error) {
	all, next, err := pageOf(ctx, s, listing{"ListSolutions", "dataset-group", in.DatasetGroupArn, in.NextToken, in.MaxResults}, s.cfg.Store.Solutions, func(v bespoke.Solution) wire.SolutionSummary {
		return wire.SolutionSummary{
			Name: v.Name, SolutionArn: string(v.ARN), Status: string(v.Status), RecipeArn: string(v.RecipeARN),
			CreationDateTime: wire.Timestamp{Time: v.Created}, LastUpdatedDateTime: wire.Timestamp{Time: v.Updated},
		}
	})
	if err != nil {
		return nil, err
	}
	return &wire.ListSolutionsResponse{Solutions: all, NextToken: next}, nil
}

// updateSolution changes what can be changed after creation: the schedule of
// automatic training, and which events are trained on.
func (s *Service) updateSolution(ctx context.Context, in *wire.UpdateSolutionRequest) (*wire.UpdateSolutionResponse, error) {
	arn, err := resource("solution", in.SolutionArn)
	if err != nil {
		return nil, err
	}
	v, err := s.cfg.Store.Solution(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	r, err := s.recipeOf(v)
	if err != nil {
		return nil, err
	}
	if yes(in.PerformIncrementalUpdate) {
		return nil, errIncremental
	}
	if in.PerformAutoTraining == nil && in.PerformIncrementalUpdate == nil && in.SolutionUpdateConfig == nil {
		return nil, invalid("There is nothing to update. Give performAutoTraining or solutionUpdateConfig.")
	}
	config, err := parseConfig[wire.SolutionConfig](v.Config)
	if err != nil {
		return nil, err
	}
	u := bespoke.SolutionUpdate{PerformAutoTraining: in.PerformAutoTraining, TrainEvery: v.TrainEvery}
	if c := in.SolutionUpdateConfig; c != nil {
		if err := checkEvents(r, c.EventsConfig, v.EventType); err != nil {
			return nil, err
		}
		if c.EventsConfig != nil {
			config.EventsConfig = c.EventsConfig
		}
		if c.AutoTrainingConfig != nil {
			config.AutoTrainingConfig = c.AutoTrainingConfig
		}
	}
	if u.TrainEvery, err = updatedSchedule(in.PerformAutoTraining, v.TrainEvery, config.AutoTrainingConfig); err != nil {
		return nil, err
	}
	if u.Sent, err = configText(in.SolutionUpdateConfig); err != nil {
		return nil, err
	}
	if u.Config, err = configText(config); err != nil {
		return nil, err
	}
	if err := s.cfg.Store.UpdateSolution(ctx, arn, u); err != nil {
		return nil, refusal(err)
	}
	return &wire.UpdateSolutionResponse{SolutionArn: in.SolutionArn}, nil
}

// updatedSchedule is how often a solution trains by itself after an update.
func updatedSchedule(auto *bool, every time.Duration, c *wire.AutoTrainingConfig) (time.Duration, error) {
	if c != nil {
		rate, err := parseSchedule(c.SchedulingExpression)
		if err != nil {
			return 0, err
		}
		if yes(auto) || auto == nil && every > 0 {
			return rate, nil
		}
	}
	switch {
	case auto == nil:
		return every, nil
	case !*auto:
		return 0, nil
	case every > 0:
		return every, nil
	}
	return defaultSchedule, nil
}

func (s *Service) deleteSolution(ctx context.Context, in *wire.DeleteSolutionRequest) error {
	arn, err := resource("solution", in.SolutionArn)
	if err != nil {
		return err
	}
	return refusal(s.cfg.Store.DeleteSolution(ctx, arn))
}

func (s *Service) advanceSolution(ctx context.Context, arn bespoke.ARN) error {
	for {
		v, err := s.cfg.Store.Solution(ctx, arn)
		if err != nil {
			return err
		}
		switch {
		case v.Status == bespoke.CreatePending:
			err = s.cfg.Store.Move(ctx, arn, v.Status, bespoke.CreateInProgress, "")
		case v.Status == bespoke.CreateInProgress:
			err = s.cfg.Store.Move(ctx, arn, v.Status, bespoke.Active, "")
		case v.Status == bespoke.DeletePending:
			err = s.cfg.Store.Move(ctx, arn, v.Status, bespoke.DeleteInProgress, "")
		case v.Status == bespoke.DeleteInProgress:
			if err = s.forgetVersions(ctx, v); err == nil {
				err = s.cfg.Store.FinishDelete(ctx, arn)
			}
		case v.Update != nil && v.Update.Status == bespoke.CreatePending:
			err = s.cfg.Store.BeginUpdate(ctx, arn)
		case v.Update != nil && v.Update.Status == bespoke.CreateInProgress:
			err = s.cfg.Store.FinishUpdate(ctx, arn, "")
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
}
