package lake

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"

	"bespoke"
)

// What is in the summary of a snapshot that a rewriting made: that it did, how many
// rows it lacks which the one before had, and if none, since which snapshot the
// table has had these rows.
const (
	rewrittenKey = "rewritten"
	droppedKey   = "dropped"
	dataKey      = "data"
)

// group is some neighbouring files of one origin whose live rows are written anew,
// in the same order. The new files take the place of the last of them among the
// commits.
type group []entry

// rewriting is a change of a table that writes rows anew: into other files, and
// without those that drop takes.
type rewriting struct {
	base    *Snapshot // held
	columns *arrow.Schema
	gone    deletions
	job     bespoke.ARN // "" for none
	drop    func(Batch) Bitmap
	groups  []group
	merge   map[string]bool // position-delete files to be written as one, by origin

	dir      string
	from     map[string]source
	targets  []*target // of each group
	dropped  int64
	obsolete int                  // position-delete files that went
	known    map[string]deletions // what position-delete files have, by path
}

// rewrite writes the groups' rows anew and makes the outcome the table's newest
// snapshot. Meanwhile others may commit; the error wraps [ErrMoved] where one of
// the files has gone since.
func (t *Table) rewrite(ctx context.Context, r *rewriting) (err error) {
	if r.columns, err = arrowSchema(r.base.meta.CurrentSchema()); err != nil {
		return err
	}
	r.dir = filepath.Join(t.DataDir(), "rewritten", strings.ReplaceAll(uuid.NewString(), "-", "")[:8])
	if err := t.state.makeDir(r.dir, ""); err != nil {
		return err
	}
	done := false
	defer func() {
		if !done { // also when ctx has ended
			err = errors.Join(err, t.Discard(context.WithoutCancel(ctx), r.dir))
		}
	}()
	r.from, r.known = map[string]source{}, map[string]deletions{}
	for _, g := range r.groups {
		if err := r.write(ctx, t, g); err != nil {
			return err
		}
	}
	if err := r.know(ctx, r.base); err != nil {
		return err
	}
	if err := t.replace(ctx, r); err != nil {
		return err
	}
	done = true
	t.state.disuse(r.dir)
	return nil
}

// write writes the rows of a group.
func (r *rewriting) write(ctx context.Context, t *Table, g group) (err error) {
	w, err := t.newWriter(r.dir, r.columns, g[0].origin)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Abort()) }() // does nothing after Close
	to := &target{}
	next := int64(0)
	for _, e := range g {
		path, rows := e.DataFile().FilePath(), e.DataFile().Count()
		s := source{rows: rows, first: next, to: to, dead: roaring.New()}
		if b := r.gone[path]; b != nil {
			s.dead = b.Clone()
		}
		for b, err := range r.base.read(ctx, e, nil, r.gone) {
			if err != nil {
				return err
			}
			dead := b.Dead
			if r.drop != nil {
				dead = r.dropFrom(b, s.dead)
			}
			if err := w.Append(b.Record, dead); err != nil {
				return err
			}
		}
		next += rows - int64(s.dead.GetCardinality())
		r.from[path] = s
	}
	files, err := w.Close()
	if err != nil {
		return err
	}
	*to = *newTarget(files)
	r.targets = append(r.targets, to)
	return nil
}

// dropFrom returns the rows of a batch that are not written: those that are dead
// and those that go now, which it adds to dead.
func (r *rewriting) dropFrom(b Batch, dead *roaring.Bitmap) Bitmap {
	drop := r.drop(b)
	if drop.Count() == 0 {
		return b.Dead
	}
	n := int(b.Record.NumRows())
	all := make(Bitmap, (n+63)/64)
	copy(all, b.Dead)
	for i := range n {
		if drop.Has(i) && !all.Has(i) {
			all.Set(i)
			dead.Add(uint32(b.First + int64(i)))
			r.dropped++
		}
	}
	return all
}

// know reads those of a snapshot's position-delete files that are not known yet.
func (r *rewriting) know(ctx context.Context, s *Snapshot) error {
	f, err := s.files()
	if err != nil {
		return err
	}
	for _, e := range f.deletes {
		path := e.DataFile().FilePath()
		if r.known[path] != nil {
			continue
		}
		d := deletions{}
		if err := s.readDeletes(ctx, e, nil, d); err != nil {
			return err
		}
		r.known[path] = d
	}
	return nil
}

// replace makes the new files part of the table instead of the old ones.
func (t *Table) replace(ctx context.Context, r *rewriting) error {
	unlock, err := t.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	meta, loc, err := t.metadata(ctx)
	if err != nil {
		return err
	}
	w := t.draft(meta)
	snap, err := w.replace(ctx, r)
	if err != nil {
		return errors.Join(err, w.undo())
	}
	counted := t.state.countedAt(w.parent.ID)
	if err := w.move(ctx, loc, snap); err != nil {
		return err
	}
	t.state.remember(&relocation{snapshot: snap.SnapshotID, sequence: snap.SequenceNumber, from: r.from})
	if counted != nil && r.dropped == 0 {
		same := *counted
		same.Snapshot = snap.SnapshotID
		t.state.counted(&same)
	}
	return nil
}

func (w *draft) replace(ctx context.Context, r *rewriting) (*table.Snapshot, error) {
	old, err := w.parent.files()
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, e := range old.data {
		there[e.DataFile().FilePath()] = true
	}
	for path := range r.from {
		if !there[path] {
			return nil, ErrMoved
		}
	}
	if err := r.know(ctx, w.parent); err != nil {
		return nil, err
	}
	left, obsolete := r.remaining(old)
	r.obsolete = len(obsolete)
	for i, g := range r.groups {
		sequence := g[len(g)-1].SequenceNum()
		if err := w.takeFiles(old, r.targets[i].files, g[0].origin, &sequence); err != nil {
			return nil, err
		}
	}
	for _, origin := range slices.Sorted(maps.Keys(left)) {
		if err := w.writeDeletes(origin, left[origin]); err != nil {
			return nil, err
		}
	}
	w.gone = func(e entry) bool {
		path := e.DataFile().FilePath()
		_, rewritten := r.from[path]
		return rewritten || obsolete[path]
	}
	w.operation = table.OpReplace
	w.properties = iceberg.Properties{summaryKey + rewrittenKey: "true"}
	if r.dropped > 0 {
		w.operation = table.OpOverwrite
		w.properties[summaryKey+droppedKey] = strconv.FormatInt(r.dropped, 10)
	} else {
		w.properties[summaryKey+dataKey] = strconv.FormatInt(w.parent.Data, 10)
	}
	if r.job != "" {
		w.properties[summaryKey+"job"] = string(r.job)
	}
	return w.write(old)
}

// remaining returns, by origin, the deleted rows that the new snapshot's own
// position-delete files have to hold, and the files that they replace. Rows that
// were deleted after they had been written anew are deleted where they are now.
func (r *rewriting) remaining(old *files) (left map[string]deletions, obsolete map[string]bool) {
	left, obsolete = map[string]deletions{}, map[string]bool{}
	moved := relocation{from: r.from}
	for _, e := range old.deletes {
		file := e.DataFile().FilePath()
		gone := r.known[file]
		if !r.merge[file] && !gone.touch(r.from) {
			continue
		}
		obsolete[file] = true
		if left[e.origin] == nil {
			left[e.origin] = deletions{}
		}
		for path, rows := range gone {
			if _, ok := r.from[path]; !ok {
				left[e.origin].of(path).Or(rows)
				continue
			}
			for it := rows.Iterator(); it.HasNext(); {
				if p, ok := moved.position(Position{path, int64(it.Next())}); ok {
					left[e.origin].of(p.Path).Add(uint32(p.Row))
				}
			}
		}
	}
	return left, obsolete
}

// touch reports whether rows of one of the files are in d.
func (d deletions) touch(files map[string]source) bool {
	for path := range d {
		if _, ok := files[path]; ok {
			return true
		}
	}
	return false
}

// of returns the bitmap of a file.
func (d deletions) of(path string) *roaring.Bitmap {
	if d[path] == nil {
		d[path] = roaring.New()
	}
	return d[path]
}
