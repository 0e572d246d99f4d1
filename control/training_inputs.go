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
