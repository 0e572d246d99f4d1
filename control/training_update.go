package control

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"time"

	"bespoke"
	"bespoke/store"
	"bespoke/train"
)

// fitUpdate makes a version of trainingMode UPDATE: the model of the newest
// version, as it is, with the items that it does not know as candidates of
// exploration. Its metrics are those of the model.
func (s *Service) fitUpdate(ctx context.Context, v *bespoke.SolutionVersion, run *trainingRun) (store.Training, error) {
	began := time.Now()
	run.report(train.Progress{Phase: "READING"})
	tr, sources, err := s.pinned(ctx, *v)
	if err != nil {
		return tr, err
	}
	base, ok, err := s.cfg.Store.LatestSolutionVersion(ctx, v.SolutionARN)
	if err != nil {
		return tr, err
	}
	if !ok {
		return tr, invalid("The solution has no ACTIVE version any more that could be updated. Train one with trainingMode FULL.")
	}
	model, err := s.cfg.Serve.Load(base.ARN)
	if errors.Is(err, fs.ErrNotExist) {
		return tr, invalid("The model of %s is missing in the data folder. Train with trainingMode FULL.", base.ARN)
	}
	if err != nil {
		return tr, err
	}
	interactions, ok := sources[bespoke.Interactions]
	if !ok {
		return tr, invalid("The dataset group has no ACTIVE Interactions dataset any more.")
	}
	news := train.NewNews(model, s.cfg.Limits.UpdateItems)
	if err := news.Read(ctx, interactions.Snapshot); err != nil {
		return tr, tooMany(err)
	}
	next := *model
	if items, ok := sources[bespoke.Items]; ok {
		if next.Items, err = train.Metadata(ctx, items, bespoke.Items); err != nil {
			return tr, err
		}
	}
	if next.New, err = news.Items(next.Items); err != nil {
		return tr, tooMany(err)
	}
	next.Newest = news.Newest()
	was, _, err := s.cfg.Store.Training(ctx, base.ARN)
	if err != nil {
		return tr, err
	}
	tr.Metrics, tr.Extra, tr.Tuned = maps.Clone(was.Metrics), maps.Clone(was.Extra), maps.Clone(was.Tuned)
	read := time.Now()
	run.report(train.Progress{Phase: "PUBLISHING", Metrics: tr.Metrics})
	if err := s.cfg.Models.Publish(v.ARN, &next); err != nil {
		return tr, err
	}
	tr.Hours = time.Since(began).Hours()
	tr.Phases = []store.Phase{{Name: "READING", Started: began, Took: read.Sub(began)}}
	return tr, ctx.Err()
}

// tooMany makes it the data's fault that there are too many items.
func tooMany(err error) error {
	if errors.Is(err, train.ErrManyItems) {
		return invalid("There are too many new items to take in without learning. Train with trainingMode FULL.")
	}
	return err
}
