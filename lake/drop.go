package lake

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"bespoke"
)

// Drop is rows to take away for good.
type Drop struct {
	Job bespoke.ARN
	// Columns are those that Rows looks at.
	Columns []string
	// Rows marks the rows of a batch that are to go. It sees dead rows as well, and
	// more columns than it asked for: it finds them by name.
	Rows func(Batch) Bitmap
}

// DropRows writes the files that have rows which d marks anew without these, whatever
// their origin; files that have such rows among deleted ones too, so that the
// newest state keeps no trace of them. It returns how many rows went that were
// visible: those of an earlier run of the same job included. Earlier states still
// have them until [Table.Purge]. What is committed while DropRows works is looked at
// too. Files of one commit may change places.
func (t *Table) DropRows(ctx context.Context, d Drop) (int64, error) {
	seen := map[string]bool{} // files without such rows
	for {
		again, err := t.dropOnce(ctx, d, seen)
		if err != nil && !errors.Is(err, ErrMoved) {
			return 0, fmt.Errorf("lake: table %s: drop rows for %s: %w", t.id, d.Job, err)
		}
		if err == nil && !again {
			return t.droppedBy(ctx, d.Job)
		}
	}
}

// dropOnce rewrites the files of the newest state that have rows to be dropped. It
// reports whether there were any.
func (t *Table) dropOnce(ctx context.Context, d Drop, seen map[string]bool) (bool, error) {
	base, release, err := t.Hold(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	f, err := base.files()
	if err != nil {
		return false, err
	}
	gone, err := base.gone(ctx, "")
	if err != nil {
		return false, err
	}
	r := &rewriting{base: base, gone: gone, job: d.Job, drop: d.Rows}
	for _, e := range f.data {
		path := e.DataFile().FilePath()
		if seen[path] {
			continue
		}
		found := false
		for b, err := range base.read(ctx, e, d.Columns, gone) {
			if err != nil {
				return false, err
			}
			if found = d.Rows(b).Count() > 0; found {
				break
			}
		}
		if found {
			r.groups = append(r.groups, group{e})
		} else {
			seen[path] = true
		}
	}
	if len(r.groups) == 0 {
		return false, nil
	}
	return true, t.rewrite(ctx, r)
}

// droppedBy returns how many rows a job has dropped.
func (t *Table) droppedBy(ctx context.Context, job bespoke.ARN) (n int64, err error) {
	meta, _, err := t.metadata(ctx)
	if err != nil {
		return 0, err
	}
	for _, s := range t.snapshots(meta) {
		if s.Job == job {
			n += s.Dropped()
		}
	}
	for _, e := range expired(meta) {
		if e.Job == job {
			n += e.Dropped
		}
	}
	return n, nil
}

// Dropped returns how many rows the snapshot lacks that the one before had, where a
// DropRows made it.
func (s *Snapshot) Dropped() int64 {
	n, err := strconv.ParseInt(s.Counts[droppedKey], 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/2 {
		return 0
	}
	return n
}
