package control

import (
	"context"
	"iter"
	"maps"
	"time"

	"bespoke"
	"bespoke/attribution"
	"bespoke/event"
	"bespoke/ingest"
	"bespoke/schema"
	"bespoke/store"
)

// recordsAtOnce is how many individual records are summed up in one step.
const recordsAtOnce = 10_000

// AttributeRecords sums up the individual records of a dataset up to the number
// last, for the group's metric attribution, unless they are summed up already.
// read yields the records above a number. Those that came before the attribution
// was made do not count.
func (s *Service) AttributeRecords(ctx context.Context, dataset bespoke.ARN, last uint64, read func(after uint64) iter.Seq2[*event.Record, error]) error {
	d, err := s.cfg.Store.Dataset(ctx, dataset)
	if err != nil || d.Type != bespoke.Interactions {
		return err
	}
	a, ok, err := s.attributionOf(ctx, d.GroupARN)
	if err != nil || !ok {
		return err
	}
	done, err := s.cfg.Store.AttributedTo(ctx, dataset)
	if err != nil || done >= last {
		return err
	}
	var batch []*event.Record
	through := done
	for r, err := range read(done) {
		if err != nil {
			return err
		}
		if r.Seq > last {
			break
		}
		through = r.Seq
		age := time.UnixMilli(r.Arrived).Sub(time.Unix(r.Time, 0))
		if time.UnixMilli(r.Arrived).Before(a.Created) || age > attributable {
			continue
		}
		if batch = append(batch, r); len(batch) == recordsAtOnce {
			if err := s.attributeBatch(ctx, a, d, through, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return s.attributeBatch(ctx, a, d, max(through, last), batch)
}

// attributeBatch sums up records, and all that there are up to a number are done.
func (s *Service) attributeBatch(ctx context.Context, a bespoke.MetricAttribution, d bespoke.Dataset, through uint64, batch []*event.Record) error {
	t, err := s.tallies(ctx, a, d.GroupARN, time.Unix(0, 0)) // their age is checked
	if err != nil {
		return err
	}
	defer t.close()
	wanted := map[string]bool{}
	for _, r := range batch {
		wanted[r.Target] = wanted[r.Target] || t.all.Wants(r.Type)
	}
	items := map[string]map[string]float64{}
	if columns := t.itemColumns(); len(columns) > 0 && len(batch) > 0 {
		for some, err := range s.itemNumbers(ctx, d.GroupARN, columns, wanted) {
			if err != nil {
				return err
			}
			maps.Copy(items, some)
		}
	}
	for _, r := range batch {
		e := attribution.Event{Type: r.Type, Time: r.Time, Source: r.Source, RecommendationID: r.RecommendationID}
		err := t.recent.Add(e, func(i int) (float64, bool) {
			switch m := t.metrics[i]; {
			case m.Function == attribution.SampleCount:
				return 1, true
			case m.Of == bespoke.Items:
				v, ok := items[r.Target][m.Column]
				return v, ok
			default:
				return numberOf(r.Value(m.Column))
			}
		})
		if err != nil {
			return err
		}
	}
	return s.keepSums(ctx, t, store.AttributedFrom{DatasetARN: d.ARN, Place: through})
}

// numberOf returns a value as a number; ok is false where it is none, or null.
func numberOf(v ingest.Value) (n float64, ok bool) {
	switch v.Type {
	case schema.Int, schema.Long:
		return float64(v.Int), true
	case schema.Float, schema.Double:
		return v.Real, true
	}
	return 0, false
}
