package sqlite

import (
	"context"

	"bespoke"
	"bespoke/store"
)

var schemas = table[bespoke.Schema]{
	name:    "schema",
	columns: "id, created, updated, arn, name, domain, text",
	scan: func(scan func(...any) error) (s bespoke.Schema, pos store.Position, err error) {
		var created, updated int64
		err = scan(&pos.ID, &created, &updated, &s.ARN, &s.Name, &s.Domain, &s.Text)
		s.Created, s.Updated = fromMillis(created), fromMillis(updated)
		pos.Created = s.Created
		return s, pos, err
	},
}

// CreateSchema stores a schema, which has no status and is usable at once.
// Limit is the most schemas there may be, 0 for any number. Errors:
// ExistsError, LimitError.
func (s *Store) CreateSchema(ctx context.Context, sc bespoke.Schema, limit int) error {
	return s.write(ctx, "create schema", func(t *txn) error {
		if err := t.free(ctx, schemas.name, sc.ARN); err != nil {
			return err
		}
		if err := t.below(ctx, store.SchemaQuota, limit, "SELECT count(*) FROM schema"); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, `INSERT INTO schema (arn, name, domain, text, created, updated) VALUES (?, ?, ?, ?, ?, ?)`,
			sc.ARN, sc.Name, sc.Domain, sc.Text, millis(t.now), millis(t.now))
		return err
	})
}

// Schema returns the schema with this ARN, or a NotFoundError.
func (s *Store) Schema(ctx context.Context, arn bespoke.ARN) (bespoke.Schema, error) {
	return schemas.get(ctx, s.readers, arn)
}

// Schemas returns a page of all schemas, newest first, and the position to go
// on from, zero after the last page.
func (s *Store) Schemas(ctx context.Context, p store.Page) ([]bespoke.Schema, store.Position, error) {
	return schemas.list(ctx, s.readers, "", "", p)
}

// DeleteSchema removes a schema at once. Errors: NotFoundError, InUseError
// naming a dataset that has the schema or is about to.
func (s *Store) DeleteSchema(ctx context.Context, arn bespoke.ARN) error {
	return s.write(ctx, "delete schema", func(t *txn) error {
		if _, err := schemas.get(ctx, t, arn); err != nil {
			return err
		}
		if err := t.unused(ctx, arn, `SELECT arn FROM dataset
			WHERE schema_arn = ?1 OR update_schema = ?1 AND status IN ('UPDATE PENDING', 'UPDATE IN_PROGRESS')
			ORDER BY id`, arn); err != nil {
			return err
		}
		_, err := t.ExecContext(ctx, "DELETE FROM schema WHERE arn = ?", arn)
		return err
	})
}
