package crash_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/apache/iceberg-go"
	iceio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"

	"bespoke"
	"bespoke/lake"
	"bespoke/store"
	"bespoke/store/sqlite"
)

// rest is a data folder that no process serves, looked at without changing it:
// databases are copied before they are opened, since opening one is already a
// part of the recovery that is to be tested.
type rest struct {
	data  string
	lake  *lake.Lake
	store *sqlite.Store
	files string // of the copy of the lake's catalog
}

// openRest opens the folder; scratch is an empty folder for the copies.
func openRest(ctx context.Context, data, scratch string) (*rest, error) {
	r := &rest{data: data, files: filepath.Join(scratch, "catalog.db")}
	for _, db := range []string{"lake/catalog.db", "bespoke.db"} {
		for _, part := range []string{"", "-wal"} {
			b, err := os.ReadFile(filepath.Join(data, db+part))
			if part != "" && errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err := errors.Join(err, os.WriteFile(filepath.Join(scratch, filepath.Base(db)+part), b, 0o600)); err != nil {
				return nil, err
			}
		}
	}
	var err error
	// Tables record absolute paths: the copy of the catalog leads to the files.
	if r.lake, err = lake.Open(ctx, lake.Config{Dir: scratch}); err != nil {
		return nil, err
	}
	if r.store, err = sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(scratch, "bespoke.db")}); err != nil {
		return nil, errors.Join(err, r.lake.Close())
	}
	return r, nil
}

func (r *rest) close() error { return errors.Join(r.lake.Close(), r.store.Close()) }

// records reads every row that a dataset shows.
func (r *rest) records(ctx context.Context, d *dataset) ([]record, error) {
	t, err := r.lake.Table(ctx, bespoke.ARN(d.arn))
	if err != nil {
		return nil, err
	}
	var all []record
	for b, err := range t.Scan(ctx, d.columns, "") {
		if err != nil {
			return nil, err
		}
		for i := range int(b.Record.NumRows()) {
			if b.Dead.Has(i) {
				continue
			}
			row, err := d.parse(b.Record, i)
			if err != nil {
				return nil, fmt.Errorf("%s row %d: %w", b.Path, b.First+int64(i), err)
			}
			all = append(all, row)
		}
	}
	return all, nil
}

// twice returns a job that has committed to a dataset more than once, among the
// commits that are not forgotten; "" if there is none. The rows do not always
// tell: what was imported twice is mostly a duplicate.
func (r *rest) twice(ctx context.Context, d *dataset) (string, error) {
	t, err := r.lake.Table(ctx, bespoke.ARN(d.arn))
	if err != nil {
		return "", err
	}
	snapshots, err := t.Snapshots(ctx)
	seen := map[bespoke.ARN]bool{}
	for _, s := range snapshots {
		if seen[s.Job] {
			return string(s.Job), nil
		}
		seen[s.Job] = true
	}
	return "", err
}

// stage says how far an import job had come. Each is further than the one
// before.
type stage int

const (
	startUp   stage = iota // the server did not listen yet
	idle                   // no job was unfinished
	waiting                // CREATE PENDING
	reading                // CREATE IN_PROGRESS
	reported               // its report is saved: it commits, or is about to fail
	committed              // its rows are visible, the job is not ACTIVE yet
)

func (s stage) String() string {
	return [...]string{"start-up", "no job unfinished", "waiting", "reading", "reported, not committed", "committed, not ACTIVE"}[s]
}

// stage returns how far a job is and its status, "" if there is no such job.
func (r *rest) stage(ctx context.Context, j *importJob) (stage, string, error) {
	arn := bespoke.ARN(j.arn)
	known, err := r.store.ImportJob(ctx, arn)
	if errors.Is(err, store.ErrNotFound) {
		return idle, "", nil
	}
	if err != nil || known.Status.Settled() {
		return idle, string(known.Status), err
	}
	if known.Status == bespoke.CreatePending {
		return waiting, string(known.Status), nil
	}
	t, err := r.lake.Table(ctx, known.DatasetARN)
	if err != nil {
		return idle, "", err
	}
	if done, err := t.Committed(ctx, arn); done || err != nil {
		return committed, string(known.Status), err
	}
	_, saved, err := r.store.Report(ctx, arn)
	if saved {
		return reported, string(known.Status), err
	}
	return reading, string(known.Status), err
}

// orphans returns the files below the lake's tables that no table's metadata
// leads to, and those that are missing: what Iceberg's own reader finds is
// compared with what is in the folder.
func (r *rest) orphans(ctx context.Context) (orphans, missing []string, err error) {
	reached, err := r.reached(ctx)
	if err != nil {
		return nil, nil, err
	}
	err = filepath.WalkDir(filepath.Join(r.data, "lake", "tables"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if !reached[path] {
				orphans = append(orphans, path)
			}
			delete(reached, path)
		}
		return err
	})
	for path := range reached {
		missing = append(missing, path)
	}
	return orphans, missing, err
}

// reached returns every file that the catalog leads to.
func (r *rest) reached(ctx context.Context) (files map[string]bool, err error) {
	db, err := sql.Open("sqlite", r.files)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	found, err := db.QueryContext(ctx, "SELECT metadata_location FROM iceberg_tables")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	files = map[string]bool{}
	for found.Next() {
		var loc string
		if err := found.Scan(&loc); err != nil {
			return nil, err
		}
		if err := reachedFrom(loc, files); err != nil {
			return nil, fmt.Errorf("table at %s: %w", loc, err)
		}
	}
	return files, found.Err()
}

func reachedFrom(loc string, files map[string]bool) error {
	b, err := os.ReadFile(loc)
	if err != nil {
		return err
	}
	meta, err := table.ParseMetadataBytes(b)
	if err != nil {
		return err
	}
	files[loc] = true
	for earlier := range meta.PreviousFiles() {
		files[earlier.MetadataFile] = true
	}
	for _, s := range meta.Snapshots() {
		files[s.ManifestList] = true
		manifests, err := s.Manifests(iceio.LocalFS{})
		if err != nil {
			return err
		}
		for _, m := range manifests {
			files[m.FilePath()] = true
			if err := entries(m, files); err != nil {
				return err
			}
		}
	}
	return nil
}

func entries(m iceberg.ManifestFile, files map[string]bool) error {
	for e, err := range m.Entries(iceio.LocalFS{}, true) {
		if err != nil {
			return err
		}
		files[e.DataFile().FilePath()] = true
	}
	return nil
}

// left returns what is in the server's scratch folder.
func (r *rest) left() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(r.data, "tmp"))
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}
