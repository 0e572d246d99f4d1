package lake

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	_ "modernc.org/sqlite"

	"bespoke"
)

// catalogName is under what name the tables stand in the catalog.
const catalogName = "bespoke"

// The catalog has the layout of Iceberg's JDBC and SQL catalogs, so that other
// engines can open it as one. It is written here rather than through a catalog
// library because the pointer may move only when every file that it leads to is on
// the disk, and those write the metadata file and move the pointer in one call.
const catalogTables = `
CREATE TABLE IF NOT EXISTS iceberg_tables (
	catalog_name VARCHAR(255) NOT NULL,
	table_namespace VARCHAR(255) NOT NULL,
	table_name VARCHAR(255) NOT NULL,
	metadata_location VARCHAR(1000),
	previous_metadata_location VARCHAR(1000),
	iceberg_type VARCHAR(5),
	PRIMARY KEY (catalog_name, table_namespace, table_name)
);
CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
	catalog_name VARCHAR(255) NOT NULL,
	namespace VARCHAR(255) NOT NULL,
	property_key VARCHAR(255) NOT NULL,
	property_value VARCHAR(1000),
	PRIMARY KEY (catalog_name, namespace, property_key)
);`

// ident is a table's name in the catalog.
type ident struct {
	namespace string // region.account.group
	name      string // the dataset type in lower case
}

func (id ident) String() string { return id.namespace + "." + id.name }

func identOf(dataset bespoke.ARN) (ident, error) {
	part := strings.SplitN(string(dataset), ":", 6)
	group, typ, ok := strings.Cut(dataset.Name(), "/")
	if dataset.Kind() != "dataset" || !ok || group == "" || typ == "" || strings.ContainsAny(group+typ, "/\\.") {
		return ident{}, fmt.Errorf("%q is not the ARN of a dataset", dataset)
	}
	return ident{namespace: part[3] + "." + part[4] + "." + group, name: strings.ToLower(typ)}, nil
}

// catalog keeps the one mutable thing of a table: where its newest metadata is.
type catalog struct{ db *sql.DB }

func openCatalog(ctx context.Context, path string) (*catalog, error) {
	// FULL has SQLite sync its log at every commit: a pointer that has moved stays
	// moved through a power cut.
	db, err := sql.Open("sqlite", "file:"+uriPath(path)+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("catalog %s: %w", path, err)
	}
	db.SetMaxOpenConns(4)
	if _, err := db.ExecContext(ctx, catalogTables); err != nil {
		return nil, errors.Join(fmt.Errorf("catalog %s: %w", path, err), db.Close())
	}
	return &catalog{db: db}, nil
}

// uriPath escapes what a path may not have in an SQLite URI.
func uriPath(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

// location returns where the metadata of a table is, or ErrNoTable.
func (c *catalog) location(ctx context.Context, id ident) (string, error) {
	var loc string
	err := c.db.QueryRowContext(ctx, `SELECT metadata_location FROM iceberg_tables
		WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?`, catalogName, id.namespace, id.name).Scan(&loc)
	if errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("table %s: %w", id, ErrNoTable)
	}
	if err != nil {
		return "", fmt.Errorf("table %s: catalog: %w", id, err)
	}
	return loc, nil
}

// insert adds a table that is not there yet.
func (c *catalog) insert(ctx context.Context, id ident, loc string) error {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("table %s: catalog: %w", id, err)
	}
	defer tx.Rollback() // does nothing after Commit
	if _, err = tx.ExecContext(ctx, `INSERT OR IGNORE INTO iceberg_namespace_properties VALUES (?, ?, 'exists', 'true')`,
		catalogName, id.namespace); err == nil {
		_, err = tx.ExecContext(ctx, `INSERT INTO iceberg_tables VALUES (?, ?, ?, ?, NULL, 'TABLE')`,
			catalogName, id.namespace, id.name, loc)
	}
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		return fmt.Errorf("table %s: catalog: %w", id, err)
	}
	return nil
}

// swap moves a table's pointer if it still stands where it was read.
func (c *catalog) swap(ctx context.Context, id ident, from, to string) error {
	res, err := c.db.ExecContext(ctx, `UPDATE iceberg_tables SET metadata_location = ?, previous_metadata_location = ?
		WHERE catalog_name = ? AND table_namespace = ? AND table_name = ? AND metadata_location = ?`,
		to, from, catalogName, id.namespace, id.name, from)
	if err != nil {
		return fmt.Errorf("table %s: catalog: %w", id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, fmt.Errorf("table %s: %w", id, ErrMoved))
	}
	return nil
}

// remove takes a table out; one that is not there is no error.
func (c *catalog) remove(ctx context.Context, id ident) error {
	_, err := c.db.ExecContext(ctx, `DELETE FROM iceberg_tables
		WHERE catalog_name = ? AND table_namespace = ? AND table_name = ?`, catalogName, id.namespace, id.name)
	if err != nil {
		return fmt.Errorf("table %s: catalog: %w", id, err)
	}
	return nil
}

// all returns the name of every table.
func (c *catalog) all(ctx context.Context) (ids []ident, err error) {
	rows, err := c.db.QueryContext(ctx, `SELECT table_namespace, table_name FROM iceberg_tables WHERE catalog_name = ?`, catalogName)
	if err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id ident
		if err := rows.Scan(&id.namespace, &id.name); err != nil {
			return nil, fmt.Errorf("catalog: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}
