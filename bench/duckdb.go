package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // registers "duckdb"

	"bespoke/schema"
)

// duckTypes are DuckDB's names of what schemas hold.
var duckTypes = map[schema.Type]string{
	schema.String: "VARCHAR", schema.Int: "INTEGER", schema.Long: "BIGINT",
	schema.Float: "FLOAT", schema.Double: "DOUBLE", schema.Boolean: "BOOLEAN",
}

// copyByDuckDB has DuckDB turn the CSV files of a folder into a Parquet file,
// with the schema's types, on so many threads. It returns the time of the COPY
// alone.
func copyByDuckDB(ctx context.Context, s *schema.Schema, dir, parquet string, threads int) (time.Duration, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return 0, fmt.Errorf("duckdb: %w", err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, fmt.Sprintf("SET threads = %d", threads)); err != nil {
		return 0, fmt.Errorf("duckdb: %w", err)
	}
	var columns []string
	for _, c := range s.Columns {
		columns = append(columns, fmt.Sprintf("'%s': '%s'", c.Name, duckTypes[c.Type]))
	}
	begin := time.Now()
	_, err = db.ExecContext(ctx, fmt.Sprintf(`COPY (SELECT * FROM read_csv('%s', header = true, columns = {%s})) TO '%s' (FORMAT parquet)`,
		filepath.Join(dir, "*.csv"), strings.Join(columns, ", "), parquet))
	if err != nil {
		return 0, fmt.Errorf("duckdb: %w", err)
	}
	return time.Since(begin), nil
}
