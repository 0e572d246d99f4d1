package sqlite

import (
	"context"
	"fmt"

	"bespoke"
	"bespoke/store"
)

// Tag adds tags to a resource, overwriting those with the same key. Errors:
// NotFoundError, StateError if it is being deleted, LimitError if it would have more than bespoke.MaxTags.
func (s *Store) Tag(ctx context.Context, arn bespoke.ARN, tags []bespoke.Tag) error {
	return s.write(ctx, "tag", func(t *txn) error {
		if err := taggable(ctx, t, arn); err != nil {
			return err
		}
		return t.tag(ctx, arn, tags)
	})
}

// Untag removes the tags with these keys; unknown keys are ignored. Errors:
// NotFoundError, StateError if the resource is being deleted.
func (s *Store) Untag(ctx context.Context, arn bespoke.ARN, keys []string) error {
	return s.write(ctx, "untag", func(t *txn) error {
		if err := taggable(ctx, t, arn); err != nil {
			return err
		}
		for _, k := range keys {
			if _, err := t.ExecContext(ctx, "DELETE FROM tag WHERE arn = ? AND key = ?", arn, k); err != nil {
				return err
			}
		}
		return nil
	})
}

// Tags returns the tags of a resource in the order of their keys' bytes.
// Errors: NotFoundError, StateError if the resource is being deleted.
func (s *Store) Tags(ctx context.Context, arn bespoke.ARN) ([]bespoke.Tag, error) {
	if err := taggable(ctx, s.readers, arn); err != nil {
		return nil, err
	}
	tags, err := readTags(ctx, s.readers, arn)
	if err != nil {
		return nil, fmt.Errorf("sqlite: tags of %s: %w", arn, err)
	}
	return tags, nil
}

func readTags(ctx context.Context, q querier, arn bespoke.ARN) ([]bespoke.Tag, error) {
	rows, err := q.QueryContext(ctx, "SELECT key, value FROM tag WHERE arn = ? ORDER BY key", arn)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var tags []bespoke.Tag
	for rows.Next() {
		var t bespoke.Tag
		if err := rows.Scan(&t.Key, &t.Value); err != nil {
			return nil, err
		}
		tags = append(tags, t)
	}
	return tags, rows.Err()
}

func (t *txn) tag(ctx context.Context, arn bespoke.ARN, tags []bespoke.Tag) error {
	for _, tag := range tags {
		if _, err := t.ExecContext(ctx, `INSERT INTO tag (arn, key, value) VALUES (?, ?, ?)
			ON CONFLICT (arn, key) DO UPDATE SET value = excluded.value`, arn, tag.Key, tag.Value); err != nil {
			return err
		}
	}
	n, _, err := first[int](ctx, t, "SELECT count(*) FROM tag WHERE arn = ?", arn)
	if err == nil && n > bespoke.MaxTags {
		err = &store.LimitError{Quota: store.TagQuota, Limit: bespoke.MaxTags}
	}
	return err
}

// taggable returns a NotFoundError if there is no resource with the ARN that
// could have tags, and a StateError if it is being deleted. Schemas, which have
// no status, have no tags either.
func taggable(ctx context.Context, q querier, arn bespoke.ARN) error {
	table, ok := tables[arn.Kind()]
	if !ok || table == schemas.name || table == attributions.name {
		return &store.NotFoundError{ARN: arn}
	}
	status, ok, err := first[bespoke.Status](ctx, q, "SELECT status FROM "+table+" WHERE arn = ?", arn)
	switch {
	case err != nil:
		return err
	case !ok:
		return &store.NotFoundError{ARN: arn}
	case status == bespoke.DeletePending, status == bespoke.DeleteInProgress:
		return &store.StateError{ARN: arn, Status: status}
	}
	return nil
}
