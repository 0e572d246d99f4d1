package sqlite

import (
	"context"
	"fmt"
	"slices"

	"bespoke"
	"bespoke/store"
)

// tables says where resources of a kind are; kinds are as in ARNs.
var tables = map[string]string{
	"dataset-group":      groups.name,
	"schema":             schemas.name,
	"dataset":            datasets.name,
	"dataset-import-job": importJobs.name,
	"event-tracker":      trackers.name,
	"dataset-export-job": exportJobs.name,
	"solution":           solutions.name,
	"solution-version":   versions.name,
	"campaign":           campaigns.name,
	"metric-attribution": attributions.name,
	"data-deletion-job":  deletionJobs.name,
}

// Move takes a resource from one status to the next, with the reason if it
// fails. It is for the steps that the job of a resource takes; the first and
// last steps of updates, deletions, imports and exports, which change more than the
// status, have methods of their own, and Move refuses them. Errors:
// NotFoundError, StateError if the status is not from.
func (s *Store) Move(ctx context.Context, arn bespoke.ARN, from, to bespoke.Status, reason string) error {
	if !plain(arn, from, to) {
		return fmt.Errorf("sqlite: %s cannot move from %s to %s by itself", arn, from, to)
	}
	return s.write(ctx, "change status", func(t *txn) error {
		if err := t.move(ctx, arn, to, reason, from); err != nil {
			return err
		}
		if to != bespoke.UpdateInProgress {
			return nil
		}
		_, err := t.ExecContext(ctx, "UPDATE dataset SET update_status = ?, update_updated = ? WHERE arn = ?", to, millis(t.now), arn)
		return err
	})
}

// finished are the kinds whose creation ends by a method of their own.
var finished = []string{"dataset-import-job", "dataset-export-job", "solution-version", "campaign"}

// plain reports whether the step changes nothing but the status.
func plain(arn bespoke.ARN, from, to bespoke.Status) bool {
	switch to {
	case bespoke.CreateInProgress, bespoke.DeleteInProgress:
		return from.Can(to) && arn.Kind() != "dataset-export-job"
	case bespoke.UpdateInProgress:
		return from.Can(to) && arn.Kind() == "dataset"
	case bespoke.Active, bespoke.CreateFailed:
		creating := from == bespoke.CreatePending || from == bespoke.CreateInProgress
		return creating && from.Can(to) && !slices.Contains(finished, arn.Kind())
	case bespoke.CreateStopped:
		return from == bespoke.CreateStopping
	}
	return false
}

// GiveUp ends, with a reason, whatever is under way for a resource and cannot be
// completed: a creation or an import ends CREATE FAILED, the update of a
// dataset, solution or campaign as [Store.FinishUpdate] has it. A version that was
// being stopped is CREATE STOPPED. A settled resource stays as it is.
// Errors: NotFoundError, StateError for a deletion, which has no way to fail.
func (s *Store) GiveUp(ctx context.Context, arn bespoke.ARN, reason string) error {
	return s.write(ctx, "give up", func(t *txn) error {
		status, err := t.status(ctx, arn)
		switch {
		case err != nil:
			return err
		case status.Settled():
			return t.giveUpUpdate(ctx, arn, reason)
		case status == bespoke.UpdatePending, status == bespoke.UpdateInProgress:
			return t.finishUpdate(ctx, arn, reason)
		case arn.Kind() == "dataset-import-job":
			return t.finishImport(ctx, arn, reason)
		case arn.Kind() == "data-deletion-job":
			return t.move(ctx, arn, bespoke.Failed, reason)
		case status == bespoke.CreateStopping:
			return t.move(ctx, arn, bespoke.CreateStopped, "")
		}
		return t.move(ctx, arn, bespoke.CreateFailed, reason)
	})
}

// giveUpUpdate ends the update of a solution or campaign, if one is under way.
func (t *txn) giveUpUpdate(ctx context.Context, arn bespoke.ARN, reason string) error {
	switch kind := arn.Kind(); kind {
	case "solution", "campaign":
		_, updating, err := first[int64](ctx, t, "SELECT id FROM "+tables[kind]+" WHERE arn = ? AND "+underUpdate, arn)
		if err != nil || !updating {
			return err
		}
		return t.finishUpdate(ctx, arn, reason)
	}
	return nil
}

// FinishDelete removes a resource that is being deleted, with its tags; a
// dataset takes its import and export jobs along, a solution its versions. Errors: NotFoundError,
// StateError.
func (s *Store) FinishDelete(ctx context.Context, arn bespoke.ARN) error {
	return s.write(ctx, "finish deletion", func(t *txn) error {
		status, err := t.status(ctx, arn)
		if err != nil {
			return err
		}
		if status != bespoke.DeletePending && status != bespoke.DeleteInProgress {
			return &store.StateError{ARN: arn, Status: status}
		}
		if _, err := t.ExecContext(ctx, `DELETE FROM tag
			WHERE arn = ?1 OR arn IN (SELECT arn FROM import_job WHERE dataset_arn = ?1)
				OR arn IN (SELECT arn FROM export_job WHERE dataset_arn = ?1)
				OR arn IN (SELECT arn FROM deletion_job WHERE group_arn = ?1)
				OR arn IN (SELECT arn FROM solution_version WHERE solution_arn = ?1)`, arn); err != nil {
			return err
		}
		_, err = t.ExecContext(ctx, "DELETE FROM "+tables[arn.Kind()]+" WHERE arn = ?", arn)
		return err
	})
}

// move changes a status if it is one of from, or any if there are none, and
// the life cycle allows it.
func (t *txn) move(ctx context.Context, arn bespoke.ARN, to bespoke.Status, reason string, from ...bespoke.Status) error {
	status, err := t.status(ctx, arn)
	if err != nil {
		return err
	}
	if len(from) > 0 && !slices.Contains(from, status) || !status.Can(to) {
		return &store.StateError{ARN: arn, Status: status}
	}
	_, err = t.ExecContext(ctx, "UPDATE "+tables[arn.Kind()]+" SET status = ?, failure_reason = ?, updated = ? WHERE arn = ?",
		to, reason, millis(t.now), arn)
	return err
}

// active returns a StateError if the resource is not ACTIVE.
func (t *txn) active(ctx context.Context, arn bespoke.ARN) error {
	status, err := t.status(ctx, arn)
	if err == nil && status != bespoke.Active {
		err = &store.StateError{ARN: arn, Status: status}
	}
	return err
}

func (t *txn) status(ctx context.Context, arn bespoke.ARN) (bespoke.Status, error) {
	table, ok := tables[arn.Kind()]
	if !ok || table == schemas.name {
		return "", &store.NotFoundError{ARN: arn}
	}
	status, ok, err := first[bespoke.Status](ctx, t, "SELECT status FROM "+table+" WHERE arn = ?", arn)
	if err == nil && !ok {
		err = &store.NotFoundError{ARN: arn}
	}
	return status, err
}
