package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"bespoke"
	"bespoke/store"
)

var solutions = table[bespoke.Solution]{
	name: "solution",
	columns: `id, created, updated, arn, name, group_arn, recipe_arn, perform_hpo, event_type, config, train_every, next_training,
		status, failure_reason, update_auto, update_sent, update_config, update_every, update_status, update_reason, update_created, update_updated`,
	scan: func(scan func(...any) error) (v bespoke.Solution, pos store.Position, err error) {
		var created, updated, every, due int64
		var auto, period, began, changed sql.NullInt64
		var sent, config, status, reason sql.NullString
		err = scan(&pos.ID, &created, &updated, &v.ARN, &v.Name, &v.GroupARN, &v.RecipeARN, &v.PerformHPO, &v.EventType, &v.Config, &every, &due,
			&v.Status, &v.FailureReason, &auto, &sent, &config, &period, &status, &reason, &began, &changed)
		v.Created, v.Updated = fromMillis(created), fromMillis(updated)
		v.TrainEvery = time.Duration(every) * time.Millisecond
		if due > 0 {
			v.NextTraining = fromMillis(due)
		}
		pos.Created = v.Created
		if status.Valid {
			v.Update = &bespoke.SolutionUpdate{
				Sent: sent.String, Config: config.String, TrainEvery: time.Duration(period.Int64) * time.Millisecond,
				Status: bespoke.Status(status.String), FailureReason: reason.String,
				Times: bespoke.Times{Created: fromMillis(began.Int64), Updated: fromMillis(changed.Int64)},
			}
			if auto.Int64 >= 0 {
				v.Update.PerformAutoTraining = new(auto.Int64 == 1)
			}
		}
		return v, pos, err
	},
}

// underUpdate are the statuses of an update that has not ended.
const underUpdate = `update_status IN ('CREATE PENDING', 'CREATE IN_PROGRESS')`

// CreateSolution stores a solution as CREATE PENDING, with its tags and the job
// to bring it up. Where it trains by itself, the first training is due after
// bespoke.FirstTraining. Limit is the most solutions that its group may have, 0
// for any number. Errors: NotFoundError and StateError for the group,
// ExistsError, LimitError.
func (s *Store) CreateSolution(ctx context.Context, v bespoke.Solution, tags []bespoke.Tag, limit int) error {
	return s.write(ctx, "create solution", func(t *txn) error {
		if err := t.free(ctx, solutions.name, v.ARN); err != nil {
			return err
		}
		if err := t.active(ctx, v.GroupARN); err != nil {
			return err
		}
		if err := t.below(ctx, store.SolutionQuota, limit, "SELECT count(*) FROM solution WHERE group_arn = ?", v.GroupARN); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `INSERT INTO solution
			(arn, name, group_arn, recipe_arn, perform_hpo, event_type, config, train_every, next_training, status, failure_reason, created, updated)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?)`,
			v.ARN, v.Name, v.GroupARN, v.RecipeARN, v.PerformHPO, v.EventType, v.Config, v.TrainEvery.Milliseconds(), t.firstTraining(v.TrainEvery),
			bespoke.CreatePending, millis(t.now), millis(t.now)); err != nil {
			return err
		}
		if err := t.tag(ctx, v.ARN, tags); err != nil {
			return err
		}
		return t.enqueue(ctx, v.ARN)
	})
}

// firstTraining is when a schedule that begins now trains first, 0 for never.
func (t *txn) firstTraining(every time.Duration) int64 {
	if every == 0 {
		return 0
	}
	return millis(t.now.Add(bespoke.FirstTraining))
}

// Solution returns the solution with this ARN, or a NotFoundError.
func (s *Store) Solution(ctx context.Context, arn bespoke.ARN) (bespoke.Solution, error) {
	return solutions.get(ctx, s.readers, arn)
}

// Solutions returns a page of the solutions of a group, or of all if group is
// "", newest first, and the position to go on from, zero after the last page.
func (s *Store) Solutions(ctx context.Context, group bespoke.ARN, p store.Page) ([]bespoke.Solution, store.Position, error) {
	return solutions.list(ctx, s.readers, "group_arn", group, p)
}

// DueSolutions returns the ACTIVE solutions whose automatic training is due and
// of which no version is being trained.
func (s *Store) DueSolutions(ctx context.Context) ([]bespoke.Solution, error) {
	const most = 1000
	due, _, err := solutions.page(ctx, s.readers, most, "SELECT "+solutions.columns+` FROM solution
		WHERE next_training > 0 AND next_training <= ? AND status = 'ACTIVE' AND NOT EXISTS (
			SELECT 1 FROM solution_version AS v WHERE v.solution_arn = solution.arn AND v.status IN `+unfinishedVersion+`)
		ORDER BY next_training`, millis(s.clock()))
	if err != nil {
		err = fmt.Errorf("sqlite: due solutions: %w", err)
	}
	return due, err
}

// PostponeTraining makes automatic training due after another period. Errors:
// NotFoundError.
func (s *Store) PostponeTraining(ctx context.Context, arn bespoke.ARN) error {
	return s.write(ctx, "postpone training", func(t *txn) error {
		if _, err := t.status(ctx, arn); err != nil {
			return err
		}
		return t.trainedNow(ctx, arn)
	})
}

// trainedNow counts a solution's period from now.
func (t *txn) trainedNow(ctx context.Context, arn bespoke.ARN) error {
	_, err := t.ExecContext(ctx, "UPDATE solution SET next_training = ? + train_every WHERE arn = ? AND train_every > 0", millis(t.now), arn)
	return err
}

// UpdateSolution begins an update of an ACTIVE solution, with the job that ends
// it. Errors: NotFoundError, StateError for a solution that is not ACTIVE or
// is being updated.
func (s *Store) UpdateSolution(ctx context.Context, arn bespoke.ARN, u bespoke.SolutionUpdate) error {
	return s.write(ctx, "update solution", func(t *txn) error {
		if err := t.active(ctx, arn); err != nil {
			return err
		}
		if err := t.notUpdating(ctx, arn); err != nil {
			return err
		}
		auto := -1
		if u.PerformAutoTraining != nil {
			if auto = 0; *u.PerformAutoTraining {
				auto = 1
			}
		}
		if _, err := t.ExecContext(ctx, `UPDATE solution SET update_auto = ?, update_sent = ?, update_config = ?, update_every = ?,
			update_status = ?, update_reason = '', update_created = ?, update_updated = ? WHERE arn = ?`,
			auto, u.Sent, u.Config, u.TrainEvery.Milliseconds(), bespoke.CreatePending, millis(t.now), millis(t.now), arn); err != nil {
			return err
		}
		return t.enqueue(ctx, arn)
	})
}

// notUpdating returns a StateError if the solution or campaign is under update.
func (t *txn) notUpdating(ctx context.Context, arn bespoke.ARN) error {
	status, updating, err := first[bespoke.Status](ctx, t, "SELECT update_status FROM "+tables[arn.Kind()]+" WHERE arn = ? AND "+underUpdate, arn)
	if err == nil && updating {
		err = &store.StateError{ARN: arn, Status: status}
	}
	return err
}

// BeginUpdate makes the pending update of a solution or campaign CREATE
// IN_PROGRESS. Errors: NotFoundError.
func (s *Store) BeginUpdate(ctx context.Context, arn bespoke.ARN) error {
	return s.write(ctx, "begin update", func(t *txn) error {
		if _, err := t.status(ctx, arn); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, "UPDATE "+tables[arn.Kind()]+" SET update_status = ?, update_updated = ? WHERE arn = ? AND update_status = ?",
			bespoke.CreateInProgress, millis(t.now), arn, bespoke.CreatePending)
		return err
	})
}

func (t *txn) finishSolutionUpdate(ctx context.Context, arn bespoke.ARN, reason string) error {
	v, err := solutions.get(ctx, t, arn)
	if err != nil {
		return err
	}
	if v.Update == nil || v.Update.Status.Settled() {
		return &store.StateError{ARN: arn, Status: v.Status}
	}
	if err := t.endUpdate(ctx, arn, reason); err != nil || reason != "" {
		return err
	}
	due := v.NextTraining
	next := int64(0)
	switch {
	case v.Update.TrainEvery == v.TrainEvery && !due.IsZero():
		next = millis(due)
	default:
		next = t.firstTraining(v.Update.TrainEvery)
	}
	_, err = t.ExecContext(ctx, "UPDATE solution SET config = update_config, train_every = update_every, next_training = ?, updated = ? WHERE arn = ?",
		next, millis(t.now), arn)
	return err
}

// endUpdate settles the update of a solution or campaign.
func (t *txn) endUpdate(ctx context.Context, arn bespoke.ARN, reason string) error {
	outcome := bespoke.Active
	if reason != "" {
		outcome = bespoke.CreateFailed
	}
	_, err := t.ExecContext(ctx, "UPDATE "+tables[arn.Kind()]+" SET update_status = ?, update_reason = ?, update_updated = ? WHERE arn = ?",
		outcome, reason, millis(t.now), arn)
	return err
}

// DeleteSolution makes a settled solution DELETE PENDING and queues the job
// that removes it with its versions. Errors: NotFoundError, StateError, also
// for one under update, InUseError naming a campaign or a version in training.
func (s *Store) DeleteSolution(ctx context.Context, arn bespoke.ARN) error {
	return s.write(ctx, "delete solution", func(t *txn) error {
		if err := t.move(ctx, arn, bespoke.DeletePending, ""); err != nil {
			return err
		}
		if err := t.notUpdating(ctx, arn); err != nil {
			return err
		}
		if err := t.unused(ctx, arn, "SELECT arn FROM campaign WHERE solution_arn = ? ORDER BY id", arn); err != nil {
			return err
		}
		if err := t.unused(ctx, arn, "SELECT arn FROM solution_version WHERE solution_arn = ? AND status IN "+unfinishedVersion+" ORDER BY id", arn); err != nil {
			return err
		}
		return t.enqueue(ctx, arn)
	})
}
