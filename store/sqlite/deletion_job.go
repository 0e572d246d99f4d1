package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bespoke"
	"bespoke/store"
)

var deletionJobs = table[bespoke.DeletionJob]{
	name:    "deletion_job",
	columns: "id, created, updated, arn, name, group_arn, location, role_arn, num_deleted, status, failure_reason",
	scan: func(scan func(...any) error) (j bespoke.DeletionJob, pos store.Position, err error) {
		var created, updated int64
		err = scan(&pos.ID, &created, &updated, &j.ARN, &j.Name, &j.GroupARN, &j.Location, &j.RoleARN, &j.NumDeleted, &j.Status, &j.FailureReason)
		j.Created, j.Updated = fromMillis(created), fromMillis(updated)
		pos.Created = j.Created
		return j, pos, err
	},
}

// unfinishedDeletions selects a group's unfinished deletion jobs, oldest first.
const unfinishedDeletions = "SELECT arn FROM deletion_job WHERE group_arn = ? AND status IN ('PENDING', 'IN_PROGRESS') ORDER BY id"

// CreateDeletionJob stores a deletion job as PENDING, with its tags and the job
// to run it. Limit is the most jobs of a group that may be PENDING, 0 for any
// number. Errors: NotFoundError and StateError for the group, ExistsError,
// LimitError.
func (s *Store) CreateDeletionJob(ctx context.Context, j bespoke.DeletionJob, tags []bespoke.Tag, limit int) error {
	return s.write(ctx, "create deletion job", func(t *txn) error {
		if err := t.free(ctx, deletionJobs.name, j.ARN); err != nil {
			return err
		}
		if err := t.active(ctx, j.GroupARN); err != nil {
			return err
		}
		n, _, err := first[int](ctx, t, "SELECT count(*) FROM deletion_job WHERE group_arn = ? AND status = 'PENDING'", j.GroupARN)
		if err != nil {
			return err
		}
		if limit > 0 && n >= limit {
			return &store.LimitError{Quota: store.DeletionJobQuota, Limit: limit}
		}
		if _, err := t.ExecContext(ctx, `INSERT INTO deletion_job
			(arn, name, group_arn, location, role_arn, status, failure_reason, created, updated) VALUES (?, ?, ?, ?, ?, ?, '', ?, ?)`,
			j.ARN, j.Name, j.GroupARN, j.Location, j.RoleARN, bespoke.Pending, millis(t.now), millis(t.now)); err != nil {
			return err
		}
		if err := t.tag(ctx, j.ARN, tags); err != nil {
			return err
		}
		return t.enqueue(ctx, j.ARN)
	})
}

// DeletionJob returns the deletion job with this ARN, or a NotFoundError.
func (s *Store) DeletionJob(ctx context.Context, arn bespoke.ARN) (bespoke.DeletionJob, error) {
	return deletionJobs.get(ctx, s.readers, arn)
}

// DeletionJobs returns a page of the deletion jobs of a group, or of all if
// group is "", newest first, and the position to go on from, zero after the last
// page.
func (s *Store) DeletionJobs(ctx context.Context, group bespoke.ARN, p store.Page) ([]bespoke.DeletionJob, store.Position, error) {
	return deletionJobs.list(ctx, s.readers, "group_arn", group, p)
}

// BeginDeletionJob makes a PENDING deletion job IN_PROGRESS. Errors:
// NotFoundError, StateError.
func (s *Store) BeginDeletionJob(ctx context.Context, arn bespoke.ARN) error {
	return s.write(ctx, "begin deletion job", func(t *txn) error { return t.move(ctx, arn, bespoke.InProgress, "", bespoke.Pending) })
}

// FinishDeletionJob makes a deletion job COMPLETED, with how many records it has
// deleted, or, with a reason, FAILED. Errors: NotFoundError, StateError.
func (s *Store) FinishDeletionJob(ctx context.Context, arn bespoke.ARN, deleted int64, reason string) error {
	return s.write(ctx, "finish deletion job", func(t *txn) error {
		to := bespoke.Completed
		if reason != "" {
			to, deleted = bespoke.Failed, 0
		}
		if err := t.move(ctx, arn, to, reason); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, "UPDATE deletion_job SET num_deleted = ? WHERE arn = ?", deleted, arn)
		return err
	})
}

// Withhold replaces the failure reason of an import job that has ended, in which
// there may be values of its rows. Errors: NotFoundError.
func (s *Store) Withhold(ctx context.Context, job bespoke.ARN, reason string) error {
	return s.write(ctx, "withhold", func(t *txn) error {
		if err := known(ctx, t, job); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, "UPDATE import_job SET failure_reason = ? WHERE arn = ? AND failure_reason <> ''", reason, job)
		return err
	})
}

// Scrub writes the database anew, so that nothing of what was deleted or replaced
// is left in its files. It waits for readers.
func (s *Store) Scrub(ctx context.Context) error {
	if _, err := s.writer.ExecContext(ctx, "VACUUM"); err != nil {
		return fmt.Errorf("sqlite: scrub: %w", err)
	}
	for {
		var busy, written, moved int
		if err := s.writer.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &written, &moved); err != nil {
			return fmt.Errorf("sqlite: scrub: %w", err)
		}
		if busy == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(errors.New("sqlite: scrub: the database is being read"), context.Cause(ctx))
		case <-time.After(50 * time.Millisecond):
		}
	}
}
