package sqlite

import (
	"context"
	"fmt"

	"bespoke"
	"bespoke/store"
)

var attributions = table[bespoke.MetricAttribution]{
	name:    "metric_attribution",
	columns: "id, created, updated, arn, name, group_arn, role_arn, path, kms_key_arn, status, failure_reason",
	scan: func(scan func(...any) error) (a bespoke.MetricAttribution, pos store.Position, err error) {
		var created, updated int64
		err = scan(&pos.ID, &created, &updated, &a.ARN, &a.Name, &a.GroupARN, &a.RoleARN, &a.Path, &a.KMSKeyARN, &a.Status, &a.FailureReason)
		a.Created, a.Updated = fromMillis(created), fromMillis(updated)
		pos.Created = a.Created
		return a, pos, err
	},
}

var metrics = table[bespoke.Metric]{
	name:    "metric",
	columns: "id, created, name, event_type, expression, summed",
	scan: func(scan func(...any) error) (m bespoke.Metric, pos store.Position, err error) {
		var created int64
		err = scan(&pos.ID, &created, &m.Name, &m.EventType, &m.Expression, &m.Of)
		pos.Created = fromMillis(created)
		return m, pos, err
	},
}

// CreateMetricAttribution stores an attribution as CREATE PENDING, with its
// metrics and the job to bring it up. Errors: NotFoundError and StateError for
// the group, ExistsError for the ARN or for the attribution that the group has.
func (s *Store) CreateMetricAttribution(ctx context.Context, a bespoke.MetricAttribution, list []bespoke.Metric) error {
	return s.write(ctx, "create metric attribution", func(t *txn) error {
		if err := t.free(ctx, attributions.name, a.ARN); err != nil {
			return err
		}
		if err := t.active(ctx, a.GroupARN); err != nil {
			return err
		}
		switch arn, has, err := first[bespoke.ARN](ctx, t, "SELECT arn FROM metric_attribution WHERE group_arn = ?", a.GroupARN); {
		case err != nil:
			return err
		case has:
			return &store.ExistsError{ARN: arn}
		}
		if _, err := t.ExecContext(ctx, `INSERT INTO metric_attribution
			(arn, name, group_arn, role_arn, path, kms_key_arn, status, failure_reason, created, updated) VALUES (?, ?, ?, ?, ?, ?, ?, '', ?, ?)`,
			a.ARN, a.Name, a.GroupARN, a.RoleARN, a.Path, a.KMSKeyARN, bespoke.CreatePending, millis(t.now), millis(t.now)); err != nil {
			return err
		}
		if err := t.addMetrics(ctx, a.ARN, list); err != nil {
			return err
		}
		return t.enqueue(ctx, a.ARN)
	})
}

// addMetrics stores metrics so that a list, newest first, has them in the order
// given.
func (t *txn) addMetrics(ctx context.Context, arn bespoke.ARN, list []bespoke.Metric) error {
	for i := len(list) - 1; i >= 0; i-- {
		m := list[i]
		_, taken, err := first[int64](ctx, t, "SELECT id FROM metric WHERE attribution_arn = ? AND name = ?", arn, m.Name)
		if err != nil {
			return err
		}
		if taken {
			return &store.MetricExistsError{ARN: arn, Metric: m.Name}
		}
		if _, err := t.ExecContext(ctx, `INSERT INTO metric (attribution_arn, name, event_type, expression, summed, created) VALUES (?, ?, ?, ?, ?, ?)`,
			arn, m.Name, m.EventType, m.Expression, m.Of, millis(t.now)); err != nil {
			return err
		}
	}
	n, _, err := first[int](ctx, t, "SELECT count(*) FROM metric WHERE attribution_arn = ?", arn)
	if err == nil && n > bespoke.MaxMetrics {
		err = &store.LimitError{Quota: store.MetricQuota, Limit: bespoke.MaxMetrics}
	}
	return err
}

// MetricAttribution returns the attribution with this ARN, or a NotFoundError.
func (s *Store) MetricAttribution(ctx context.Context, arn bespoke.ARN) (bespoke.MetricAttribution, error) {
	return attributions.get(ctx, s.readers, arn)
}

// MetricAttributions returns a page of the attributions of a group, or of all if
// group is "", newest first, and the position to go on from, zero after the last
// page.
func (s *Store) MetricAttributions(ctx context.Context, group bespoke.ARN, p store.Page) ([]bespoke.MetricAttribution, store.Position, error) {
	return attributions.list(ctx, s.readers, "group_arn", group, p)
}

// Metrics returns a page of the metrics of an attribution, or of all if
// attribution is "".
func (s *Store) Metrics(ctx context.Context, attribution bespoke.ARN, p store.Page) ([]bespoke.Metric, store.Position, error) {
	return metrics.list(ctx, s.readers, "attribution_arn", attribution, p)
}

// UpdateMetricAttribution removes metrics, adds others and takes over a's role,
// path and key. Errors: NotFoundError, also for a metric to be removed,
// StateError, MetricExistsError, LimitError.
func (s *Store) UpdateMetricAttribution(ctx context.Context, a bespoke.MetricAttribution, add []bespoke.Metric, remove []string) error {
	return s.write(ctx, "update metric attribution", func(t *txn) error {
		if err := t.active(ctx, a.ARN); err != nil {
			return err
		}
		for _, name := range remove {
			res, err := t.ExecContext(ctx, "DELETE FROM metric WHERE attribution_arn = ? AND name = ?", a.ARN, name)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n == 0 {
				return &store.NoMetricError{ARN: a.ARN, Metric: name}
			}
		}
		if err := t.addMetrics(ctx, a.ARN, add); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, "UPDATE metric_attribution SET role_arn = ?, path = ?, kms_key_arn = ?, updated = ? WHERE arn = ?",
			a.RoleARN, a.Path, a.KMSKeyARN, millis(t.now), a.ARN)
		return err
	})
}

// DeleteMetricAttribution makes a settled attribution DELETE PENDING and queues
// the job that removes it. Errors: NotFoundError, StateError.
func (s *Store) DeleteMetricAttribution(ctx context.Context, arn bespoke.ARN) error {
	return s.write(ctx, "delete metric attribution", func(t *txn) error {
		if err := t.move(ctx, arn, bespoke.DeletePending, ""); err != nil {
			return err
		}
		return t.enqueue(ctx, arn)
	})
}

// keptAttributed is how long sums are kept, in seconds: 15 months.
const keptAttributed = 455 * 24 * 60 * 60

// Attribute adds sums to those that the group of a dataset has, unless those of
// the same part of it are there already, and forgets those that are too old.
// Errors: NotFoundError for the dataset.
func (s *Store) Attribute(ctx context.Context, from store.AttributedFrom, sums []store.Attributed) error {
	return s.write(ctx, "attribute", func(t *txn) error {
		d, err := datasets.get(ctx, t, from.DatasetARN)
		if err != nil {
			return err
		}
		place, _, err := first[int64](ctx, t, "SELECT place FROM attributed_to WHERE dataset_arn = ? AND what = ?", from.DatasetARN, from.Job)
		if err != nil || uint64(place) >= from.Place {
			return err
		}
		for _, a := range sums {
			if _, err := t.ExecContext(ctx, `INSERT INTO attributed (group_arn, start, metric, event_type, function, source, value) VALUES (?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT DO UPDATE SET value = value + excluded.value`,
				d.GroupARN, a.Start.Unix(), a.Metric, a.EventType, a.Function, a.Source, a.Value); err != nil {
				return err
			}
		}
		if _, err := t.ExecContext(ctx, "DELETE FROM attributed WHERE group_arn = ? AND start < ?", d.GroupARN, t.now.Unix()-keptAttributed); err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, `INSERT INTO attributed_to (dataset_arn, what, place) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET place = excluded.place`, from.DatasetARN, from.Job, int64(from.Place))
		return err
	})
}

// AttributedTo returns up to which number the individual records of a dataset
// are summed up.
func (s *Store) AttributedTo(ctx context.Context, dataset bespoke.ARN) (uint64, error) {
	place, _, err := first[int64](ctx, s.readers, "SELECT place FROM attributed_to WHERE dataset_arn = ? AND what = ''", dataset)
	if err != nil {
		err = fmt.Errorf("sqlite: attributed records of %s: %w", dataset, err)
	}
	return uint64(place), err
}

// Attributed returns the sums of a group whose windows begin from a time on and
// before another, in seconds since 1970, the newest first, limit at most.
func (s *Store) Attributed(ctx context.Context, group bespoke.ARN, from, to int64, limit int) ([]store.Attributed, error) {
	return s.attributed(ctx, `SELECT start, metric, event_type, function, source, value FROM attributed
		WHERE group_arn = ? AND start >= ? AND start < ? ORDER BY start DESC, metric, event_type, function, source LIMIT ?`, group, from, to, limit)
}

// AttributedTotals returns the sums of a group over all its windows.
func (s *Store) AttributedTotals(ctx context.Context, group bespoke.ARN) ([]store.Attributed, error) {
	return s.attributed(ctx, `SELECT min(start), metric, event_type, function, source, sum(value) FROM attributed
		WHERE group_arn = ? GROUP BY metric, event_type, function, source ORDER BY metric, event_type, function, source`, group)
}

func (s *Store) attributed(ctx context.Context, query string, args ...any) ([]store.Attributed, error) {
	rows, err := s.readers.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("sqlite: sums of metrics: %w", err)
	}
	defer rows.Close()
	var all []store.Attributed
	for rows.Next() {
		var a store.Attributed
		var start int64
		if err := rows.Scan(&start, &a.Metric, &a.EventType, &a.Function, &a.Source, &a.Value); err != nil {
			return nil, fmt.Errorf("sqlite: sums of metrics: %w", err)
		}
		a.Start = fromMillis(start * 1000)
		all = append(all, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("sqlite: sums of metrics: %w", err)
	}
	return all, nil
}

// AttributedSources returns the sources of a group's sums.
func (s *Store) AttributedSources(ctx context.Context, group bespoke.ARN) ([]string, error) {
	rows, err := s.readers.QueryContext(ctx, "SELECT DISTINCT source FROM attributed WHERE group_arn = ?", group)
	if err != nil {
		return nil, fmt.Errorf("sqlite: sources of metrics: %w", err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var source string
		if err := rows.Scan(&source); err != nil {
			return nil, fmt.Errorf("sqlite: sources of metrics: %w", err)
		}
		all = append(all, source)
	}
	return all, rows.Err()
}
