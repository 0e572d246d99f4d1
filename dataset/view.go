package dataset

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"bespoke"
	"bespoke/ingest"
	"bespoke/lake"
	"bespoke/schema"
)

// Config says what to read as one dataset.
type Config struct {
	Snapshot *lake.Snapshot
	Type     bespoke.DatasetType
	Schema   *schema.Schema
	// Origin limits the view: "" is the whole dataset. Of one origin all records
	// are shown, earlier ones of the same ID too, but equal rows once.
	Origin  string
	TempDir string // for what does not fit in memory; "" means the system's
	Memory  int64  // bytes, about; 0 means 64 MiB
}

// View is a dataset at one snapshot. Safe for concurrent use.
type View struct {
	cfg  Config
	rows int64
	hide *ingest.Superfluous // nil where nothing is hidden
}

// Open compares the rows of the snapshot as far as is needed. Where there are no
// individual rows it reads nothing: imports have left no repeats among their
// own. Otherwise it reads the key of every row once, in bounded memory.
func Open(ctx context.Context, cfg Config) (_ *View, err error) {
	rows, err := cfg.Snapshot.Rows()
	if err != nil {
		return nil, err
	}
	v := &View{cfg: cfg}
	for origin, n := range rows {
		if cfg.Origin == "" || cfg.Origin == origin {
			v.rows += n
		}
	}
	if rows[lake.Put] == 0 || cfg.Origin == lake.Bulk {
		return v, nil
	}
	sieve := ingest.NewSieve(cfg.sieve(rows[lake.Put]))
	defer func() { err = errors.Join(err, sieve.Close()) }()
	scan := func(origin string) func(columns []string) iter.Seq2[lake.Batch, error] {
		return func(columns []string) iter.Seq2[lake.Batch, error] { return cfg.Snapshot.Scan(ctx, columns, origin) }
	}
	if err := sieve.Add(scan(lake.Put)); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	if cfg.Origin == "" && rows[lake.Bulk] > 0 {
		if err := sieve.Match(scan(lake.Bulk)); err != nil {
			return nil, fmt.Errorf("dataset: %w", err)
		}
	}
	if v.hide, err = sieve.Superfluous(); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	v.rows -= v.hide.Added + v.hide.Matched
	return v, nil
}

func (c *Config) sieve(rows int64) ingest.SieveConfig {
	out := ingest.SieveConfig{Rows: rows, TempDir: c.TempDir, Memory: c.Memory}
	if key := c.Type.Key(); key != "" && c.Origin == "" {
		out.Columns, out.Newest = []string{key}, lake.ArrivedColumn
		return out
	}
	for _, col := range c.Schema.Columns {
		out.Columns = append(out.Columns, col.Name)
	}
	return out
}

// Rows returns how many rows the view shows.
func (v *View) Rows() int64 { return v.rows }

// Scan reads the rows as [lake.Snapshot.Scan] does, with those that the view
// hides marked as dead too.
func (v *View) Scan(ctx context.Context, columns []string) iter.Seq2[lake.Batch, error] {
	rows := v.cfg.Snapshot.Scan(ctx, columns, v.cfg.Origin)
	if v.hide == nil {
		return rows
	}
	return func(yield func(lake.Batch, error) bool) {
		for b, err := range rows {
			if err == nil {
				b = v.hide.Hide(b)
			}
			if !yield(b, err) {
				return
			}
		}
	}
}

// Hidden marks those of the rows [first, first+rows) of a file that the view hides
// beside deleted ones, counted from first; nil if it hides none of them.
func (v *View) Hidden(path string, first int64, rows int) lake.Bitmap {
	if v.hide == nil {
		return nil
	}
	return v.hide.Marks(path, first, rows)
}
