package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
)

// The migrations, numbered from 001. A released one is never edited.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate applies the migrations that the database lacks, each in one
// transaction together with its number in user_version.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		return err
	}
	var version int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return err
	}
	if version > len(files) {
		return fmt.Errorf("the database has version %d, this program knows versions up to %d; run the newer program that made it", version, len(files))
	}
	for ; version < len(files); version++ {
		name := files[version].Name()
		if want := fmt.Sprintf("%03d.sql", version+1); name != want {
			panic("sqlite: migration " + name + " stands where " + want + " belongs")
		}
		text, err := migrations.ReadFile("migrations/" + name)
		if err != nil {
			return err
		}
		if err := apply(ctx, db, string(text), version+1); err != nil {
			return fmt.Errorf("migration %s: %w", name, err)
		}
	}
	return nil
}

func apply(ctx context.Context, db *sql.DB, text string, version int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, text); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", version)); err != nil {
		return err
	}
	return tx.Commit()
}
