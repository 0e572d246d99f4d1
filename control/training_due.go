package control

import (
	"context"
	"errors"

	"bespoke"
)

// TrainDue begins the automatic trainings that are due. It is to be called
// every minute or so. A solution whose group is importing, and one that cannot
// be trained now for another passing reason, stays due; one without new
// interactions waits for another period.
func (s *Service) TrainDue(ctx context.Context) error {
	due, err := s.cfg.Store.DueSolutions(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, v := range due {
		errs = append(errs, s.trainDue(ctx, v))
	}
	return errors.Join(errs...)
}

func (s *Service) trainDue(ctx context.Context, v bespoke.Solution) error {
	fresh, err := s.newInteractions(ctx, v)
	if err != nil {
		return err
	}
	if !fresh {
		if importing, err := s.importing(ctx, v.GroupARN); importing || err != nil {
			return err // what is coming in counts
		}
		return s.cfg.Store.PostponeTraining(ctx, v.ARN)
	}
	arn, err := s.train(ctx, v.ARN, bespoke.SolutionVersion{Mode: bespoke.TrainFull, Type: bespoke.TrainAutomatic}, nil)
	if _, passing := errors.AsType[*bespoke.Error](err); passing {
		s.cfg.Logger.InfoContext(ctx, "automatic training waits", "solution", v.ARN, "err", err)
		return nil
	}
	if err == nil {
		s.cfg.Logger.InfoContext(ctx, "automatic training begins", "arn", arn)
	}
	return err
}

// importing reports whether an import job of the group's interactions has not ended.
func (s *Service) importing(ctx context.Context, group bespoke.ARN) (bool, error) {
	_, ok, err := s.cfg.Store.NextImportJob(ctx, s.cfg.Scope.Dataset(group.Name(), bespoke.Interactions))
	return ok, err
}

// newInteractions reports whether the group's interactions have changed since
// the solution was last trained.
func (s *Service) newInteractions(ctx context.Context, v bespoke.Solution) (bool, error) {
	if d, ok, err := s.datasetOf(ctx, v.GroupARN, bespoke.Interactions); err != nil {
		return false, err
	} else if ok {
		if err := s.cfg.Records.Flush(ctx, d.ARN); err != nil {
			return false, err
		}
	}
	now, err := s.pin(ctx, v.GroupARN, bespoke.Interactions)
	if err != nil || now == nil || now.Snapshot == 0 {
		return false, err
	}
	last, ok, err := s.cfg.Store.LatestSolutionVersion(ctx, v.ARN)
	if err != nil || !ok {
		return err == nil, err
	}
	tr, _, err := s.cfg.Store.Training(ctx, last.ARN)
	if err != nil {
		return false, err
	}
	for _, in := range tr.Inputs {
		if in.Type == bespoke.Interactions {
			return in.State() != now.State(), nil
		}
	}
	return true, nil
}
