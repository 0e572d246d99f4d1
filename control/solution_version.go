package control

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/store"
)

type versionStore interface {
	CreateSolutionVersion(ctx context.Context, v bespoke.SolutionVersion, tags []bespoke.Tag, limit int) error
	SolutionVersion(ctx context.Context, arn bespoke.ARN) (bespoke.SolutionVersion, error)
	SolutionVersions(ctx context.Context, solution bespoke.ARN, p store.Page) ([]bespoke.SolutionVersion, store.Position, error)
	LatestSolutionVersion(ctx context.Context, solution bespoke.ARN) (v bespoke.SolutionVersion, ok bool, err error)
	StopSolutionVersion(ctx context.Context, arn bespoke.ARN) error
	FinishSolutionVersion(ctx context.Context, arn, recipe bespoke.ARN, reason string) error
	SaveTraining(ctx context.Context, arn bespoke.ARN, tr store.Training) error
	Training(ctx context.Context, arn bespoke.ARN) (tr store.Training, ok bool, err error)
}

func (s *Service) createSolutionVersion(ctx context.Context, in *wire.CreateSolutionVersionRequest) (*wire.CreateSolutionVersionResponse, error) {
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	solution, err := resource("solution", in.SolutionArn)
	if err != nil {
		return nil, err
	}
	v := bespoke.SolutionVersion{Name: in.Name, Mode: bespoke.TrainFull, Type: bespoke.TrainManual}
	switch in.TrainingMode {
	case "", "FULL":
	case "UPDATE":
		v.Mode = bespoke.TrainUpdate
		if err := s.updatable(ctx, solution); err != nil {
			return nil, err
		}
	default:
		return nil, invalid("trainingMode %s is what automatic training uses. Ask for FULL or UPDATE.", in.TrainingMode)
	}
	arn, err := s.train(ctx, solution, v, tags)
	if err != nil {
		return nil, err
	}
	return &wire.CreateSolutionVersionResponse{SolutionVersionArn: string(arn)}, nil
}

// train makes a version of a solution. Its errors are refusals.
func (s *Service) train(ctx context.Context, solution bespoke.ARN, v bespoke.SolutionVersion, tags []bespoke.Tag) (bespoke.ARN, error) {
	of, err := s.cfg.Store.Solution(ctx, solution)
	if err != nil {
		return "", refusal(err)
	}
	if in, err := s.pin(ctx, of.GroupARN, bespoke.Interactions); err != nil {
		return "", err
	} else if in == nil {
		return "", invalid("The dataset group %s has no ACTIVE Interactions dataset. Create one and import interactions first.", of.GroupARN)
	}
	var random [16]byte
	rand.Read(random[:])
	id := hex.EncodeToString(random[:4])
	v.ARN, v.SolutionARN = solution+"/"+bespoke.ARN(id), solution
	if v.Name == "" {
		v.Name = of.Name + "/" + id
	}
	v.Seed = int64(binary.LittleEndian.Uint64(random[8:]) & math.MaxInt64)
	if err := s.cfg.Store.CreateSolutionVersion(ctx, v, tags, s.cfg.Limits.Trainings); err != nil {
		return "", refusal(err)
	}
	return v.ARN, nil
}

// updatable refuses trainingMode UPDATE where there is nothing to update, or
// nothing to update it with.
func (s *Service) updatable(ctx context.Context, solution bespoke.ARN) error {
	of, err := s.cfg.Store.Solution(ctx, solution)
	if err != nil {
		return refusal(err)
	}
	r, err := s.recipeOf(of)
	if err != nil {
		return err
	}
	if !r.Update {
		return invalid("trainingMode UPDATE works with aws-user-personalization only, not with %s. Train with FULL.", r.Name)
	}
	last, ok, err := s.cfg.Store.LatestSolutionVersion(ctx, solution)
	if err != nil {
		return err
	}
	if !ok {
		return invalid("The solution %s has no ACTIVE version to update. Train one with trainingMode FULL first.", solution)
	}
	tr, _, err := s.cfg.Store.Training(ctx, last.ARN)
	if err != nil {
		return err
	}
	if err := s.flushAll(ctx, of.GroupARN); err != nil {
		return err
	}
	now, err := s.inputs(ctx, of.GroupARN)
	if err != nil {
		return err
	}
	was := map[bespoke.ARN]int64{}
	for _, in := range tr.Inputs {
		was[in.Dataset] = in.State()
	}
	for _, in := range now {
		if was[in.Dataset] != in.State() {
			return nil
		}
	}
	return invalid("There should be updates to at least one dataset after last active solution version with training mode set to FULL. Import or send data first.")
}

func (s *Service) describeSolutionVersion(ctx context.Context, in *wire.DescribeSolutionVersionRequest) (*wire.DescribeSolutionVersionResponse, error) {
	arn, err := resource("solution-version", in.SolutionVersionArn)
	if err != nil {
		return nil, err
	}
	v, err := s.cfg.Store.SolutionVersion(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	of, err := s.cfg.Store.Solution(ctx, v.SolutionARN)
	if err != nil {
		return nil, refusal(err)
	}
	config, err := parseConfig[wire.SolutionConfig](v.Config)
	if err != nil {
		return nil, err
	}
	out := &wire.SolutionVersion{
		Name: v.Name, SolutionVersionArn: string(v.ARN), SolutionArn: string(v.SolutionARN), PerformHPO: &v.PerformHPO, PerformAutoML: new(of.AutoML()),
		PerformIncrementalUpdate: new(false), RecipeArn: string(v.RecipeARN), EventType: v.EventType, DatasetGroupArn: string(v.GroupARN),
		SolutionConfig: config, TrainingMode: string(v.Mode), TrainingType: string(v.Type), Status: string(v.Status), FailureReason: v.FailureReason,
		CreationDateTime: wire.Timestamp{Time: v.Created}, LastUpdatedDateTime: wire.Timestamp{Time: v.Updated},
	}
	if v.Status == bespoke.Active {
		tr, _, err := s.cfg.Store.Training(ctx, arn)
		if err != nil {
			return nil, refusal(err)
		}
		out.TrainingHours = &tr.Hours
		if v.PerformHPO {
			out.TunedHPOParams = &wire.TunedHPOParams{AlgorithmHyperParameters: tr.Tuned}
		}
	}
	return &wire.DescribeSolutionVersionResponse{SolutionVersion: out}, nil
}

func versionSummary(v bespoke.SolutionVersion) wire.SolutionVersionSummary {
	return wire.SolutionVersionSummary{
		SolutionVersionArn: string(v.ARN), Status: string(v.Status), TrainingMode: string(v.Mode), TrainingType: string(v.Type), FailureReason: v.FailureReason,
		CreationDateTime: wire.Timestamp{Time: v.Created}, LastUpdatedDateTime: wire.Timestamp{Time: v.Updated},
	}
}

func (s *Service) listSolutionVersions(ctx context.Context, in *wire.ListSolutionVersionsRequest) (*wire.ListSolutionVersionsResponse, error) {
	fetch := func(ctx context.Context, solution bespoke.ARN, page store.Page) ([]bespoke.SolutionVersion, store.Position, error) {
		if solution != "" {
			if _, err := s.cfg.Store.Solution(ctx, solution); err != nil {
				return nil, store.Position{}, err // this list models it
			}
		}
		return s.cfg.Store.SolutionVersions(ctx, solution, page)
	}
	all, next, err := pageOf(ctx, s, listing{"ListSolutionVersions", "solution", in.SolutionArn, in.NextToken, in.MaxResults}, fetch, versionSummary)
	if err != nil {
		return nil, err
	}
	return &wire.ListSolutionVersionsResponse{SolutionVersions: all, NextToken: next}, nil
}

// stopSolutionVersionCreation ends a training at once: it is this process that
// trains.
func (s *Service) stopSolutionVersionCreation(ctx context.Context, in *wire.StopSolutionVersionCreationRequest) error {
	arn, err := resource("solution-version", in.SolutionVersionArn)
	if err != nil {
		return err
	}
	if err := s.cfg.Store.StopSolutionVersion(ctx, arn); err != nil {
		if state, ok := errors.AsType[*store.StateError](err); ok && state.Status.Settled() {
			return bespoke.Errorf(bespoke.InUse, "The solution version %s is %s. Only one that is CREATE PENDING or CREATE IN_PROGRESS can be stopped.", arn, state.Status)
		}
		return refusal(err)
	}
	s.trainings.stop(arn)
	return nil
}

func (s *Service) getSolutionMetrics(ctx context.Context, in *wire.GetSolutionMetricsRequest) (*wire.GetSolutionMetricsResponse, error) {
	arn, err := resource("solution-version", in.SolutionVersionArn)
	if err != nil {
		return nil, err
	}
	v, err := s.cfg.Store.SolutionVersion(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	switch {
	case v.Status.Unfinished():
		return nil, refusal(&store.StateError{ARN: arn, Status: v.Status})
	case v.Status != bespoke.Active:
		return nil, bespoke.Errorf(bespoke.InUse, "The solution version %s is %s and has no metrics. %s", arn, v.Status, v.FailureReason)
	}
	tr, _, err := s.cfg.Store.Training(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	out := &wire.GetSolutionMetricsResponse{SolutionVersionArn: in.SolutionVersionArn, Metrics: map[string]float64{}}
	for name, value := range tr.Metrics { // encoding/json sorts them
		out.Metrics[name] = math.Round(value*1e4) / 1e4
	}
	return out, nil
}
