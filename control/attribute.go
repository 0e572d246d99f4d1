package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"bespoke"
	"bespoke/attribution"
	"bespoke/lake"
	"bespoke/store"
)

// attributable is how old an event may be that counts, by the documentation of
// metric attribution. Reports have older ones as well.
const attributable = 14 * 24 * time.Hour

// itemsAtOnce is how many items' numbers are held while events are matched with
// them; there may be more items, but then the events are read again.
const itemsAtOnce = 250_000

// attributeImport sums up the rows that a job has committed, for the group's
// metric attribution: an INCREMENTAL job's as if they had come one by one, and
// any job's for a report in S3 where it was asked for. It may run again. What
// keeps a report from being written is not the data's fault: it becomes a
// warning of the job.
func (s *Service) attributeImport(ctx context.Context, table *lake.Table, d bespoke.Dataset, j bespoke.ImportJob) error {
	if d.Type != bespoke.Interactions || j.Mode != bespoke.Incremental && !j.PublishMetrics {
		return nil
	}
	a, ok, err := s.attributionOf(ctx, d.GroupARN)
	if err != nil {
		return err
	}
	counts := ok && j.Mode == bespoke.Incremental && a.Created.Before(j.Created)
	if !ok && j.PublishMetrics {
		return s.warn(ctx, j.ARN, "No report on metrics was written: the dataset group has no metric attribution any more.")
	}
	if !counts && !j.PublishMetrics {
		return nil
	}
	snap, err := committedBy(ctx, table, j.ARN)
	if err != nil {
		return err
	}
	if snap == nil {
		return s.warn(ctx, j.ARN, "No metrics were summed up: the state that the job left has expired.")
	}
	t, err := s.tallies(ctx, a, d.GroupARN, j.Created)
	if err != nil {
		return err
	}
	defer t.close()
	sc, err := s.parsedSchema(ctx, d.SchemaARN)
	if err != nil {
		return err
	}
	if err := s.sumRows(ctx, t, snap, sc, d.GroupARN); err != nil {
		return err
	}
	if counts {
		if err := s.keepSums(ctx, t, store.AttributedFrom{DatasetARN: d.ARN, Job: j.ARN, Place: 1}); err != nil {
			return err
		}
	}
	if !j.PublishMetrics {
		return nil
	}
	if err := s.publish(ctx, a, t, j); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return s.warn(ctx, j.ARN, fmt.Sprintf("No report on metrics was written to %s: %v", a.Path, err))
	}
	return nil
}

// committedBy returns the state that a job left, nil where it has expired.
func committedBy(ctx context.Context, table *lake.Table, job bespoke.ARN) (*lake.Snapshot, error) {
	all, err := table.Snapshots(ctx)
	if err != nil {
		return nil, err
	}
	for _, sn := range slices.Backward(all) {
		if sn.Job == job {
			return sn, nil
		}
	}
	return nil, nil
}

// tallies sum up the same events twice: those that count, and all of them.
type tallies struct {
	metrics []attribution.Metric
	recent  *attribution.Tally
	all     *attribution.Tally
}

func (t *tallies) close() {
	_ = errors.Join(t.recent.Close(), t.all.Close()) // files without a name
}

// tallies returns empty tallies for events that reached the service at a time.
func (s *Service) tallies(ctx context.Context, a bespoke.MetricAttribution, group bespoke.ARN, arrived time.Time) (*tallies, error) {
	list, _, err := s.cfg.Store.Metrics(ctx, a.ARN, store.Page{Limit: bespoke.MaxMetrics})
	if err != nil {
		return nil, err
	}
	t := &tallies{}
	for _, m := range list {
		e, err := attribution.Parse(m.Expression)
		if err != nil {
			return nil, err
		}
		t.metrics = append(t.metrics, attribution.Metric{Name: m.Name, EventType: m.EventType, Expression: e})
	}
	cfg := attribution.Config{Metrics: t.metrics, Recommended: s.cfg.Recommended, MaxSources: s.cfg.Limits.AttributionSources, TempDir: s.cfg.TempDir}
	t.all = attribution.NewTally(cfg)
	if cfg.Sources, err = s.cfg.Store.AttributedSources(ctx, group); err != nil {
		return nil, err
	}
	cfg.After = arrived.Add(-attributable).Unix()
	t.recent = attribution.NewTally(cfg)
	return t, nil
}

func (t *tallies) add(e attribution.Event, value func(metric int) (float64, bool)) error {
	return errors.Join(t.recent.Add(e, value), t.all.Add(e, value))
}

// keepSums adds what counts to the group's sums.
func (s *Service) keepSums(ctx context.Context, t *tallies, from store.AttributedFrom) error {
	var sums []store.Attributed
	for total, err := range t.recent.Totals() {
		if err != nil {
			return err
		}
		m := t.metrics[total.Metric]
		sums = append(sums, store.Attributed{
			Start: time.Unix(total.Start, 0).UTC(), Metric: m.Name, EventType: m.EventType, Function: m.Function, Source: total.Source, Value: total.Value,
		})
	}
	return s.cfg.Store.Attribute(ctx, from, sums)
}

// publish writes the report on a job under the rights of the attribution's role.
func (s *Service) publish(ctx context.Context, a bespoke.MetricAttribution, t *tallies, j bespoke.ImportJob) error {
	if a.Path == "" {
		return errors.New("the metric attribution has no S3 path any more")
	}
	folder, err := outputFolder(a.Path)
	if err != nil {
		return err
	}
	access, err := s.cfg.Access(ctx, a.RoleARN, bespoke.Caller{})
	if err == nil {
		r, w := io.Pipe()
		written := make(chan struct{})
		go func() {
			defer close(written)
			w.CloseWithError(attribution.WriteReport(w, t.metrics, t.all.Totals()))
		}()
		_, err = access.Put(ctx, folder.Bucket, folder.Key+attribution.ReportName(j.Mode, j.Created), r)
		r.CloseWithError(io.ErrClosedPipe) // nobody reads on
		<-written
	}
	if err = locationRefusal(err, folder.String()); err != nil {
		if e, ok := errors.AsType[*bespoke.Error](err); ok {
			return errors.New(e.Msg)
		}
	}
	return err
}

// warn adds a warning to a job's report, once.
func (s *Service) warn(ctx context.Context, job bespoke.ARN, text string) error {
	s.cfg.Logger.WarnContext(ctx, "metrics of an import job", "arn", job, "warning", text)
	r, _, err := s.cfg.Store.Report(ctx, job)
	if err != nil || slices.Contains(r.Warnings, text) {
		return err
	}
	r.Warnings = append(r.Warnings, text)
	return s.cfg.Store.SaveReport(ctx, job, r)
}
