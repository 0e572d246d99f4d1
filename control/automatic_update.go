package control

import (
	"context"
	"errors"
	"time"

	"bespoke"
	"bespoke/serve"
	"bespoke/train"
)

// updates reports whether a version has automatic updates: it is the newest of
// its solution and was trained with FULL. Datasets of a group with campaigns
// cannot be deleted, which would end them too.
func (s *Service) updates(ctx context.Context, v bespoke.SolutionVersion) (bool, error) {
	newest, ok, err := s.cfg.Store.LatestSolutionVersion(ctx, v.SolutionARN)
	return ok && newest.ARN == v.ARN && v.Mode == bespoke.TrainFull, err
}

// update gives a version the items that have come since it was trained, by
// imports or one by one, as candidates of exploration. The model learns nothing.
// What was found is published: it has to outlast the process, because a version
// that is the newest no more is not looked at again.
func (s *Service) update(ctx context.Context, d *serve.Deployment, l *lookout) error {
	began := time.Now()
	interactions, ok, err := s.present(ctx, d.GroupARN, bespoke.Interactions)
	if err != nil || !ok {
		return err
	}
	defer s.cfg.Roomy()()
	items, newer, err := s.itemsOf(ctx, d.GroupARN, l.items)
	if err != nil {
		return err
	}
	if !newer && interactions.Snapshot.Data == l.interactions {
		return nil
	}
	if l.news == nil {
		l.news = train.NewNews(d.Artifact, s.cfg.Limits.UpdateItems)
	}
	next := *d.Artifact
	if interactions.Snapshot.Data != l.interactions {
		err = l.news.Read(ctx, interactions.Snapshot)
	}
	if newer {
		next.Items = items.items
	}
	if err == nil {
		next.New, err = l.news.Items(next.Items)
	}
	if errors.Is(err, train.ErrManyItems) {
		s.cfg.Logger.WarnContext(ctx, "no automatic update: there are too many items", "version", d.Version, "most", s.cfg.Limits.UpdateItems)
		return nil
	}
	if err != nil {
		return err
	}
	next.Newest = l.news.Newest()
	if err := s.cfg.Models.Publish(d.Version, &next); err != nil {
		return err
	}
	l.interactions = interactions.Snapshot.Data
	if newer {
		l.items, l.shown = items.state, items.state
	}
	s.replace(d, &next)
	s.cfg.Logger.InfoContext(ctx, "automatic update", "version", d.Version, "new_items", len(next.New), "took", time.Since(began))
	return nil
}

// describe gives a version the newest metadata of its items.
func (s *Service) describe(ctx context.Context, d *serve.Deployment, l *lookout) error {
	defer s.cfg.Roomy()()
	items, newer, err := s.itemsOf(ctx, d.GroupARN, l.shown)
	if err != nil || !newer {
		return err
	}
	l.shown = items.state
	next := *d.Artifact
	next.Items = items.items
	s.replace(d, &next)
	return nil
}

// refit makes a model anew, as of a time, that moves with it. Where nothing has come in,
// and nothing that it looks for changes in was there the last time, it would be
// the same.
func (s *Service) refit(ctx context.Context, d *serve.Deployment, v bespoke.SolutionVersion, spec train.Spec, l *lookout, at time.Time, window time.Duration) error {
	began := time.Now()
	interactions, ok, err := s.present(ctx, v.GroupARN, bespoke.Interactions)
	if err != nil || !ok {
		return err
	}
	items, described, err := s.present(ctx, v.GroupARN, bespoke.Items)
	if err != nil {
		return err
	}
	still := !l.updated.IsZero() && d.Artifact.Newest < l.updated.Add(-window).Unix()
	if still && interactions.Snapshot.Data == l.interactions && (!described || items.Snapshot.Data == l.items) {
		return nil
	}
	defer s.cfg.Roomy()()
	spec.Interactions = interactions
	if described {
		spec.Items = &items
	}
	a, err := train.Refit(ctx, spec, at)
	if _, empty := errors.AsType[*bespoke.Error](err); empty {
		return nil // no interactions are left; the list stays what it is
	}
	if err != nil {
		return err
	}
	l.interactions = interactions.Snapshot.Data
	if described {
		l.items, l.shown = items.Snapshot.Data, items.Snapshot.Data
	}
	s.replace(d, a)
	s.cfg.Logger.DebugContext(ctx, "model made anew", "version", v.ARN, "took", time.Since(began))
	return nil
}
