package control

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"bespoke"
	"bespoke/artifact"
	"bespoke/history"
	"bespoke/lake"
	"bespoke/serve"
	"bespoke/store"
	"bespoke/train"
)

// metadataEvery is how often campaigns that show metadata look for newer: as long
// as new items may take to reach filters at Amazon.
const metadataEvery = 20 * time.Minute

// freshness is how far the deployed versions are up to date, in memory only: the
// first look after a start reads again what there is.
type freshness struct {
	working  sync.Mutex                 // held by the one Refresh that runs
	versions map[bespoke.ARN]*lookout   // of those that are deployed
	items    map[bespoke.ARN]describing // by Items dataset

	mu        sync.Mutex
	artifacts map[bespoke.ARN]*artifact.Artifact // by version, of those that are not as trained
}

func newFreshness() freshness {
	return freshness{versions: map[bespoke.ARN]*lookout{}, items: map[bespoke.ARN]describing{}, artifacts: map[bespoke.ARN]*artifact.Artifact{}}
}

// lookout is how far one version is up to date.
type lookout struct {
	news *train.News // nil until there was something to read
	// What was last looked at, as [lake.Snapshot] says in Data: for new items, and
	// for metadata.
	interactions, items, shown int64
	updated                    time.Time // when it last had its automatic update, or was made anew
	described                  time.Time // when its metadata was last looked for
}

// describing is the metadata of an Items dataset.
type describing struct {
	state int64 // see lake.Snapshot.Data
	items *history.Metadata
}

// deployNewest makes a campaign answer from d, and from the newest artifact of its
// version in place of an earlier one.
func (s *Service) deployNewest(d serve.Deployment) {
	s.fresh.mu.Lock()
	defer s.fresh.mu.Unlock()
	if a := s.fresh.artifacts[d.Version]; a != nil {
		d.Artifact = a
	}
	s.cfg.Serve.Deploy(d)
}

// replace has d and the campaigns of its version, now and later, answer from a.
func (s *Service) replace(d *serve.Deployment, a *artifact.Artifact) {
	s.fresh.mu.Lock()
	defer s.fresh.mu.Unlock()
	d.Artifact, s.fresh.artifacts[d.Version] = a, a
	s.cfg.Serve.Update(d.Version, func(d *serve.Deployment) { d.Artifact = a })
}

// Refresh brings what campaigns serve up to date without training: it gives new
// items to those that explore, makes the models anew that move with the time, and
// reads the metadata of items, each when it is due. It is to be called every
// minute or so, and does nothing where nothing has come in.
func (s *Service) Refresh(ctx context.Context) error {
	s.fresh.working.Lock()
	defer s.fresh.working.Unlock()
	deployed := map[bespoke.ARN]*serve.Deployment{}
	for _, d := range s.cfg.Serve.Deployments() {
		if was := deployed[d.Version]; was != nil {
			d.Metadata = d.Metadata || was.Metadata
		}
		deployed[d.Version] = &d
	}
	s.forgetWithdrawn(deployed)
	var errs []error
	for _, d := range deployed {
		if err := s.refresh(ctx, d); err != nil && !errors.Is(err, lake.ErrNoTable) && !errors.Is(err, lake.ErrExpired) && !errors.Is(err, store.ErrNotFound) {
			errs = append(errs, err) // else something goes, or has moved on: another time
		}
	}
	return errors.Join(errs...)
}

// forgetWithdrawn forgets what is known for versions that are not deployed.
func (s *Service) forgetWithdrawn(deployed map[bespoke.ARN]*serve.Deployment) {
	s.fresh.mu.Lock()
	defer s.fresh.mu.Unlock()
	maps.DeleteFunc(s.fresh.artifacts, func(version bespoke.ARN, _ *artifact.Artifact) bool { return deployed[version] == nil })
	maps.DeleteFunc(s.fresh.versions, func(version bespoke.ARN, _ *lookout) bool { return deployed[version] == nil })
	served := map[bespoke.ARN]bool{}
	for _, d := range deployed {
		served[s.cfg.Scope.Dataset(d.GroupARN.Name(), bespoke.Items)] = true
	}
	maps.DeleteFunc(s.fresh.items, func(dataset bespoke.ARN, _ describing) bool { return !served[dataset] })
}

// refresh does what is due for one version. That its items cannot be renewed does
// not keep their metadata from it.
func (s *Service) refresh(ctx context.Context, d *serve.Deployment) error {
	l, err := s.lookout(ctx, d.Version)
	if err != nil {
		return err
	}
	return errors.Join(s.renew(ctx, d, l), s.redescribe(ctx, d, l))
}

// renew makes the automatic update of a version, or makes it anew where it moves
// with the time.
func (s *Service) renew(ctx context.Context, d *serve.Deployment, l *lookout) error {
	v, err := s.cfg.Store.SolutionVersion(ctx, d.Version)
	if err != nil {
		return err
	}
	spec, err := s.spec(v)
	if err != nil {
		return err
	}
	every, window, err := train.Moving(spec)
	if err != nil {
		return err
	}
	now := s.cfg.Now()
	switch {
	case every > 0 && now.Sub(l.updated) >= every:
		// By the schedule, so that its buckets leave no gaps where a look comes late.
		at := now
		if due := l.updated.Add(every); now.Sub(due) < every {
			at = due
		}
		if err := s.refit(ctx, d, v, spec, l, at, window); err != nil {
			return err
		}
		l.updated = at
	case every == 0 && d.Artifact.Recipe.Explore.Chance > 0 && now.Sub(l.updated) >= s.cfg.UpdateEvery:
		if updates, err := s.updates(ctx, v); err != nil {
			return err
		} else if updates {
			if err := s.update(ctx, d, l); err != nil {
				return err
			}
			l.updated = now
		}
	}
	return nil
}

// redescribe looks for newer metadata where a campaign shows it.
func (s *Service) redescribe(ctx context.Context, d *serve.Deployment, l *lookout) error {
	now := s.cfg.Now()
	if !d.Metadata || now.Sub(l.described) < metadataEvery {
		return nil
	}
	if err := s.describe(ctx, d, l); err != nil {
		return err
	}
	l.described = now
	return nil
}

// lookout returns what is known of how far a version is up to date: at first,
// what it was trained on.
func (s *Service) lookout(ctx context.Context, version bespoke.ARN) (*lookout, error) {
	if l := s.fresh.versions[version]; l != nil {
		return l, nil
	}
	tr, _, err := s.cfg.Store.Training(ctx, version)
	if err != nil {
		return nil, err
	}
	l := &lookout{}
	for _, in := range tr.Inputs {
		switch in.Type {
		case bespoke.Interactions:
			l.interactions = in.State()
		case bespoke.Items:
			l.items, l.shown = in.State(), in.State()
		}
	}
	s.fresh.versions[version] = l
	return l, nil
}

// present returns the newest state of a group's dataset, with all records that
// were acknowledged; ok is false where there is none.
func (s *Service) present(ctx context.Context, group bespoke.ARN, t bespoke.DatasetType) (from train.Source, ok bool, err error) {
	d, ok, err := s.datasetOf(ctx, group, t)
	if err != nil || !ok {
		return from, false, err
	}
	if err := s.cfg.Records.Flush(ctx, d.ARN); err != nil {
		return from, false, err
	}
	table, err := s.cfg.Lake.Table(ctx, d.ARN)
	if err != nil {
		return from, false, err
	}
	snapshot, err := table.Snapshot(ctx)
	if err != nil {
		return from, false, err
	}
	from, err = s.source(ctx, d, snapshot)
	return from, err == nil, err
}

// source is a state of a dataset as trainings read it.
func (s *Service) source(ctx context.Context, d bespoke.Dataset, snapshot *lake.Snapshot) (train.Source, error) {
	sc, err := s.parsedSchema(ctx, d.SchemaARN)
	return train.Source{Snapshot: snapshot, Schema: sc, TempDir: s.cfg.TempDir, Memory: s.cfg.Memory / 2}, err
}

// itemsOf returns the newest metadata of a group's items if there is any that is
// newer than a state of its table. Versions of one group share it.
func (s *Service) itemsOf(ctx context.Context, group bespoke.ARN, than int64) (found describing, newer bool, err error) {
	from, ok, err := s.present(ctx, group, bespoke.Items)
	if err != nil || !ok || from.Snapshot.Data == than {
		return found, false, err
	}
	dataset := s.cfg.Scope.Dataset(group.Name(), bespoke.Items)
	if found = s.fresh.items[dataset]; found.items != nil && found.state == from.Snapshot.Data {
		return found, true, nil
	}
	items, err := train.Metadata(ctx, from, bespoke.Items)
	if err != nil {
		return found, false, err
	}
	found = describing{from.Snapshot.Data, items}
	s.fresh.items[dataset] = found
	return found, true, nil
}
