package event

import (
	"context"
	"strings"

	"bespoke"
	"bespoke/ingest"
	"bespoke/schema"
	"bespoke/store"
)

// target is a dataset that takes records, with what checking them needs.
type target struct {
	dataset bespoke.Dataset
	rules   []ingest.Rule
	keys    map[string]int // by folded name of the column
	columns *Columns
	log     *Log
	writes  uint64 // of the metadata, when this was true
}

// maxTargets bounds how many targets are remembered.
const maxTargets = 10_000

// target finds a dataset by key, with find where the metadata has changed since the
// last time.
func (s *Service) target(ctx context.Context, key string, find func() (bespoke.Dataset, error)) (*target, error) {
	writes := s.cfg.Store.Writes()
	s.mu.Lock()
	known := s.targets[key]
	s.mu.Unlock()
	if known != nil && known.writes == writes {
		return known, nil
	}
	d, err := find()
	if err != nil {
		return nil, err
	}
	switch d.Status {
	case bespoke.Active, bespoke.UpdatePending, bespoke.UpdateInProgress:
	default:
		return nil, bespoke.Errorf(bespoke.InUse, "Resource %s has the status %s, and takes no records.", d.ARN, d.Status)
	}
	t := &target{dataset: d, writes: writes}
	if t.log, err = s.log(ctx, d); err != nil {
		return nil, s.refusal(err)
	}
	if known != nil && known.log == t.log && known.dataset.SchemaARN == d.SchemaARN {
		t.rules, t.keys, t.columns = known.rules, known.keys, known.columns
	} else if err := s.describe(ctx, t); err != nil {
		return nil, err
	}
	s.mu.Lock()
	if len(s.targets) >= maxTargets {
		clear(s.targets)
	}
	if s.logs[folder(d)] == t.log { // else it has been dropped meanwhile
		s.targets[key] = t
	}
	s.mu.Unlock()
	return t, nil
}

// describe reads the schema of the target.
func (s *Service) describe(ctx context.Context, t *target) error {
	text, err := s.cfg.Store.Schema(ctx, t.dataset.SchemaARN)
	if err != nil {
		return err
	}
	sc, err := schema.Parse(text.Text)
	if err != nil {
		return err
	}
	t.columns, t.keys = newColumns(sc.Columns), make(map[string]int, len(sc.Columns))
	for i, c := range sc.Columns {
		t.rules = append(t.rules, ingest.NewRule(t.dataset.Type, c))
		t.keys[fold(c.Name)] = i
	}
	return nil
}

// fold makes a column's name and the key that is made from it equal: NUM_RATINGS and
// numRatings. Names of a schema differ in their letters and digits alone.
func fold(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}

// tracked returns the dataset of type typ that a tracking ID leads to, nil where there
// is none.
func (s *Service) tracked(ctx context.Context, trackingID string, typ bespoke.DatasetType) (*target, error) {
	none := false
	t, err := s.target(ctx, trackingID, func() (bespoke.Dataset, error) {
		d, ok, err := s.cfg.Store.TrackedDataset(ctx, trackingID)
		if err == nil && (!ok || d.Type != typ) {
			none = true
			err = store.ErrNotFound
		}
		return d, err
	})
	if none || err == nil && t.dataset.Type != typ {
		return nil, nil
	}
	return t, err
}

// named returns the dataset of an ARN, which must be of type typ.
func (s *Service) named(ctx context.Context, arn string, typ bespoke.DatasetType) (*target, error) {
	a := bespoke.ARN(arn)
	if a.Kind() != "dataset" || !strings.HasSuffix(arn, "/"+string(typ)) {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "The ARN %s is not that of a dataset of type %s.", arn, typ)
	}
	return s.target(ctx, arn, func() (bespoke.Dataset, error) {
		d, err := s.cfg.Store.Dataset(ctx, a)
		return d, s.refusal(err)
	})
}
