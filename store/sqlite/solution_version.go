package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"bespoke"
	"bespoke/store"
)

var versions = table[bespoke.SolutionVersion]{
	name: "solution_version",
	columns: `id, created, updated, arn, name, solution_arn, group_arn, recipe_arn, perform_hpo, event_type, config,
		mode, type, seed, status, failure_reason, begun`,
	scan: func(scan func(...any) error) (v bespoke.SolutionVersion, pos store.Position, err error) {
		var created, updated int64
		err = scan(&pos.ID, &created, &updated, &v.ARN, &v.Name, &v.SolutionARN, &v.GroupARN, &v.RecipeARN, &v.PerformHPO, &v.EventType, &v.Config,
			&v.Mode, &v.Type, &v.Seed, &v.Status, &v.FailureReason, &v.Begun)
		v.Created, v.Updated = fromMillis(created), fromMillis(updated)
		pos.Created = v.Created
		return v, pos, err
	},
}

// unfinishedVersion are the statuses of a version that is still being made.
const unfinishedVersion = `('CREATE PENDING', 'CREATE IN_PROGRESS', 'CREATE STOPPING')`

// CreateSolutionVersion stores a version of a solution as CREATE PENDING, with
// the solution's settings, its tags and the job to train it. A FULL version
// begins the period of automatic training anew. Limit is the most versions that
// may be in training, 0 for any number. Errors: NotFoundError and StateError
// for the solution, ExistsError, LimitError, ImportingError.
func (s *Store) CreateSolutionVersion(ctx context.Context, v bespoke.SolutionVersion, tags []bespoke.Tag, limit int) error {
	return s.write(ctx, "create solution version", func(t *txn) error {
		if err := t.free(ctx, versions.name, v.ARN); err != nil {
			return err
		}
		if err := t.active(ctx, v.SolutionARN); err != nil {
			return err
		}
		of, err := solutions.get(ctx, t, v.SolutionARN)
		if err != nil {
			return err
		}
		importing, ok, err := first[bespoke.ARN](ctx, t, `SELECT j.arn FROM import_job AS j JOIN dataset AS d ON d.arn = j.dataset_arn
			WHERE d.group_arn = ? AND j.status IN ('CREATE PENDING', 'CREATE IN_PROGRESS') ORDER BY j.id`, of.GroupARN)
		if err != nil {
			return err
		}
		if ok {
			return &store.ImportingError{Job: importing}
		}
		if err := t.below(ctx, store.TrainingQuota, limit, "SELECT count(*) FROM solution_version WHERE status IN "+unfinishedVersion); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `INSERT INTO solution_version
			(arn, name, solution_arn, group_arn, recipe_arn, perform_hpo, event_type, config, mode, type, seed, status, failure_reason, created, updated)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?)`,
			v.ARN, v.Name, of.ARN, of.GroupARN, of.RecipeARN, of.PerformHPO, of.EventType, of.Config, v.Mode, v.Type, v.Seed,
			bespoke.CreatePending, millis(t.now), millis(t.now)); err != nil {
			return err
		}
		if v.Mode == bespoke.TrainFull {
			if err := t.trainedNow(ctx, of.ARN); err != nil {
				return err
			}
		}
		if err := t.tag(ctx, v.ARN, tags); err != nil {
			return err
		}
		return t.enqueue(ctx, v.ARN)
	})
}

// SolutionVersion returns the version with this ARN, or a NotFoundError.
func (s *Store) SolutionVersion(ctx context.Context, arn bespoke.ARN) (bespoke.SolutionVersion, error) {
	return versions.get(ctx, s.readers, arn)
}

// SolutionVersions returns a page of the versions of a solution, or of all if
// solution is "", newest first, and the position to go on from, zero after the
// last page.
func (s *Store) SolutionVersions(ctx context.Context, solution bespoke.ARN, p store.Page) ([]bespoke.SolutionVersion, store.Position, error) {
	return versions.list(ctx, s.readers, "solution_arn", solution, p)
}

// LatestSolutionVersion returns the newest version of a solution that is ACTIVE;
// ok is false if there is none.
func (s *Store) LatestSolutionVersion(ctx context.Context, solution bespoke.ARN) (v bespoke.SolutionVersion, ok bool, err error) {
	all, _, err := versions.page(ctx, s.readers, 1, "SELECT "+versions.columns+` FROM solution_version
		WHERE solution_arn = ? AND status = 'ACTIVE' ORDER BY created DESC, id DESC LIMIT 1`, solution)
	if err != nil {
		return v, false, fmt.Errorf("sqlite: latest version: %w", err)
	}
	if len(all) == 0 {
		return v, false, nil
	}
	return all[0], true, nil
}

// StopSolutionVersion ends the making of a version: one that has not begun is
// CREATE STOPPED at once, one in training CREATE STOPPING, and its job is to do
// the rest. Errors: NotFoundError, StateError.
func (s *Store) StopSolutionVersion(ctx context.Context, arn bespoke.ARN) error {
	return s.write(ctx, "stop solution version", func(t *txn) error {
		status, err := t.status(ctx, arn)
		if err != nil {
			return err
		}
		to := bespoke.CreateStopping
		if status == bespoke.CreatePending {
			to = bespoke.CreateStopped
		}
		if err := t.move(ctx, arn, to, ""); err != nil {
			return err
		}
		if to == bespoke.CreateStopped {
			return nil
		}
		return t.enqueue(ctx, arn)
	})
}

// FinishSolutionVersion ends a training: with reason "" the version is ACTIVE, was
// trained by the recipe, and campaigns that follow its solution begin to deploy it;
// with a reason it is CREATE FAILED. Errors: NotFoundError, StateError.
func (s *Store) FinishSolutionVersion(ctx context.Context, arn, recipe bespoke.ARN, reason string) error {
	return s.write(ctx, "finish solution version", func(t *txn) error { return t.finishVersion(ctx, arn, recipe, reason) })
}

func (t *txn) finishVersion(ctx context.Context, arn, recipe bespoke.ARN, reason string) error {
	if reason != "" {
		return t.move(ctx, arn, bespoke.CreateFailed, reason)
	}
	if err := t.move(ctx, arn, bespoke.Active, ""); err != nil {
		return err
	}
	if _, err := t.ExecContext(ctx, "UPDATE solution_version SET recipe_arn = ? WHERE arn = ?", recipe, arn); err != nil {
		return err
	}
	return t.sync(ctx, arn.Solution())
}

// SaveTraining stores what a version's training has read and found in place of
// what was there. Errors: NotFoundError.
func (s *Store) SaveTraining(ctx context.Context, arn bespoke.ARN, tr store.Training) error {
	text, err := json.Marshal(tr)
	if err != nil {
		return fmt.Errorf("sqlite: save training: %w", err)
	}
	return s.write(ctx, "save training", func(t *txn) error {
		if _, err := t.status(ctx, arn); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, "UPDATE solution_version SET training = ? WHERE arn = ?", string(text), arn)
		return err
	})
}

// Training returns what SaveTraining has stored; ok is false before. Errors:
// NotFoundError.
func (s *Store) Training(ctx context.Context, arn bespoke.ARN) (tr store.Training, ok bool, err error) {
	text, found, err := first[*string](ctx, s.readers, "SELECT training FROM solution_version WHERE arn = ?", arn)
	switch {
	case err != nil:
		return tr, false, fmt.Errorf("sqlite: training of %s: %w", arn, err)
	case !found:
		return tr, false, &store.NotFoundError{ARN: arn}
	case text == nil:
		return tr, false, nil
	}
	if err := json.Unmarshal([]byte(*text), &tr); err != nil {
		return tr, false, fmt.Errorf("sqlite: training of %s: %w", arn, err)
	}
	return tr, true, nil
}
