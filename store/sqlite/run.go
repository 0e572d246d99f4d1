package sqlite

import (
	"context"

	"bespoke"
	"bespoke/store"
)

// BeginRun notes that a run of an import job or of a solution version's training
// begins: what is CREATE PENDING becomes CREATE IN_PROGRESS. Its end goes with
// [Store.SuspendRun], if not with the job's; what neither came for was running when the
// process died. Errors: NotFoundError, StateError where it has ended.
func (s *Store) BeginRun(ctx context.Context, arn bespoke.ARN) error {
	return s.write(ctx, "begin run", func(t *txn) error {
		status, err := t.status(ctx, arn)
		switch {
		case err != nil:
			return err
		case status.Settled():
			return &store.StateError{ARN: arn, Status: status}
		case status == bespoke.CreatePending:
			if err := t.move(ctx, arn, bespoke.CreateInProgress, ""); err != nil {
				return err
			}
		}
		_, err = t.ExecContext(ctx, "UPDATE "+tables[arn.Kind()]+" SET begun = begun + 1 WHERE arn = ?", arn)
		return err
	})
}

// SuspendRun notes that the run which began last is over, whether its job has ended
// or is to be run again. Errors: NotFoundError.
func (s *Store) SuspendRun(ctx context.Context, arn bespoke.ARN) error {
	return s.write(ctx, "suspend run", func(t *txn) error {
		if _, err := t.status(ctx, arn); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, "UPDATE "+tables[arn.Kind()]+" SET begun = begun - 1 WHERE arn = ? AND begun > 0", arn)
		return err
	})
}
