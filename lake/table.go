package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"

	"bespoke"
)

// Table is a handle on the table of one dataset. Its columns are those that the
// table had when the handle was made; everything else is read when asked for.
// Commits and other changes to one table follow one another. Safe for concurrent
// use.
type Table struct {
	lake   *Lake
	id     ident
	state  *state
	uuid   uuid.UUID
	dir    string
	schema *iceberg.Schema
	arrow  *arrow.Schema
}

// Name returns what the table is called in the catalog.
func (t *Table) Name() string { return t.id.String() }

// Arrow returns what a data file must hold: the columns of the dataset's schema,
// then origin, arrival and session, each with its Parquet field id in its metadata.
func (t *Table) Arrow() *arrow.Schema { return t.arrow }

// DataDir returns the folder below which data files go.
func (t *Table) DataDir() string { return filepath.Join(t.dir, "data") }

// NewDataDir makes a folder for the data files of one run of a job and returns its
// path. A second run gets another one, so that it cannot touch what the first may
// have committed. Until the job's Commit, with files from it or none, or Discard of
// it, no sweep looks into it.
func (t *Table) NewDataDir(job bespoke.ARN) (string, error) {
	dir := filepath.Join(t.jobDir(job), strings.ReplaceAll(uuid.NewString(), "-", "")[:8])
	if err := t.state.makeDir(dir, job); err != nil {
		return "", fmt.Errorf("lake: %w", err)
	}
	return dir, nil
}

// makeDir makes a folder for files of a job, "" for none, and keeps sweeps away from it
// until disuse.
func (s *state) makeDir(dir string, job bespoke.ARN) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.open[dir] = job
	return os.MkdirAll(dir, 0o755)
}

func (s *state) disuse(dir string) {
	s.writing.Lock()
	defer s.writing.Unlock()
	delete(s.open, dir)
}

// disuseOf is disuse of all folders of a job.
func (s *state) disuseOf(job bespoke.ARN) {
	s.writing.Lock()
	defer s.writing.Unlock()
	maps.DeleteFunc(s.open, func(_ string, of bespoke.ARN) bool { return of == job })
}

// inUse returns the folders that sweeps are to leave alone, and whose they are.
func (s *state) inUse() map[string]bespoke.ARN {
	s.writing.Lock()
	defer s.writing.Unlock()
	return maps.Clone(s.open)
}

// removeEmpty removes a folder if it is empty and not in use.
func (s *state) removeEmpty(dir string) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if _, used := s.open[dir]; !used {
		_ = os.Remove(dir) // fails for those that are not empty, which is the point
	}
}

func (t *Table) jobDir(job bespoke.ARN) string {
	return filepath.Join(t.DataDir(), path.Base(job.Name()))
}

// Discard removes the files of a run that did not commit. A file that the table
// has after all stays, so that it is safe after a Commit whose outcome is unknown.
func (t *Table) Discard(ctx context.Context, dir string) error {
	if !within(t.DataDir(), dir) {
		return fmt.Errorf("lake: discard: %s is not below %s", dir, t.DataDir())
	}
	unlock, err := t.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	t.state.disuse(dir)
	meta, _, err := t.metadata(ctx)
	if errors.Is(err, ErrNoTable) {
		return os.RemoveAll(t.dir) // a table that is made anew has another
	}
	if err != nil {
		return err
	}
	_, err = t.clear(ctx, meta, dir, time.Time{})
	return err
}

// lock waits until no one else changes the table.
func (t *Table) lock(ctx context.Context) (unlock func(), err error) {
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("lake: table %s: %w", t.id, context.Cause(ctx))
	case <-t.state.commit:
		return func() { t.state.commit <- struct{}{} }, nil
	}
}

// metadata reads the table's current metadata.
func (t *Table) metadata(ctx context.Context) (table.Metadata, string, error) {
	meta, loc, err := t.lake.metadata(ctx, t.id)
	if err == nil && meta.TableUUID() != t.uuid {
		err = fmt.Errorf("table %s has been dropped and made anew: %w", t.id, ErrNoTable)
	}
	if err != nil {
		return nil, "", fmt.Errorf("lake: %w", err)
	}
	return meta, loc, nil
}

// stands reports whether it is certain that the table's metadata is the file loc.
func (t *Table) stands(ctx context.Context, loc string) bool {
	now, err := t.lake.cat.location(context.WithoutCancel(ctx), t.id)
	return err == nil && now == loc
}

// move applies updates to meta and makes the outcome the table's metadata. files
// are new files that it leads to; they, the metadata file and their folders are on
// the disk before the catalog says so. The caller holds the lock.
func (t *Table) move(ctx context.Context, meta table.Metadata, loc string, updates []table.Update, files ...string) error {
	next, err := table.UpdateTableMetadata(meta, updates, loc)
	if err != nil {
		return fmt.Errorf("lake: table %s: %w", t.id, err)
	}
	n, _, _ := strings.Cut(filepath.Base(loc), "-")
	version, err := strconv.Atoi(n)
	if err != nil {
		return fmt.Errorf("lake: table %s: metadata file %s has no version in its name", t.id, loc)
	}
	to, err := writeMetadata(next, version+1)
	if err != nil {
		return fmt.Errorf("lake: table %s: %w", t.id, err)
	}
	if err := errors.Join(Sync(t.dir, append(files, to)...), context.Cause(ctx)); err != nil {
		return errors.Join(fmt.Errorf("lake: table %s: %w", t.id, err), os.Remove(to))
	}
	// The step itself is short and not cut off half way.
	ctx = context.WithoutCancel(ctx)
	if err := t.lake.cat.swap(ctx, t.id, loc, to); err != nil {
		now, unknown := t.lake.cat.location(ctx, t.id)
		if unknown == nil && now == loc {
			unknown = os.Remove(to)
		}
		if unknown != nil || now != to {
			return errors.Join(fmt.Errorf("lake: %w", err), unknown)
		}
	}
	kept := map[string]bool{to: true}
	for e := range next.PreviousFiles() {
		kept[e.MetadataFile] = true
	}
	for e := range meta.PreviousFiles() {
		if !kept[e.MetadataFile] {
			_ = os.Remove(e.MetadataFile) // a left-over is found by the next Sweep
		}
	}
	return nil
}
