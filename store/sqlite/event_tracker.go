package sqlite

import (
	"context"
	"fmt"

	"bespoke"
	"bespoke/store"
)

var trackers = table[bespoke.EventTracker]{
	name:    "event_tracker",
	columns: "id, created, updated, arn, name, group_arn, tracking_id, status",
	scan: func(scan func(...any) error) (e bespoke.EventTracker, pos store.Position, err error) {
		var created, updated int64
		err = scan(&pos.ID, &created, &updated, &e.ARN, &e.Name, &e.GroupARN, &e.TrackingID, &e.Status)
		e.Created, e.Updated = fromMillis(created), fromMillis(updated)
		pos.Created = e.Created
		return e, pos, err
	},
}

// CreateEventTracker stores a tracker as CREATE PENDING, with its tags and the
// job to bring it up. interactions is the dataset of its group that it feeds.
// Errors: NotFoundError and StateError for the group or that dataset,
// ExistsError for the group's tracker, if it has one.
func (s *Store) CreateEventTracker(ctx context.Context, e bespoke.EventTracker, interactions bespoke.ARN, tags []bespoke.Tag) error {
	return s.write(ctx, "create event tracker", func(t *txn) error {
		if err := t.active(ctx, e.GroupARN); err != nil {
			return err
		}
		switch arn, has, err := first[bespoke.ARN](ctx, t, "SELECT arn FROM event_tracker WHERE group_arn = ?", e.GroupARN); {
		case err != nil:
			return err
		case has:
			return &store.ExistsError{ARN: arn}
		}
		if err := t.active(ctx, interactions); err != nil {
			return err
		}
		if err := t.free(ctx, trackers.name, e.ARN); err != nil {
			return err
		}
		if _, err := t.ExecContext(ctx, `INSERT INTO event_tracker
			(arn, name, group_arn, tracking_id, status, failure_reason, created, updated) VALUES (?, ?, ?, ?, ?, '', ?, ?)`,
			e.ARN, e.Name, e.GroupARN, e.TrackingID, bespoke.CreatePending, millis(t.now), millis(t.now)); err != nil {
			return err
		}
		if err := t.tag(ctx, e.ARN, tags); err != nil {
			return err
		}
		return t.enqueue(ctx, e.ARN)
	})
}

// EventTracker returns the tracker with this ARN, or a NotFoundError.
func (s *Store) EventTracker(ctx context.Context, arn bespoke.ARN) (bespoke.EventTracker, error) {
	return trackers.get(ctx, s.readers, arn)
}

// EventTrackers returns a page of the trackers of a group, or of all if group
// is "", newest first, and the position to go on from, zero after the last
// page.
func (s *Store) EventTrackers(ctx context.Context, group bespoke.ARN, p store.Page) ([]bespoke.EventTracker, store.Position, error) {
	return trackers.list(ctx, s.readers, "group_arn", group, p)
}

// DeleteEventTracker makes a settled tracker DELETE PENDING and queues the job
// that removes it. Errors: NotFoundError, StateError.
func (s *Store) DeleteEventTracker(ctx context.Context, arn bespoke.ARN) error {
	return s.write(ctx, "delete event tracker", func(t *txn) error {
		if err := t.move(ctx, arn, bespoke.DeletePending, ""); err != nil {
			return err
		}
		return t.enqueue(ctx, arn)
	})
}

// TrackedDataset returns the dataset that records sent with a tracking ID go
// to: the interactions of an ACTIVE tracker's group, or the action interactions
// whose own ID it is. There is none if ok is false.
func (s *Store) TrackedDataset(ctx context.Context, trackingID string) (d bespoke.Dataset, ok bool, err error) {
	arn, ok, err := first[bespoke.ARN](ctx, s.readers, `SELECT arn FROM dataset WHERE tracking_id = ?1 AND tracking_id <> ''
		UNION ALL SELECT d.arn FROM event_tracker t JOIN dataset d ON d.group_arn = t.group_arn AND d.type = 'INTERACTIONS'
			WHERE t.tracking_id = ?1 AND t.status = 'ACTIVE'`, trackingID)
	if err != nil {
		return d, false, fmt.Errorf("sqlite: dataset of a tracking ID: %w", err)
	}
	if !ok {
		return d, false, nil
	}
	d, err = s.Dataset(ctx, arn)
	return d, err == nil, err
}
