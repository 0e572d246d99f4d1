package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"bespoke"
	"bespoke/store"
)

// querier is a transaction or a pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// table describes how rows of one kind of resource are read.
type table[T any] struct {
	name    string
	columns string // id first, then created
	scan    func(scan func(...any) error) (T, store.Position, error)
}

// get reads one row.
func (tb table[T]) get(ctx context.Context, q querier, arn bespoke.ARN) (T, error) {
	v, _, err := tb.scan(q.QueryRowContext(ctx, "SELECT "+tb.columns+" FROM "+tb.name+" WHERE arn = ?", arn).Scan)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err = &store.NotFoundError{ARN: arn}
	case err != nil:
		err = fmt.Errorf("sqlite: read %s: %w", arn, err)
	}
	return v, err
}

// list reads one page, newest first, of the rows whose column of equals
// parent, or of all rows if parent is "". The position is the page's last
// row, zero if no row follows it.
func (tb table[T]) list(ctx context.Context, q querier, of string, parent bespoke.ARN, p store.Page) ([]T, store.Position, error) {
	if p.Limit < 1 {
		return nil, store.Position{}, fmt.Errorf("sqlite: list %s: limit %d is below 1", tb.name, p.Limit)
	}
	var where []string
	var args []any
	if parent != "" {
		where, args = append(where, of+" = ?"), append(args, parent)
	}
	if !p.After.IsZero() {
		where, args = append(where, "(created, id) < (?, ?)"), append(args, millis(p.After.Created), p.After.ID)
	}
	query := "SELECT " + tb.columns + " FROM " + tb.name
	if len(where) > 0 {
		query += " WHERE " + strings.Join(where, " AND ")
	}
	query += " ORDER BY created DESC, id DESC LIMIT ?"
	items, last, err := tb.page(ctx, q, p.Limit, query, append(args, p.Limit+1)...)
	if err != nil {
		return nil, store.Position{}, fmt.Errorf("sqlite: list %s: %w", tb.name, err)
	}
	return items, last, nil
}

// page reads up to limit rows of a query that yields one more if there is one.
func (tb table[T]) page(ctx context.Context, q querier, limit int, query string, args ...any) (items []T, last store.Position, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, store.Position{}, err
	}
	defer rows.Close()
	for rows.Next() {
		v, pos, err := tb.scan(rows.Scan)
		if err != nil {
			return nil, store.Position{}, err
		}
		if len(items) == limit {
			return items, last, nil
		}
		items, last = append(items, v), pos
	}
	return items, store.Position{}, rows.Err()
}

// first returns the first column of the query's first row, and whether there
// is a row.
func first[T any](ctx context.Context, q querier, query string, args ...any) (v T, ok bool, err error) {
	err = q.QueryRowContext(ctx, query, args...).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return v, false, nil
	}
	return v, err == nil, err
}

// free returns an ExistsError if a row of the table has the ARN.
func (t *txn) free(ctx context.Context, table string, arn bespoke.ARN) error {
	_, taken, err := first[int64](ctx, t, "SELECT id FROM "+table+" WHERE arn = ?", arn)
	if err == nil && taken {
		err = &store.ExistsError{ARN: arn}
	}
	return err
}

// below returns a LimitError if the query counts limit or more; 0 is no limit.
func (t *txn) below(ctx context.Context, quota store.Quota, limit int, query string, args ...any) error {
	if limit == 0 {
		return nil
	}
	n, _, err := first[int](ctx, t, query, args...)
	if err == nil && n >= limit {
		err = &store.LimitError{Quota: quota, Limit: limit}
	}
	return err
}

// unused returns an InUseError if the query, which selects ARNs, finds one.
func (t *txn) unused(ctx context.Context, arn bespoke.ARN, query string, args ...any) error {
	by, used, err := first[bespoke.ARN](ctx, t, query, args...)
	if err == nil && used {
		err = &store.InUseError{ARN: arn, By: by}
	}
	return err
}
