package sqlite

import (
	"context"
	"database/sql"
	"strings"

	"bespoke"
	"bespoke/store"
)

var datasets = table[bespoke.Dataset]{
	name: "dataset",
	columns: `id, created, updated, arn, name, group_arn, schema_arn, type, status, tracking_id, imported,
		update_schema, update_status, update_reason, update_created, update_updated`,
	scan: func(scan func(...any) error) (d bespoke.Dataset, pos store.Position, err error) {
		var created, updated int64
		var schema, status, reason sql.NullString
		var began, changed sql.NullInt64
		err = scan(&pos.ID, &created, &updated, &d.ARN, &d.Name, &d.GroupARN, &d.SchemaARN, &d.Type, &d.Status, &d.TrackingID, &d.Imported,
			&schema, &status, &reason, &began, &changed)
		d.Created, d.Updated = fromMillis(created), fromMillis(updated)
		pos.Created = d.Created
		if status.Valid {
			d.Update = &bespoke.DatasetUpdate{
				SchemaARN:     bespoke.ARN(schema.String),
				Status:        bespoke.Status(status.String),
				FailureReason: reason.String,
				Times:         bespoke.Times{Created: fromMillis(began.Int64), Updated: fromMillis(changed.Int64)},
			}
		}
		return d, pos, err
	},
}

// CreateDataset stores a dataset as CREATE PENDING, with its tags and the job
// to bring it up. Errors: NotFoundError for the group or the schema,
// StateError for a group that is not ACTIVE, ExistsError.
func (s *Store) CreateDataset(ctx context.Context, d bespoke.Dataset, tags []bespoke.Tag) error {
	return s.write(ctx, "create dataset", func(t *txn) error {
		if err := t.active(ctx, d.GroupARN); err != nil {
			return err
		}
		if _, err := schemas.get(ctx, t, d.SchemaARN); err != nil {
			return err
		}
		if err := t.free(ctx, datasets.name, d.ARN); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `INSERT INTO dataset
			(arn, name, group_arn, schema_arn, type, status, failure_reason, tracking_id, imported, created, updated)
			VALUES (?, ?, ?, ?, ?, ?, '', ?, 0, ?, ?)`,
			d.ARN, d.Name, d.GroupARN, d.SchemaARN, d.Type, bespoke.CreatePending, d.TrackingID, millis(t.now), millis(t.now)); err != nil {
			return err
		}
		if err := t.tag(ctx, d.ARN, tags); err != nil {
			return err
		}
		return t.enqueue(ctx, d.ARN)
	})
}

// Dataset returns the dataset with this ARN, or a NotFoundError.
func (s *Store) Dataset(ctx context.Context, arn bespoke.ARN) (bespoke.Dataset, error) {
	return datasets.get(ctx, s.readers, arn)
}

// Datasets returns a page of the datasets of a group, or of all datasets if
// group is "", newest first, and the position to go on from, zero after the
// last page. A group that does not exist has no datasets.
func (s *Store) Datasets(ctx context.Context, group bespoke.ARN, p store.Page) ([]bespoke.Dataset, store.Position, error) {
	return datasets.list(ctx, s.readers, "group_arn", group, p)
}

// UpdateDataset makes an ACTIVE dataset UPDATE PENDING, to get another schema,
// and queues the job that does it. Errors: NotFoundError for the dataset or
// the schema, StateError, InUseError naming an unfinished import job.
func (s *Store) UpdateDataset(ctx context.Context, arn, schema bespoke.ARN) error {
	return s.write(ctx, "update dataset", func(t *txn) error {
		if err := t.move(ctx, arn, bespoke.UpdatePending, ""); err != nil {
			return err
		}
		if _, err := schemas.get(ctx, t, schema); err != nil {
			return err
		}
		if err := t.unused(ctx, arn, unfinished, arn); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `UPDATE dataset
			SET update_schema = ?, update_status = ?, update_reason = '', update_created = ?, update_updated = ? WHERE arn = ?`,
			schema, bespoke.UpdatePending, millis(t.now), millis(t.now), arn); err != nil {
			return err
		}
		return t.enqueue(ctx, arn)
	})
}

// FinishUpdate ends the update of a dataset, solution or campaign. With reason
// "" it has the new schema or settings from now on; otherwise it keeps the old
// ones, and its update shows CREATE FAILED and the reason. Errors:
// NotFoundError, StateError.
func (s *Store) FinishUpdate(ctx context.Context, arn bespoke.ARN, reason string) error {
	return s.write(ctx, "finish dataset update", func(t *txn) error { return t.finishUpdate(ctx, arn, reason) })
}

func (t *txn) finishUpdate(ctx context.Context, arn bespoke.ARN, reason string) error {
	switch arn.Kind() {
	case "solution":
		return t.finishSolutionUpdate(ctx, arn, reason)
	case "campaign":
		return t.finishCampaignUpdate(ctx, arn, reason)
	}
	from, outcome := []bespoke.Status{bespoke.UpdateInProgress}, bespoke.Active
	if reason != "" {
		from, outcome = append(from, bespoke.UpdatePending), bespoke.CreateFailed
	}
	if err := t.move(ctx, arn, bespoke.Active, "", from...); err != nil {
		return err
	}
	_, err := t.ExecContext(ctx, `UPDATE dataset
		SET schema_arn = CASE WHEN ?2 = '' THEN update_schema ELSE schema_arn END,
			update_status = ?1, update_reason = ?2, update_updated = ?3
		WHERE arn = ?4`, outcome, reason, millis(t.now), arn)
	return err
}

// DeleteDataset makes a settled dataset DELETE PENDING and queues the job that
// removes it. Errors: NotFoundError, StateError, InUseError naming an
// unfinished import, export or data deletion job, a solution version in training or a campaign
// of its group, for interactions the group's event tracker, or a metric
// attribution that sums up the dataset's columns or, as all do, counts
// interactions.
func (s *Store) DeleteDataset(ctx context.Context, arn bespoke.ARN) error {
	return s.write(ctx, "delete dataset", func(t *txn) error {
		if err := t.move(ctx, arn, bespoke.DeletePending, ""); err != nil {
			return err
		}
		for _, jobs := range []string{unfinished, unfinishedExports} {
			if err := t.unused(ctx, arn, jobs, arn); err != nil {
				return err
			}
		}
		if err := t.unused(ctx, arn, `SELECT t.arn FROM event_tracker t JOIN dataset d ON d.group_arn = t.group_arn
			WHERE d.arn = ? AND d.type = 'INTERACTIONS'`, arn); err != nil {
			return err
		}
		if err := t.unused(ctx, arn, `SELECT a.arn FROM metric_attribution a JOIN dataset d ON d.group_arn = a.group_arn
			WHERE d.arn = ? AND (d.type = 'INTERACTIONS'
				OR EXISTS (SELECT 1 FROM metric m WHERE m.attribution_arn = a.arn AND m.summed = d.type))`, arn); err != nil {
			return err
		}
		if err := t.unused(ctx, arn, strings.Replace(unfinishedDeletions, "?", "(SELECT group_arn FROM dataset WHERE arn = ?)", 1), arn); err != nil {
			return err
		}
		const group = "(SELECT group_arn FROM dataset WHERE arn = ?)"
		if err := t.unused(ctx, arn, "SELECT arn FROM solution_version WHERE group_arn = "+group+" AND status IN "+unfinishedVersion+" ORDER BY id", arn); err != nil {
			return err
		}
		if err := t.unused(ctx, arn, "SELECT arn FROM campaign WHERE group_arn = "+group+" ORDER BY id", arn); err != nil {
			return err
		}
		return t.enqueue(ctx, arn)
	})
}
