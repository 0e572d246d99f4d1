package sqlite

import (
	"context"

	"bespoke"
	"bespoke/store"
)

var exportJobs = table[bespoke.ExportJob]{
	name: "export_job",
	columns: `id, created, updated, arn, name, dataset_arn, ingestion_mode, role_arn, path, kms_key_arn, snapshot,
		rows, bytes, parts, status, failure_reason`,
	scan: func(scan func(...any) error) (j bespoke.ExportJob, pos store.Position, err error) {
		var created, updated int64
		err = scan(&pos.ID, &created, &updated, &j.ARN, &j.Name, &j.DatasetARN, &j.IngestionMode, &j.RoleARN, &j.Path, &j.KMSKeyARN, &j.Snapshot,
			&j.Written.Rows, &j.Written.Bytes, &j.Written.Parts, &j.Status, &j.FailureReason)
		j.Created, j.Updated = fromMillis(created), fromMillis(updated)
		pos.Created = j.Created
		return j, pos, err
	},
}

// unfinishedExports selects a dataset's unfinished export jobs, oldest first.
const unfinishedExports = `SELECT arn FROM export_job
	WHERE dataset_arn = ? AND status IN ('CREATE PENDING', 'CREATE IN_PROGRESS') ORDER BY id`

// CreateExportJob stores an export job as CREATE PENDING, with its tags and the
// job to run it. Limit is the most jobs that may be unfinished, 0 for any number.
// Errors: NotFoundError and StateError for the dataset, ExistsError, LimitError.
func (s *Store) CreateExportJob(ctx context.Context, j bespoke.ExportJob, tags []bespoke.Tag, limit int) error {
	return s.write(ctx, "create export job", func(t *txn) error {
		if err := t.free(ctx, exportJobs.name, j.ARN); err != nil {
			return err
		}
		if err := t.active(ctx, j.DatasetARN); err != nil {
			return err
		}
		if err := t.below(ctx, store.ExportJobQuota, limit,
			"SELECT count(*) FROM export_job WHERE status IN ('CREATE PENDING', 'CREATE IN_PROGRESS')"); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `INSERT INTO export_job
			(arn, name, dataset_arn, ingestion_mode, role_arn, path, kms_key_arn, status, failure_reason, created, updated)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?)`,
			j.ARN, j.Name, j.DatasetARN, j.IngestionMode, j.RoleARN, j.Path, j.KMSKeyARN,
			bespoke.CreatePending, millis(t.now), millis(t.now)); err != nil {
			return err
		}
		if err := t.tag(ctx, j.ARN, tags); err != nil {
			return err
		}
		return t.enqueue(ctx, j.ARN)
	})
}

// ExportJob returns the export job with this ARN, or a NotFoundError.
func (s *Store) ExportJob(ctx context.Context, arn bespoke.ARN) (bespoke.ExportJob, error) {
	return exportJobs.get(ctx, s.readers, arn)
}

// ExportJobs returns a page of the export jobs of a dataset, or of all if
// dataset is "", newest first, and the position to go on from, zero after the
// last page.
func (s *Store) ExportJobs(ctx context.Context, dataset bespoke.ARN, p store.Page) ([]bespoke.ExportJob, store.Position, error) {
	return exportJobs.list(ctx, s.readers, "dataset_arn", dataset, p)
}

// BeginExportJob makes a CREATE PENDING export job CREATE IN_PROGRESS, with the
// snapshot that it writes. Errors: NotFoundError, StateError.
func (s *Store) BeginExportJob(ctx context.Context, arn bespoke.ARN, snapshot int64) error {
	return s.write(ctx, "begin export job", func(t *txn) error {
		if err := t.move(ctx, arn, bespoke.CreateInProgress, ""); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, "UPDATE export_job SET snapshot = ? WHERE arn = ?", snapshot, arn)
		return err
	})
}

// FinishExportJob makes an export job that is CREATE IN_PROGRESS ACTIVE, with
// what it has written, or, with a reason, CREATE FAILED. Errors: NotFoundError,
// StateError.
func (s *Store) FinishExportJob(ctx context.Context, arn bespoke.ARN, w bespoke.Written, reason string) error {
	return s.write(ctx, "finish export job", func(t *txn) error {
		to := bespoke.Active
		if reason != "" {
			to = bespoke.CreateFailed
		}
		if err := t.move(ctx, arn, to, reason, bespoke.CreateInProgress); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, "UPDATE export_job SET rows = ?, bytes = ?, parts = ? WHERE arn = ?", w.Rows, w.Bytes, w.Parts, arn)
		return err
	})
}
