package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"bespoke"
	"bespoke/store"
)

var campaigns = table[bespoke.Campaign]{
	name: "campaign",
	columns: `id, created, updated, arn, name, solution_arn, version_arn, min_tps, config, sync, status, failure_reason,
		update_version, update_tps, update_config, update_sync, update_status, update_reason, update_created, update_updated`,
	scan: func(scan func(...any) error) (c bespoke.Campaign, pos store.Position, err error) {
		var created, updated int64
		var version, config, status, reason sql.NullString
		var tps, sync, began, changed sql.NullInt64
		err = scan(&pos.ID, &created, &updated, &c.ARN, &c.Name, &c.SolutionARN, &c.VersionARN, &c.MinTPS, &c.Config, &c.Sync, &c.Status, &c.FailureReason,
			&version, &tps, &config, &sync, &status, &reason, &began, &changed)
		c.Created, c.Updated = fromMillis(created), fromMillis(updated)
		pos.Created = c.Created
		if status.Valid {
			c.Update = &bespoke.CampaignUpdate{
				VersionARN: bespoke.ARN(version.String), MinTPS: int(tps.Int64), Config: config.String, Sync: sync.Int64 == 1,
				Status: bespoke.Status(status.String), FailureReason: reason.String,
				Times: bespoke.Times{Created: fromMillis(began.Int64), Updated: fromMillis(changed.Int64)},
			}
		}
		return c, pos, err
	},
}

// CreateCampaign stores a campaign as CREATE PENDING, with its tags and the job
// to deploy it. Limit is the most campaigns that its dataset group may have, 0
// for any number. Errors: NotFoundError and StateError for the version and its
// solution, ExistsError, LimitError.
func (s *Store) CreateCampaign(ctx context.Context, c bespoke.Campaign, tags []bespoke.Tag, limit int) error {
	return s.write(ctx, "create campaign", func(t *txn) error {
		if err := t.free(ctx, campaigns.name, c.ARN); err != nil {
			return err
		}
		of, err := t.deployable(ctx, c.VersionARN)
		if err != nil {
			return err
		}
		if err := t.below(ctx, store.CampaignQuota, limit, "SELECT count(*) FROM campaign WHERE group_arn = ?", of.GroupARN); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `INSERT INTO campaign
			(arn, name, group_arn, solution_arn, version_arn, min_tps, config, sync, status, failure_reason, created, updated)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?)`,
			c.ARN, c.Name, of.GroupARN, of.SolutionARN, of.ARN, c.MinTPS, c.Config, c.Sync, bespoke.CreatePending, millis(t.now), millis(t.now)); err != nil {
			return err
		}
		if err := t.tag(ctx, c.ARN, tags); err != nil {
			return err
		}
		return t.enqueue(ctx, c.ARN)
	})
}

// deployable returns the version if it and its solution are ACTIVE.
func (t *txn) deployable(ctx context.Context, version bespoke.ARN) (bespoke.SolutionVersion, error) {
	if err := t.active(ctx, version); err != nil {
		return bespoke.SolutionVersion{}, err
	}
	if err := t.active(ctx, version.Solution()); err != nil {
		return bespoke.SolutionVersion{}, err
	}
	return versions.get(ctx, t, version)
}

// Campaign returns the campaign with this ARN, or a NotFoundError.
func (s *Store) Campaign(ctx context.Context, arn bespoke.ARN) (bespoke.Campaign, error) {
	return campaigns.get(ctx, s.readers, arn)
}

// Campaigns returns a page of the campaigns of a solution, or of all if solution
// is "", newest first, and the position to go on from, zero after the last page.
func (s *Store) Campaigns(ctx context.Context, solution bespoke.ARN, p store.Page) ([]bespoke.Campaign, store.Position, error) {
	return campaigns.list(ctx, s.readers, "solution_arn", solution, p)
}

// FinishCampaign makes a campaign whose version is deployed ACTIVE, or, with a
// reason, CREATE FAILED. Errors: NotFoundError, StateError.
func (s *Store) FinishCampaign(ctx context.Context, arn bespoke.ARN, reason string) error {
	return s.write(ctx, "finish campaign", func(t *txn) error {
		if reason != "" {
			return t.move(ctx, arn, bespoke.CreateFailed, reason)
		}
		if err := t.move(ctx, arn, bespoke.Active, "", bespoke.CreateInProgress); err != nil {
			return err
		}
		c, err := campaigns.get(ctx, t, arn)
		if err != nil {
			return err
		}
		return t.sync(ctx, c.SolutionARN)
	})
}

// UpdateCampaign begins an update of a campaign that is ACTIVE or CREATE
// FAILED, with the job that deploys it. Errors: NotFoundError and StateError
// for the campaign, also for one under update, and for the version.
func (s *Store) UpdateCampaign(ctx context.Context, arn bespoke.ARN, u bespoke.CampaignUpdate) error {
	return s.write(ctx, "update campaign", func(t *txn) error {
		status, err := t.status(ctx, arn)
		if err != nil {
			return err
		}
		if !status.Settled() {
			return &store.StateError{ARN: arn, Status: status}
		}
		if err := t.notUpdating(ctx, arn); err != nil {
			return err
		}
		if _, err := t.deployable(ctx, u.VersionARN); err != nil {
			return err
		}
		return t.updateCampaign(ctx, arn, u)
	})
}

func (t *txn) updateCampaign(ctx context.Context, arn bespoke.ARN, u bespoke.CampaignUpdate) error {
	if _, err := t.ExecContext(ctx, `UPDATE campaign SET update_version = ?, update_tps = ?, update_config = ?, update_sync = ?,
		update_status = ?, update_reason = '', update_created = ?, update_updated = ? WHERE arn = ?`,
		u.VersionARN, u.MinTPS, u.Config, u.Sync, bespoke.CreatePending, millis(t.now), millis(t.now), arn); err != nil {
		return err
	}
	return t.enqueue(ctx, arn)
}

// sync begins updates of the campaigns that follow a solution and do not serve
// its newest version. One that is being made or updated is looked at when that
// ends.
func (t *txn) sync(ctx context.Context, solution bespoke.ARN) error {
	newest, ok, err := first[bespoke.ARN](ctx, t, `SELECT arn FROM solution_version
		WHERE solution_arn = ? AND status = 'ACTIVE' ORDER BY created DESC, id DESC LIMIT 1`, solution)
	if err != nil || !ok {
		return err
	}
	behind, _, err := campaigns.page(ctx, t, maxSynced, "SELECT "+campaigns.columns+` FROM campaign
		WHERE solution_arn = ? AND sync = 1 AND status = 'ACTIVE' AND version_arn <> ?
			AND (update_status IS NULL OR NOT `+underUpdate+`)`, solution, newest)
	if err != nil {
		return fmt.Errorf("campaigns of %s: %w", solution, err)
	}
	for _, c := range behind {
		u := bespoke.CampaignUpdate{VersionARN: newest, MinTPS: c.MinTPS, Config: c.Config, Sync: true}
		if err := t.updateCampaign(ctx, c.ARN, u); err != nil {
			return err
		}
	}
	return nil
}

// maxSynced is more campaigns than a solution has.
const maxSynced = 100_000

func (t *txn) finishCampaignUpdate(ctx context.Context, arn bespoke.ARN, reason string) error {
	c, err := campaigns.get(ctx, t, arn)
	if err != nil {
		return err
	}
	if c.Update == nil || c.Update.Status.Settled() {
		return &store.StateError{ARN: arn, Status: c.Status}
	}
	if err := t.endUpdate(ctx, arn, reason); err != nil || reason != "" {
		return err
	}
	// A campaign that could not be made is ACTIVE from here on.
	if _, err := t.ExecContext(ctx, `UPDATE campaign SET version_arn = update_version, solution_arn = ?,
		group_arn = (SELECT group_arn FROM solution_version WHERE arn = update_version), min_tps = update_tps, config = update_config,
		sync = update_sync, status = ?, failure_reason = '', updated = ? WHERE arn = ?`,
		c.Update.VersionARN.Solution(), bespoke.Active, millis(t.now), arn); err != nil {
		return err
	}
	return t.sync(ctx, c.Update.VersionARN.Solution())
}

// DeleteCampaign makes a settled campaign DELETE PENDING and queues the job
// that removes it. Errors: NotFoundError, StateError, also for one under update.
func (s *Store) DeleteCampaign(ctx context.Context, arn bespoke.ARN) error {
	return s.write(ctx, "delete campaign", func(t *txn) error {
		if err := t.move(ctx, arn, bespoke.DeletePending, ""); err != nil {
			return err
		}
		if err := t.notUpdating(ctx, arn); err != nil {
			return err
		}
		return t.enqueue(ctx, arn)
	})
}
