package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"bespoke"
	"bespoke/store"
)

var importJobs = table[bespoke.ImportJob]{
	name: "import_job",
	columns: `id, created, updated, arn, name, dataset_arn, location, role_arn, caller_arn, mode, publish_metrics,
		status, failure_reason, begun`,
	scan: func(scan func(...any) error) (j bespoke.ImportJob, pos store.Position, err error) {
		var created, updated int64
		err = scan(&pos.ID, &created, &updated, &j.ARN, &j.Name, &j.DatasetARN, &j.Location, &j.RoleARN, &j.CallerARN, &j.Mode, &j.PublishMetrics,
			&j.Status, &j.FailureReason, &j.Begun)
		j.Created, j.Updated = fromMillis(created), fromMillis(updated)
		pos.Created = j.Created
		return j, pos, err
	},
}

// unfinished selects a dataset's unfinished import jobs, oldest first.
const unfinished = `SELECT arn FROM import_job
	WHERE dataset_arn = ? AND status IN ('CREATE PENDING', 'CREATE IN_PROGRESS') ORDER BY id`

// CreateImportJob stores an import job as CREATE PENDING, with its objects, its
// tags and the job to run it. Limit is the most jobs that may be unfinished, 0
// for any number. Errors: NotFoundError and StateError for the dataset,
// NotImportedError, ExistsError, LimitError.
func (s *Store) CreateImportJob(ctx context.Context, j bespoke.ImportJob, tags []bespoke.Tag, limit int) error {
	objects, err := encodeObjects(j.Objects)
	if err != nil {
		return fmt.Errorf("sqlite: create import job: %w", err)
	}
	return s.write(ctx, "create import job", func(t *txn) error {
		if err := t.free(ctx, importJobs.name, j.ARN); err != nil {
			return err
		}
		if err := t.active(ctx, j.DatasetARN); err != nil {
			return err
		}
		d, err := datasets.get(ctx, t, j.DatasetARN)
		if err != nil {
			return err
		}
		if j.Mode == bespoke.Incremental && !d.Imported {
			return &store.NotImportedError{ARN: d.ARN}
		}
		if err := t.below(ctx, store.ImportJobQuota, limit,
			"SELECT count(*) FROM import_job WHERE status IN ('CREATE PENDING', 'CREATE IN_PROGRESS')"); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `INSERT INTO import_job
			(arn, name, dataset_arn, location, role_arn, caller_arn, mode, publish_metrics, status, failure_reason, created, updated)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?)`,
			j.ARN, j.Name, j.DatasetARN, j.Location, j.RoleARN, j.CallerARN, j.Mode, j.PublishMetrics,
			bespoke.CreatePending, millis(t.now), millis(t.now)); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, "INSERT INTO import_detail (job_id, objects) SELECT id, ? FROM import_job WHERE arn = ?", objects, j.ARN); err != nil {
			return err
		}
		if err := t.tag(ctx, j.ARN, tags); err != nil {
			return err
		}
		return t.enqueue(ctx, j.ARN)
	})
}

// ImportJob returns the import job with this ARN, with its objects, or a
// NotFoundError.
func (s *Store) ImportJob(ctx context.Context, arn bespoke.ARN) (bespoke.ImportJob, error) {
	j, err := importJobs.get(ctx, s.readers, arn)
	if err != nil {
		return j, err
	}
	text, ok, err := s.detail(ctx, "objects", arn)
	if err != nil {
		return j, err
	}
	if !ok { // deleted between the two reads
		return j, &store.NotFoundError{ARN: arn}
	}
	if j.Objects, err = decodeObjects(text); err != nil {
		return j, fmt.Errorf("sqlite: objects of %s: %w", arn, err)
	}
	return j, nil
}

// ImportJobs returns a page of the import jobs of a dataset, or of all if
// dataset is "", newest first and without their objects, and the position to
// go on from, zero after the last page.
func (s *Store) ImportJobs(ctx context.Context, dataset bespoke.ARN, p store.Page) ([]bespoke.ImportJob, store.Position, error) {
	return importJobs.list(ctx, s.readers, "dataset_arn", dataset, p)
}

// NextImportJob returns the oldest unfinished import job of a dataset, the one
// whose turn it is: jobs run one after another in the order of acceptance.
// When one finishes, the next one's job is queued again, so that a job that
// came too early can simply return. There is none if ok is false.
func (s *Store) NextImportJob(ctx context.Context, dataset bespoke.ARN) (arn bespoke.ARN, ok bool, err error) {
	arn, ok, err = first[bespoke.ARN](ctx, s.readers, unfinished, dataset)
	if err != nil {
		err = fmt.Errorf("sqlite: next import job: %w", err)
	}
	return arn, ok, err
}

// FinishImportJob makes an import job ACTIVE and marks its dataset as
// imported, or, with a reason, makes it CREATE FAILED. Then it queues the next
// job of the dataset. Errors: NotFoundError, StateError.
func (s *Store) FinishImportJob(ctx context.Context, arn bespoke.ARN, reason string) error {
	return s.write(ctx, "finish import job", func(t *txn) error { return t.finishImport(ctx, arn, reason) })
}

func (t *txn) finishImport(ctx context.Context, arn bespoke.ARN, reason string) error {
	j, err := importJobs.get(ctx, t, arn)
	if err != nil {
		return err
	}
	to := bespoke.Active
	if reason != "" {
		to = bespoke.CreateFailed
	}
	if err := t.move(ctx, arn, to, reason); err != nil {
		return err
	}
	if to == bespoke.Active {
		if _, err := t.ExecContext(ctx, "UPDATE dataset SET imported = 1, updated = ? WHERE arn = ?", millis(t.now), j.DatasetARN); err != nil {
			return err
		}
	}
	next, ok, err := first[bespoke.ARN](ctx, t, unfinished, j.DatasetARN)
	if err != nil || !ok {
		return err
	}
	return t.enqueue(ctx, next)
}

// SaveReport stores an import job's report in place of an earlier one. Errors:
// NotFoundError.
func (s *Store) SaveReport(ctx context.Context, arn bespoke.ARN, r store.Report) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("sqlite: save report: %w", err)
	}
	return s.write(ctx, "save report", func(t *txn) error {
		if err := known(ctx, t, arn); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, "UPDATE import_detail SET report = ? WHERE job_id = (SELECT id FROM import_job WHERE arn = ?)", string(text), arn)
		return err
	})
}

// Report returns an import job's report; ok is false while it has none.
// Errors: NotFoundError.
func (s *Store) Report(ctx context.Context, arn bespoke.ARN) (r store.Report, ok bool, err error) {
	if err := known(ctx, s.readers, arn); err != nil {
		return r, false, err
	}
	text, ok, err := s.detail(ctx, "report", arn)
	if err != nil || !ok {
		return r, false, err
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return r, false, fmt.Errorf("sqlite: report of %s: %w", arn, err)
	}
	return r, true, nil
}

// detail reads a column of import_detail; ok is false if it is NULL.
func (s *Store) detail(ctx context.Context, column string, arn bespoke.ARN) (string, bool, error) {
	text, ok, err := first[string](ctx, s.readers, "SELECT "+column+` FROM import_detail
		WHERE job_id = (SELECT id FROM import_job WHERE arn = ?) AND `+column+" IS NOT NULL", arn)
	if err != nil {
		err = fmt.Errorf("sqlite: %s of %s: %w", column, arn, err)
	}
	return text, ok, err
}

// object is how a bespoke.Object is stored.
type object struct {
	Bucket string `json:"bucket"`
	Key    string `json:"key"`
	ETag   string `json:"etag"`
	Size   int64  `json:"size"`
}

func encodeObjects(objects []bespoke.Object) (string, error) {
	out := make([]object, len(objects))
	for i, o := range objects {
		out[i] = object(o)
	}
	text, err := json.Marshal(out)
	return string(text), err
}

func decodeObjects(text string) ([]bespoke.Object, error) {
	var in []object
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return nil, err
	}
	out := make([]bespoke.Object, len(in))
	for i, o := range in {
		out[i] = bespoke.Object(o)
	}
	return out, nil
}

// known returns a NotFoundError if there is no such import job.
func known(ctx context.Context, q querier, arn bespoke.ARN) error {
	_, ok, err := first[int64](ctx, q, "SELECT id FROM import_job WHERE arn = ?", arn)
	if err == nil && !ok {
		err = &store.NotFoundError{ARN: arn}
	}
	return err
}
