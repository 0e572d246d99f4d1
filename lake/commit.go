package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"bespoke"
)

// Commit makes what a job has done the table's newest state, all of it or nothing,
// as one snapshot, and returns that snapshot's id. With FULL, rows of the same
// origin that were there before are gone.
//
// A job commits once: if one has committed already, its snapshot is returned and
// nothing is changed; its new files stay where they are, for Discard to remove. An
// error that wraps [ErrMoved] says that rows of the origin have changed since
// c.Base. After any other error the outcome may be unknown: commit again.
func (t *Table) Commit(ctx context.Context, c Commit) (int64, error) {
	id, err := t.commit(ctx, c)
	if err != nil {
		return 0, fmt.Errorf("lake: table %s: commit of %s: %w", t.id, c.Job, err)
	}
	return id, nil
}

func (t *Table) commit(ctx context.Context, c Commit) (int64, error) {
	if (c.Job == "") == (c.Through == 0) || c.Origin != Bulk && c.Origin != Put || c.Mode != bespoke.Full && c.Mode != bespoke.Incremental {
		return 0, fmt.Errorf("job %q or through %d, origin %q and mode %q: each must be set to one of its values", c.Job, c.Through, c.Origin, c.Mode)
	}
	unlock, err := t.lock(ctx)
	if err != nil {
		return 0, err
	}
	defer unlock()
	meta, loc, err := t.metadata(ctx)
	if err != nil {
		return 0, err
	}
	if id, ok := t.committed(meta, c.Job); ok {
		return id, nil
	}
	have, err := through(meta)
	if err != nil {
		return 0, err
	}
	if c.Through > 0 && c.Through <= have {
		return meta.CurrentSnapshot().SnapshotID, nil
	}
	if c.Mode == bespoke.Incremental && t.movedSince(meta, c.Base, c.Origin) {
		return 0, ErrMoved
	}
	w := &draft{table: t, meta: meta, parent: t.snapshot(meta, meta.CurrentSnapshot()), commit: c, id: newID(meta)}
	snap, err := w.write()
	if err != nil {
		return 0, errors.Join(err, w.undo())
	}
	updates := []table.Update{
		table.NewAddSnapshotUpdate(snap),
		table.NewSetSnapshotRefUpdate(table.MainBranch, snap.SnapshotID, table.BranchRef, 0, 0, 0),
	}
	if c.Through > 0 {
		updates = append(updates, table.NewSetPropertiesUpdate(iceberg.Properties{throughKey: strconv.FormatUint(c.Through, 10)}))
	}
	err = t.move(ctx, meta, loc, updates, w.made...)
	return snap.SnapshotID, err
}

// throughKey is the table property with the number of the last record that came in one
// by one and is in the table.
const throughKey = "bespoke.through"

// Through returns the number of the last record that the table has of those that came
// in one by one, 0 if it has none.
func (t *Table) Through(ctx context.Context) (uint64, error) {
	meta, _, err := t.metadata(ctx)
	if err != nil {
		return 0, err
	}
	n, err := through(meta)
	if err != nil {
		return 0, fmt.Errorf("lake: table %s: %w", t.id, err)
	}
	return n, nil
}

func through(meta table.Metadata) (uint64, error) {
	text := meta.Properties()[throughKey]
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("property %s: %w", throughKey, err)
	}
	return n, nil
}

// Committed reports whether a job has committed to the table. A job that goes on
// after a crash asks before it starts: its source may have changed since, and its
// own rows would count as earlier ones.
func (t *Table) Committed(ctx context.Context, job bespoke.ARN) (bool, error) {
	meta, _, err := t.metadata(ctx)
	if err != nil {
		return false, err
	}
	_, ok := t.committed(meta, job)
	return ok, nil
}

// committed looks for the snapshot of a job, among those that are there and those
// that have expired.
func (t *Table) committed(meta table.Metadata, job bespoke.ARN) (int64, bool) {
	if job == "" {
		return 0, false
	}
	for _, s := range t.snapshots(meta) {
		if s.Job == job {
			return s.ID, true
		}
	}
	for _, e := range expired(meta) {
		if e.Job == job {
			return e.Snapshot, true
		}
	}
	return 0, false
}

// movedSince reports whether rows of an origin have changed since snapshot base.
// An expired base counts as moved from. 0 is not checked.
func (t *Table) movedSince(meta table.Metadata, base int64, origin string) bool {
	if base == 0 {
		return false
	}
	was := meta.SnapshotByID(base)
	if was == nil {
		return true
	}
	for _, s := range t.snapshots(meta) {
		if s.snap.SequenceNumber > was.SequenceNumber && (s.Origin == origin || s.Origin == "") {
			return true
		}
	}
	return false
}

// newID returns a snapshot id that the table does not have.
func newID(meta table.Metadata) int64 {
	for {
		if id := rand.Int64(); id != 0 && meta.SnapshotByID(id) == nil {
			return id
		}
	}
}

// draft is one snapshot under way: it writes the files of it. Its methods follow one another in the
// order write calls them.
type draft struct {
	table  *Table
	meta   table.Metadata
	parent *Snapshot
	commit Commit
	id     int64

	made    []string // every file written or taken in, to be synced
	own     []string // those written here
	added   []iceberg.DataFile
	removed []iceberg.DataFile
	deletes []iceberg.DataFile // added
}

func (w *draft) write() (*table.Snapshot, error) {
	old, err := w.parent.files()
	if err != nil {
		return nil, err
	}
	if err := w.takeFiles(old); err != nil {
		return nil, err
	}
	if err := w.writeDeletes(old); err != nil {
		return nil, err
	}
	manifests, err := w.manifests(old)
	if err != nil {
		return nil, err
	}
	seq := w.meta.LastSequenceNumber() + 1
	list := w.metaPath(fmt.Sprintf("snap-%d.avro", w.id))
	_, err = w.file(list, func(out io.Writer) error {
		return iceberg.WriteManifestList(2, out, w.id, w.parentID(), &seq, 0, manifests)
	})
	if err != nil {
		return nil, err
	}
	schemaID := w.meta.CurrentSchema().ID
	return &table.Snapshot{
		SnapshotID: w.id, ParentSnapshotID: w.parentID(), SequenceNumber: seq, ManifestList: list, SchemaID: &schemaID,
		// Never before what the table has: clocks may be set back.
		TimestampMs: max(time.Now().UnixMilli(), w.meta.LastUpdatedMillis()),
		Summary:     w.summary(manifests),
	}, nil
}

func (w *draft) parentID() *int64 {
	if w.parent.ID == 0 {
		return nil
	}
	return &w.parent.ID
}

func (w *draft) metaPath(name string) string {
	return filepath.Join(w.table.dir, "metadata", name)
}

func (w *draft) file(path string, write func(io.Writer) error) (int64, error) {
	n, err := writeFile(path, write)
	if err == nil {
		w.made, w.own = append(w.made, path), append(w.own, path)
	}
	return n, err
}

// takeFiles describes the new data files, which are where they are to stay.
func (w *draft) takeFiles(old *files) error {
	have := map[string]bool{}
	for _, e := range old.data {
		have[e.DataFile().FilePath()] = true
	}
	for _, f := range w.commit.Files {
		if !within(w.table.DataDir(), f.Path) || have[f.Path] {
			return fmt.Errorf("file %s is not below %s or is in the table already", f.Path, w.table.DataDir())
		}
		have[f.Path] = true
		d, err := describe(f, w.meta.CurrentSchema(), w.meta.PartitionSpec(), w.commit.Origin)
		if err != nil {
			return err
		}
		if f.Rows > 0 {
			w.added, w.made = append(w.added, d), append(w.made, f.Path)
		}
	}
	return nil
}

// writeDeletes writes the rows that are to be gone into a position-delete file,
// without those that are gone already.
func (w *draft) writeDeletes(old *files) error {
	rows, earlier := map[string]int64{}, map[string]int64{}
	for _, f := range w.added {
		rows[f.FilePath()] = f.Count()
	}
	for _, e := range old.data {
		if w.commit.Mode == bespoke.Incremental && e.origin == w.commit.Origin {
			rows[e.DataFile().FilePath()] = e.DataFile().Count()
		}
	}
	d, err := collect(w.commit.Dead, rows)
	if err != nil {
		return err
	}
	for path := range d {
		if _, ok := added(w.added, path); !ok {
			earlier[path] = 0
		}
	}
	if len(earlier) > 0 {
		gone, err := w.parent.deletions(w.commit.Origin, earlier)
		if err != nil {
			return err
		}
		for path, b := range gone {
			d[path].AndNot(b)
		}
	}
	if d.rows() == 0 {
		return nil
	}
	path := filepath.Join(w.table.DataDir(), fmt.Sprintf("deletes-%d.parquet", w.id))
	n, err := w.file(path, func(out io.Writer) error { return writeDeletes(out, d) })
	if err != nil {
		return err
	}
	spec := w.meta.PartitionSpec()
	b, err := iceberg.NewDataFileBuilder(spec, iceberg.EntryContentPosDeletes, path, iceberg.ParquetFile,
		partition(spec, w.commit.Origin), nil, nil, d.rows(), n)
	if err != nil {
		return err
	}
	w.deletes = append(w.deletes, b.Build())
	return nil
}

func added(files []iceberg.DataFile, path string) (iceberg.DataFile, bool) {
	for _, f := range files {
		if f.FilePath() == path {
			return f, true
		}
	}
	return nil, false
}

// summary says what the snapshot did, in Iceberg's words and in ours.
func (w *draft) summary(manifests []iceberg.ManifestFile) *table.Summary {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	var rows, data, dels, gone int64
	for _, m := range manifests {
		live, count := m.AddedRows()+m.ExistingRows(), int64(m.AddedDataFiles()+m.ExistingDataFiles())
		if m.ManifestContent() == iceberg.ManifestContentData {
			rows, data = rows+live, data+count
		} else {
			gone, dels = gone+live, dels+count
		}
	}
	var addedRows, removedFiles, removedRows int64
	for _, f := range w.added {
		addedRows += f.Count()
	}
	for _, f := range w.removed {
		if f.ContentType() == iceberg.EntryContentData {
			removedFiles, removedRows = removedFiles+1, removedRows+f.Count()
		}
	}
	p := iceberg.Properties{
		"added-data-files": n(int64(len(w.added))), "added-records": n(addedRows),
		"deleted-data-files": n(removedFiles), "deleted-records": n(removedRows),
		"added-delete-files": n(int64(len(w.deletes))),
		"total-data-files":   n(data), "total-records": n(rows),
		"total-delete-files": n(dels), "total-position-deletes": n(gone), "total-equality-deletes": "0",
		summaryKey + "job": string(w.commit.Job), summaryKey + "mode": string(w.commit.Mode), summaryKey + "origin": w.commit.Origin,
	}
	for k, v := range w.commit.Counts {
		p[summaryKey+k] = v
	}
	op := table.OpAppend
	if len(w.removed) > 0 || len(w.deletes) > 0 || len(w.added) == 0 {
		op = table.OpOverwrite
	}
	return &table.Summary{Operation: op, Properties: p}
}
