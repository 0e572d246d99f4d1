package lake

import (
	"context"
	"errors"
	"fmt"
	"strconv"

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
	w := t.draft(meta)
	w.gone = func(e entry) bool { return c.Mode == bespoke.Full && e.origin == c.Origin }
	w.properties = iceberg.Properties{summaryKey + "job": string(c.Job), summaryKey + "mode": string(c.Mode), summaryKey + "origin": c.Origin}
	for k, v := range c.Counts {
		w.properties[summaryKey+k] = v
	}
	snap, err := w.change(ctx, c)
	if err != nil {
		return 0, errors.Join(err, w.undo())
	}
	var updates []table.Update
	if c.Through > 0 {
		updates = append(updates, table.NewSetPropertiesUpdate(iceberg.Properties{throughKey: strconv.FormatUint(c.Through, 10)}))
	}
	if err := w.move(ctx, loc, snap, updates...); err != nil {
		return snap.SnapshotID, err
	}
	if c.Job != "" { // records have one folder for many batches
		t.state.disuseOf(c.Job)
	}
	return snap.SnapshotID, nil
}

// change writes what an import does.
func (w *draft) change(ctx context.Context, c Commit) (*table.Snapshot, error) {
	old, err := w.parent.files()
	if err != nil {
		return nil, err
	}
	if err := w.takeFiles(old, c.Files, c.Origin, nil); err != nil {
		return nil, err
	}
	dead, err := w.newlyDead(ctx, old, c)
	if err != nil {
		return nil, err
	}
	if err := w.writeDeletes(c.Origin, dead); err != nil {
		return nil, err
	}
	return w.write(old)
}

// newlyDead returns the rows that are to be gone without those that are gone
// already.
func (w *draft) newlyDead(ctx context.Context, old *files, c Commit) (deletions, error) {
	rows, earlier := map[string]int64{}, map[string]int64{}
	for _, f := range w.added {
		rows[f.FilePath()] = f.Count()
	}
	positions := c.Dead
	if c.Mode == bespoke.Incremental && positions != nil {
		for _, e := range old.data {
			if e.origin == c.Origin {
				rows[e.DataFile().FilePath()] = e.DataFile().Count()
			}
		}
		positions = w.table.state.relocated(c.Dead, w.sequenceOf(c.Base))
	}
	d, err := collect(positions, rows)
	if err != nil {
		return nil, err
	}
	for path := range d {
		if !w.has(path) {
			earlier[path] = 0
		}
	}
	if len(earlier) > 0 {
		gone, err := w.parent.deletions(ctx, c.Origin, earlier)
		if err != nil {
			return nil, err
		}
		for path, b := range gone {
			d[path].AndNot(b)
		}
	}
	return d, nil
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

// movedSince reports whether rows of an origin have changed since snapshot base. A
// rewrite changes no row; it counts where it is not known any more what went
// where, as it is while base is held. An expired base counts as moved from. 0 is
// not checked.
func (t *Table) movedSince(meta table.Metadata, base int64, origin string) bool {
	if base == 0 {
		return false
	}
	was := meta.SnapshotByID(base)
	if was == nil {
		return true
	}
	for _, s := range t.snapshots(meta) {
		switch {
		case s.snap.SequenceNumber <= was.SequenceNumber:
		case s.Rewritten:
			if !t.state.knows(s.ID) {
				return true
			}
		case s.Origin == origin || s.Origin == "":
			return true
		}
	}
	return false
}
