package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// draft is one snapshot under way: it writes the files of it. First come takeFiles
// and writeDeletes, then write, and move makes it the table's newest; undo takes
// back what was written.
type draft struct {
	table      *Table
	meta       table.Metadata
	parent     *Snapshot
	id         int64
	gone       func(entry) bool // which earlier files are not part of it
	properties iceberg.Properties
	operation  table.Operation // "" means by what it does

	made    []string // every file written or taken in, to be synced
	own     []string // those written here
	added   []dataFile
	removed []iceberg.DataFile
	deletes []iceberg.DataFile // added
}

// dataFile is a new data file.
type dataFile struct {
	iceberg.DataFile
	sequence *int64 // its place among the others; nil means behind all
}

func (t *Table) draft(meta table.Metadata) *draft {
	return &draft{table: t, meta: meta, parent: t.snapshot(meta, meta.CurrentSnapshot()), id: newID(meta)}
}

// newID returns a snapshot id that the table does not have.
func newID(meta table.Metadata) int64 {
	for {
		if id := rand.Int64(); id != 0 && meta.SnapshotByID(id) == nil {
			return id
		}
	}
}

// write writes the manifests and their list.
func (w *draft) write(old *files) (*table.Snapshot, error) {
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

// move makes the snapshot the table's newest, together with other updates. After
// an error what was written is removed, if it is certain that the table has not
// got it.
func (w *draft) move(ctx context.Context, loc string, snap *table.Snapshot, others ...table.Update) error {
	err := w.table.move(ctx, w.meta, loc, append([]table.Update{
		table.NewAddSnapshotUpdate(snap),
		table.NewSetSnapshotRefUpdate(table.MainBranch, snap.SnapshotID, table.BranchRef, 0, 0, 0),
	}, others...), w.made...)
	if err != nil && w.table.stands(ctx, loc) {
		err = errors.Join(err, w.undo())
	}
	return err
}

func (w *draft) parentID() *int64 {
	if w.parent.ID == 0 {
		return nil
	}
	return &w.parent.ID
}

// sequenceOf returns the sequence number of a snapshot, 0 where there is none.
func (w *draft) sequenceOf(id int64) int64 {
	if s := w.meta.SnapshotByID(id); s != nil {
		return s.SequenceNumber
	}
	return 0
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

// takeFiles describes new data files of an origin, which are where they are to
// stay.
func (w *draft) takeFiles(old *files, files []File, origin string, sequence *int64) error {
	have := map[string]bool{}
	for _, e := range old.data {
		have[e.DataFile().FilePath()] = true
	}
	for _, f := range files {
		if !within(w.table.DataDir(), f.Path) || have[f.Path] {
			return fmt.Errorf("file %s is not below %s or is in the table already", f.Path, w.table.DataDir())
		}
		have[f.Path] = true
		d, err := describe(f, w.meta.CurrentSchema(), w.meta.PartitionSpec(), origin)
		if err != nil {
			return err
		}
		if f.Rows > 0 {
			w.added, w.made = append(w.added, dataFile{d, sequence}), append(w.made, f.Path)
		}
	}
	return nil
}

// has reports whether a data file is new.
func (w *draft) has(path string) bool {
	return slices.ContainsFunc(w.added, func(f dataFile) bool { return f.FilePath() == path })
}

// writeDeletes writes rows of an origin that are to be gone into a position-delete
// file.
func (w *draft) writeDeletes(origin string, d deletions) error {
	if d.rows() == 0 {
		return nil
	}
	path := filepath.Join(w.table.DataDir(), fmt.Sprintf("deletes-%d-%s.parquet", w.id, origin))
	n, err := w.file(path, func(out io.Writer) error { return writeDeletes(out, d) })
	if err != nil {
		return err
	}
	spec := w.meta.PartitionSpec()
	b, err := iceberg.NewDataFileBuilder(spec, iceberg.EntryContentPosDeletes, path, iceberg.ParquetFile,
		partition(spec, origin), nil, nil, d.rows(), n)
	if err != nil {
		return err
	}
	w.deletes = append(w.deletes, b.Build())
	return nil
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
	}
	maps.Copy(p, w.properties)
	op := table.OpAppend
	if w.operation != "" {
		op = w.operation
	} else if len(w.removed) > 0 || len(w.deletes) > 0 || len(w.added) == 0 {
		op = table.OpOverwrite
	}
	return &table.Summary{Operation: op, Properties: p}
}
