package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // registers "duckdb"
)

// copyByDuckDB has DuckDB turn the CSV file into a Parquet file, with the types
// given, on so many threads. It returns the time of the COPY alone.
func copyByDuckDB(ctx context.Context, csv, parquet string, threads int) (time.Duration, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return 0, fmt.Errorf("duckdb: %w", err)
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, fmt.Sprintf("SET threads = %d", threads)); err != nil {
		return 0, fmt.Errorf("duckdb: %w", err)
	}
	begin := time.Now()
	_, err = db.ExecContext(ctx, fmt.Sprintf(`COPY (SELECT * FROM read_csv('%s', header = true, columns = {
		'USER_ID': 'VARCHAR', 'ITEM_ID': 'VARCHAR', 'EVENT_TYPE': 'VARCHAR', 'EVENT_VALUE': 'FLOAT', 'TIMESTAMP': 'BIGINT'}))
		TO '%s' (FORMAT parquet)`, csv, parquet))
	if err != nil {
		return 0, fmt.Errorf("duckdb: %w", err)
	}
	return time.Since(begin), nil
}
