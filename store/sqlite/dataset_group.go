package sqlite

import (
	"context"

	"bespoke"
	"bespoke/store"
)

var groups = table[bespoke.DatasetGroup]{
	name:    "dataset_group",
	columns: "id, created, updated, arn, name, domain, role_arn, kms_key_arn, status, failure_reason",
	scan: func(scan func(...any) error) (g bespoke.DatasetGroup, pos store.Position, err error) {
		var created, updated int64
		err = scan(&pos.ID, &created, &updated, &g.ARN, &g.Name, &g.Domain, &g.RoleARN, &g.KMSKeyARN, &g.Status, &g.FailureReason)
		g.Created, g.Updated = fromMillis(created), fromMillis(updated)
		pos.Created = g.Created
		return g, pos, err
	},
}

// CreateDatasetGroup stores a group as CREATE PENDING, with its tags and the
// job to bring it up. Limit is the most groups there may be, 0 for any number.
// Errors: ExistsError, LimitError.
func (s *Store) CreateDatasetGroup(ctx context.Context, g bespoke.DatasetGroup, tags []bespoke.Tag, limit int) error {
	return s.write(ctx, "create dataset group", func(t *txn) error {
		if err := t.free(ctx, groups.name, g.ARN); err != nil {
			return err
		}
		if err := t.below(ctx, store.DatasetGroupQuota, limit, "SELECT count(*) FROM dataset_group"); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `INSERT INTO dataset_group
			(arn, name, domain, role_arn, kms_key_arn, status, failure_reason, created, updated)
			VALUES (?, ?, ?, ?, ?, ?, '', ?, ?)`,
			g.ARN, g.Name, g.Domain, g.RoleARN, g.KMSKeyARN, bespoke.CreatePending, millis(t.now), millis(t.now)); err != nil {
			return err
		}
		if err := t.tag(ctx, g.ARN, tags); err != nil {
			return err
		}
		return t.enqueue(ctx, g.ARN)
	})
}

// DatasetGroup returns the group with this ARN, or a NotFoundError.
func (s *Store) DatasetGroup(ctx context.Context, arn bespoke.ARN) (bespoke.DatasetGroup, error) {
	return groups.get(ctx, s.readers, arn)
}

// DatasetGroups returns a page of all groups, newest first, and the position
// to go on from, zero after the last page.
func (s *Store) DatasetGroups(ctx context.Context, p store.Page) ([]bespoke.DatasetGroup, store.Position, error) {
	return groups.list(ctx, s.readers, "", "", p)
}

// DeleteDatasetGroup makes a settled group without solutions, datasets, event
// tracker, metric attribution and unfinished deletion jobs DELETE PENDING and queues the job that removes it. Errors:
// NotFoundError, StateError, InUseError naming what it has.
func (s *Store) DeleteDatasetGroup(ctx context.Context, arn bespoke.ARN) error {
	return s.write(ctx, "delete dataset group", func(t *txn) error {
		if err := t.move(ctx, arn, bespoke.DeletePending, ""); err != nil {
			return err
		}
		if err := t.unused(ctx, arn, `SELECT arn FROM (SELECT arn, 0 AS place, id FROM solution WHERE group_arn = ?1
			UNION ALL SELECT arn, 1, id FROM event_tracker WHERE group_arn = ?1
			UNION ALL SELECT arn, 2, id FROM metric_attribution WHERE group_arn = ?1
			UNION ALL SELECT arn, 3, id FROM dataset WHERE group_arn = ?1
			UNION ALL SELECT arn, 4, id FROM deletion_job WHERE group_arn = ?1 AND status IN ('PENDING', 'IN_PROGRESS')) ORDER BY place, id`, arn); err != nil {
			return err
		}
		return t.enqueue(ctx, arn)
	})
}
