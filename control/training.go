package control

import (
	"context"
	"errors"
	"time"

	"bespoke"
	"bespoke/awsapi/catalog"
	"bespoke/store"
	"bespoke/train"
)

// errStopped is why a training was cancelled that a client has stopped.
var errStopped = errors.New("the training was stopped")

// runTraining brings a solution version to its end. It returns an error where
// the server, not the data, is at fault; then it is called again, and trains
// anew from the same states of the datasets and the same seed. One that was
// killed after its artifact was published makes the same artifact again.
func (s *Service) runTraining(ctx context.Context, arn bespoke.ARN) error {
	v, err := s.cfg.Store.SolutionVersion(ctx, arn)
	if err != nil {
		return err
	}
	switch v.Status {
	case bespoke.CreatePending:
		err := s.cfg.Store.Move(ctx, arn, v.Status, bespoke.CreateInProgress, "")
		if state, ok := errors.AsType[*store.StateError](err); ok && state.Status == bespoke.CreateStopped {
			return nil // stopped before it began
		}
		if err != nil {
			return err
		}
	case bespoke.CreateInProgress:
	case bespoke.CreateStopping:
		return s.endStopped(ctx, arn)
	default:
		return s.unpin(ctx, v) // it was settled just before the process died
	}
	run := &trainingRun{began: time.Now()}
	work, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	run.cancel = cancel
	s.trainings.add(arn, run)
	defer s.trainings.remove(arn)
	s.observe(v, bespoke.CreateInProgress, nil)
	// A stop that came before the run could be found.
	if v, err = s.cfg.Store.SolutionVersion(ctx, arn); err != nil {
		return err
	}
	if v.Status == bespoke.CreateStopping {
		return s.endStopped(ctx, arn)
	}

	var tr store.Training
	reason, status := s.deadly("training", v.Begun), bespoke.Active
	if reason == "" {
		tr, reason, err = s.attemptTraining(work, &v, run)
		if context.Cause(work) == errStopped {
			return s.endStopped(ctx, arn)
		}
		if err != nil {
			return err
		}
		if err := s.cfg.Store.SaveTraining(ctx, arn, tr); err != nil {
			return err
		}
	}
	if reason != "" {
		reason, status = "Create failed. "+reason, bespoke.CreateFailed
	}
	err = s.cfg.Store.FinishSolutionVersion(ctx, arn, v.RecipeARN, reason)
	if state, ok := errors.AsType[*store.StateError](err); ok && state.Status == bespoke.CreateStopping {
		return s.endStopped(ctx, arn) // stopped at the last moment
	}
	if err != nil {
		return err
	}
	s.observe(v, status, tr.Phases)
	if err := s.unpin(ctx, v); err != nil {
		return err
	}
	s.cfg.Logger.InfoContext(ctx, "training ended", "arn", arn, "reason", reason, "took", time.Since(run.began), "warnings", len(tr.Warnings))
	return nil
}

// attemptTraining runs a training once and returns the reason for which it failed, ""
// if it did not. That a run has begun is written down before it, and that it is over
// after it: what is left is the process's death.
func (s *Service) attemptTraining(ctx context.Context, v *bespoke.SolutionVersion, run *trainingRun) (tr store.Training, reason string, err error) {
	release, err := s.place(ctx, 0, v.Begun)
	if err != nil {
		return tr, "", err
	}
	defer release()
	if err := s.cfg.Store.BeginRun(ctx, v.ARN); err != nil {
		return tr, "", err
	}
	defer func() { err = errors.Join(err, s.cfg.Store.SuspendRun(context.WithoutCancel(ctx), v.ARN)) }()
	fit := s.fit
	if v.Mode == bespoke.TrainUpdate {
		fit = s.fitUpdate
	}
	if tr, err = fit(ctx, v, run); err != nil {
		reason, err = failure(err)
	}
	return tr, reason, err
}

// endStopped settles a version that was stopped.
func (s *Service) endStopped(ctx context.Context, arn bespoke.ARN) error {
	if err := s.cfg.Models.Remove(arn); err != nil {
		return err
	}
	v, err := s.cfg.Store.SolutionVersion(ctx, arn)
	if err != nil {
		return err
	}
	if err := s.unpin(ctx, v); err != nil {
		return err
	}
	if err := s.cfg.Store.Move(ctx, arn, bespoke.CreateStopping, bespoke.CreateStopped, ""); err != nil {
		return err
	}
	s.observe(v, bespoke.CreateStopped, nil)
	return nil
}

// fit trains a version, publishes its artifact and sets its recipe if that was to be
// chosen. It returns what is known of the training even where it fails.
func (s *Service) fit(ctx context.Context, v *bespoke.SolutionVersion, run *trainingRun) (store.Training, error) {
	tr, sources, err := s.pinned(ctx, *v)
	if err != nil {
		return tr, err
	}
	spec, err := s.spec(*v)
	if err != nil {
		return tr, err
	}
	source := func(t bespoke.DatasetType) *train.Source {
		if from, ok := sources[t]; ok {
			return &from
		}
		return nil
	}
	interactions := source(bespoke.Interactions)
	if interactions == nil {
		return tr, invalid("The dataset group has no ACTIVE Interactions dataset. Create one and import interactions first.")
	}
	spec.Interactions, spec.Items, spec.Users = *interactions, source(bespoke.Items), source(bespoke.Users)
	spec.Progress = run.report
	began := time.Now()
	result, err := train.Run(ctx, spec)
	tr.Warnings = result.Warnings
	if err != nil {
		return tr, err
	}
	run.report(train.Progress{Phase: "PUBLISHING", Metrics: result.Metrics})
	if err := s.cfg.Models.Publish(v.ARN, result.Artifact); err != nil {
		return tr, err
	}
	if v.RecipeARN == "" {
		v.RecipeARN = catalog.Recipe{Name: result.Recipe}.ARN(s.cfg.Scope.Partition)
	}
	tr.Hours, tr.Metrics, tr.Extra = time.Since(began).Hours(), result.Metrics, result.Extra
	tr.Tuned, tr.Trials = result.Tuned, storedTrials(result.Trials)
	for _, p := range result.Phases {
		tr.Phases = append(tr.Phases, store.Phase{Name: p.Name, Started: p.Started, Took: p.Took})
	}
	return tr, nil
}

// forgetVersions removes the artifacts of a solution's versions.
func (s *Service) forgetVersions(ctx context.Context, v bespoke.Solution) error {
	for version, err := range every(ctx, v.ARN, s.cfg.Store.SolutionVersions) {
		if err != nil {
			return err
		}
		if err := s.cfg.Models.Remove(version.ARN); err != nil {
			return err
		}
	}
	return nil
}

// SweepModels removes artifacts without a version, which crashes have left. No
// job may run yet.
func (s *Service) SweepModels(ctx context.Context) error {
	return s.cfg.Models.Sweep(func(name string) (bool, error) {
		v, err := s.cfg.Store.SolutionVersion(ctx, s.cfg.Scope.Solution(name))
		if errors.Is(err, store.ErrNotFound) {
			return false, nil
		}
		return err == nil && (v.Status == bespoke.Active || v.Status.Unfinished()), err
	})
}
