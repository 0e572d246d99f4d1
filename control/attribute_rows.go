package control

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"bespoke"
	"bespoke/attribution"
	"bespoke/dataset"
	"bespoke/lake"
	"bespoke/schema"
)

// itemColumns returns the columns of items that the metrics sum up.
func (t *tallies) itemColumns() (columns []string) {
	for _, m := range t.metrics {
		if m.Of == bespoke.Items && !slices.Contains(columns, m.Column) {
			columns = append(columns, m.Column)
		}
	}
	return columns
}

// sumRows adds the rows that a snapshot's commit has added.
func (s *Service) sumRows(ctx context.Context, t *tallies, snap *lake.Snapshot, sc *schema.Schema, group bespoke.ARN) error {
	var columns []string
	for _, c := range sc.Columns {
		wanted := slices.Contains([]string{"ITEM_ID", "EVENT_TYPE", "TIMESTAMP", "EVENT_ATTRIBUTION_SOURCE", "RECOMMENDATION_ID"}, c.Name)
		for _, m := range t.metrics {
			wanted = wanted || m.Of == bespoke.Interactions && m.Column == c.Name
		}
		if wanted {
			columns = append(columns, c.Name)
		}
	}
	err := s.eachEvent(ctx, t, snap, columns, func(r eventRow) error {
		return t.add(r.event, func(i int) (float64, bool) {
			switch m := t.metrics[i]; {
			case m.Function == attribution.SampleCount:
				return 1, true
			case m.Of == bespoke.Interactions:
				return r.number(m.Column)
			}
			return 0, false
		})
	})
	if err != nil || len(t.itemColumns()) == 0 {
		return err
	}
	for items, err := range s.itemNumbers(ctx, group, t.itemColumns(), nil) {
		if err != nil {
			return err
		}
		err := s.eachEvent(ctx, t, snap, columns, func(r eventRow) error {
			of, ok := items[r.item]
			if !ok {
				return nil
			}
			return t.add(r.event, func(i int) (float64, bool) {
				if t.metrics[i].Of != bespoke.Items {
					return 0, false
				}
				v, ok := of[t.metrics[i].Column]
				return v, ok
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// eventRow is one row of interactions.
type eventRow struct {
	event  attribution.Event
	item   string
	number func(column string) (float64, bool)
}

// eachEvent calls f for the rows that a snapshot has added and a metric counts.
func (s *Service) eachEvent(ctx context.Context, t *tallies, snap *lake.Snapshot, columns []string, f func(eventRow) error) error {
	for b, err := range snap.ScanAdded(ctx, columns) {
		if err != nil {
			return err
		}
		column := map[string]arrow.Array{}
		for i, name := range columns {
			column[name] = b.Record.Column(i)
		}
		text := func(name string, i int) string {
			if c, ok := column[name].(*array.String); ok && c.IsValid(i) {
				return c.Value(i)
			}
			return ""
		}
		for i := range int(b.Record.NumRows()) {
			kind := text("EVENT_TYPE", i)
			if b.Dead.Has(i) || !t.all.Wants(kind) {
				continue
			}
			at, _ := numberAt(column["TIMESTAMP"], i)
			err := f(eventRow{
				event: attribution.Event{
					Type: kind, Time: int64(at), Source: text("EVENT_ATTRIBUTION_SOURCE", i), RecommendationID: text("RECOMMENDATION_ID", i),
				},
				item:   text("ITEM_ID", i),
				number: func(name string) (float64, bool) { return numberAt(column[name], i) },
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// numberAt returns a number of a column; ok is false where it is null.
func numberAt(c arrow.Array, i int) (v float64, ok bool) {
	if c == nil || c.IsNull(i) {
		return 0, false
	}
	switch c := c.(type) {
	case *array.Int32:
		return float64(c.Value(i)), true
	case *array.Int64:
		return float64(c.Value(i)), true
	case *array.Float32:
		return float64(c.Value(i)), true
	case *array.Float64:
		return c.Value(i), true
	}
	return 0, false
}

// itemNumbers yields numbers of the group's items by ID and column, as many items
// at a time as fit in memory. Only, where it is not nil, has the IDs that matter.
func (s *Service) itemNumbers(ctx context.Context, group bespoke.ARN, columns []string, only map[string]bool) iter.Seq2[map[string]map[string]float64, error] {
	return func(yield func(map[string]map[string]float64, error) bool) {
		sc, d, err := s.schemaOf(ctx, group, bespoke.Items)
		if err != nil || sc == nil {
			if err != nil {
				yield(nil, err)
			}
			return
		}
		if err := s.cfg.Records.Flush(ctx, d.ARN); err != nil {
			yield(nil, err)
			return
		}
		view, release, err := s.view(ctx, d, sc)
		if err != nil {
			yield(nil, err)
			return
		}
		defer release()
		items := map[string]map[string]float64{}
		for b, err := range view.Scan(ctx, append([]string{"ITEM_ID"}, columns...)) {
			if err != nil {
				yield(nil, err)
				return
			}
			ids, ok := b.Record.Column(0).(*array.String)
			if !ok {
				yield(nil, fmt.Errorf("control: ITEM_ID of %s is no string", d.ARN))
				return
			}
			for i := range ids.Len() {
				if b.Dead.Has(i) || only != nil && !only[ids.Value(i)] {
					continue
				}
				of := make(map[string]float64, len(columns))
				for k, name := range columns {
					if v, ok := numberAt(b.Record.Column(k+1), i); ok {
						of[name] = v
					}
				}
				items[string([]byte(ids.Value(i)))] = of // the batch's memory does not outlive it
				if len(items) >= itemsAtOnce {
					if !yield(items, nil) {
						return
					}
					clear(items)
				}
			}
		}
		if len(items) > 0 {
			yield(items, nil)
		}
	}
}

// view opens a dataset as it is now. The caller releases it.
func (s *Service) view(ctx context.Context, d bespoke.Dataset, sc *schema.Schema) (*dataset.View, func(), error) {
	table, err := s.cfg.Lake.Table(ctx, d.ARN)
	if err != nil {
		return nil, nil, err
	}
	snap, release, err := table.Hold(ctx)
	if err != nil {
		return nil, nil, err
	}
	view, err := dataset.Open(ctx, dataset.Config{Snapshot: snap, Type: d.Type, Schema: sc, TempDir: s.cfg.TempDir, Memory: s.cfg.Memory / 2})
	if err != nil {
		release()
		return nil, nil, err
	}
	return view, release, nil
}
