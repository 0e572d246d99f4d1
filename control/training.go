package control

import (
	"context"
	"errors"
	"strings"
	"time"

	"bespoke"
	"bespoke/lake"
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
		if err := s.cfg.Store.Move(ctx, arn, v.Status, bespoke.CreateInProgress, ""); err != nil {
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

	fit := s.fit
	if v.Mode == bespoke.TrainUpdate {
		fit = s.fitUpdate
	}
	tr, err := fit(work, v, run)
	if context.Cause(work) == errStopped {
		return s.endStopped(ctx, arn)
	}
	reason, status := "", bespoke.Active
	if err != nil {
		status = bespoke.CreateFailed
		if reason, err = failure(err); err != nil {
			return err
		}
		reason = "Create failed. " + reason
	}
	if err := s.cfg.Store.SaveTraining(ctx, arn, tr); err != nil {
		return err
	}
	err = s.cfg.Store.FinishSolutionVersion(ctx, arn, reason)
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

// fit trains a version and publishes its artifact. It returns what is known of
// the training even where it fails.
func (s *Service) fit(ctx context.Context, v bespoke.SolutionVersion, run *trainingRun) (store.Training, error) {
	tr, sources, err := s.pinned(ctx, v)
	if err != nil {
		return tr, err
	}
	spec, err := s.spec(v)
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
	tr.Hours, tr.Metrics, tr.Extra = time.Since(began).Hours(), result.Metrics, result.Extra
	tr.Tuned, tr.Trials = result.Tuned, storedTrials(result.Trials)
	for _, p := range result.Phases {
		tr.Phases = append(tr.Phases, store.Phase{Name: p.Name, Started: p.Started, Took: p.Took})
	}
	return tr, nil
}

// trainedTypes are the datasets that are trained on.
var trainedTypes = []bespoke.DatasetType{bespoke.Interactions, bespoke.Items, bespoke.Users}

// datasetOf returns the ACTIVE dataset of a type, if the group has one.
func (s *Service) datasetOf(ctx context.Context, group bespoke.ARN, t bespoke.DatasetType) (bespoke.Dataset, bool, error) {
	d, err := s.cfg.Store.Dataset(ctx, s.cfg.Scope.Dataset(group.Name(), t))
	if errors.Is(err, store.ErrNotFound) {
		return d, false, nil
	}
	return d, err == nil && d.Status == bespoke.Active, err
}

// pin returns the present state of a group's dataset, nil if there is none.
func (s *Service) pin(ctx context.Context, group bespoke.ARN, t bespoke.DatasetType) (*store.Input, error) {
	d, ok, err := s.datasetOf(ctx, group, t)
	if err != nil || !ok {
		return nil, err
	}
	table, err := s.cfg.Lake.Table(ctx, d.ARN)
	if err != nil {
		return nil, err
	}
	snapshot, release, err := table.Hold(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	rows, err := snapshot.Rows()
	if err != nil {
		return nil, err
	}
	return &store.Input{Dataset: d.ARN, Type: t, Snapshot: snapshot.ID, Data: snapshot.Data, Rows: rows[lake.Bulk] + rows[lake.Put], Read: time.Now().UTC()}, nil
}

// inputs returns the present states of what is trained on.
func (s *Service) inputs(ctx context.Context, group bespoke.ARN) ([]store.Input, error) {
	var all []store.Input
	for _, t := range trainedTypes {
		in, err := s.pin(ctx, group, t)
		if err != nil {
			return nil, err
		}
		if in != nil {
			all = append(all, *in)
		}
	}
	return all, nil
}

// flushAll brings all records that were acknowledged into the tables of what is
// trained on.
func (s *Service) flushAll(ctx context.Context, group bespoke.ARN) error {
	for _, t := range trainedTypes {
		d, ok, err := s.datasetOf(ctx, group, t)
		if err == nil && ok {
			err = s.cfg.Records.Flush(ctx, d.ARN)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tagName is the tag that keeps what a version reads from expiring.
func tagName(version bespoke.ARN) string {
	return "training-" + strings.ReplaceAll(version.Name(), "/", "-")
}

// pinned returns the states that a version's training reads: those of the first
// time that it began, unless a data deletion has taken them since.
func (s *Service) pinned(ctx context.Context, v bespoke.SolutionVersion) (tr store.Training, sources map[bespoke.DatasetType]train.Source, err error) {
	tr, begun, err := s.cfg.Store.Training(ctx, v.ARN)
	if err != nil {
		return tr, nil, err
	}
	tr = store.Training{Inputs: tr.Inputs}
	if begun {
		if sources, err = s.tagged(ctx, v, tr.Inputs); !errors.Is(err, lake.ErrExpired) {
			return tr, sources, err
		}
		// A data deletion has taken the states: the newest ones are without the
		// users that are to be forgotten.
	}
	// What was acknowledged before the training counts.
	if err := s.flushAll(ctx, v.GroupARN); err != nil {
		return tr, nil, err
	}
	if tr.Inputs, err = s.inputs(ctx, v.GroupARN); err != nil {
		return tr, nil, err
	}
	if sources, err = s.tagged(ctx, v, tr.Inputs); err != nil {
		return tr, nil, err // one that has just expired is found anew
	}
	return tr, sources, s.cfg.Store.SaveTraining(ctx, v.ARN, tr)
}

// tagged returns states of datasets, which stay readable until the version is
// settled or a data deletion takes them: then it returns lake.ErrExpired.
func (s *Service) tagged(ctx context.Context, v bespoke.SolutionVersion, inputs []store.Input) (map[bespoke.DatasetType]train.Source, error) {
	sources := map[bespoke.DatasetType]train.Source{}
	for _, in := range inputs {
		d, err := s.cfg.Store.Dataset(ctx, in.Dataset)
		if err != nil {
			return nil, err
		}
		table, err := s.cfg.Lake.Table(ctx, in.Dataset)
		if err != nil {
			return nil, err
		}
		// A table without commits has no state to keep.
		snapshot, err := table.Snapshot(ctx)
		if in.Snapshot != 0 {
			if err := table.Tag(ctx, tagName(v.ARN), in.Snapshot); err != nil {
				return nil, err
			}
			snapshot, err = table.At(ctx, in.Snapshot)
		}
		if err != nil {
			return nil, err
		}
		if sources[in.Type], err = s.source(ctx, d, snapshot); err != nil {
			return nil, err
		}
	}
	return sources, nil
}

// unpin lets what a training has read expire.
func (s *Service) unpin(ctx context.Context, v bespoke.SolutionVersion) error {
	for _, t := range trainedTypes {
		table, err := s.cfg.Lake.Table(ctx, s.cfg.Scope.Dataset(v.GroupARN.Name(), t))
		if errors.Is(err, lake.ErrNoTable) {
			continue
		}
		if err == nil {
			err = table.Untag(ctx, tagName(v.ARN))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// forgetVersions removes the artifacts of a solution's versions.
func (s *Service) forgetVersions(ctx context.Context, v bespoke.Solution) error {
	for page := (store.Page{Limit: 100}); ; {
		versions, next, err := s.cfg.Store.SolutionVersions(ctx, v.ARN, page)
		if err != nil {
			return err
		}
		for _, version := range versions {
			if err := s.cfg.Models.Remove(version.ARN); err != nil {
				return err
			}
		}
		if page.After = next; next.IsZero() {
			return nil
		}
	}
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
