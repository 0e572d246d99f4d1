package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"

	"bespoke"
)

// expiredKey is the table property that remembers the jobs of expired snapshots,
// so that a job which is run again long after still commits once.
const expiredKey = "bespoke.expired"

// maxExpired is how many of them are remembered, the latest.
const maxExpired = 1000

type expiredJob struct {
	Job      bespoke.ARN `json:"job"`
	Snapshot int64       `json:"snapshot"`
	Dropped  int64       `json:"dropped,omitempty"`
}

func expired(meta table.Metadata) []expiredJob {
	var jobs []expiredJob
	// Only Expire writes it; what cannot be read remembers nothing.
	_ = json.Unmarshal([]byte(meta.Properties()[expiredKey]), &jobs)
	return jobs
}

// Expire forgets snapshots older than before and removes the files that only they
// had. The newest one stays, and those that are held or tagged do. It returns how
// many it forgot.
func (t *Table) Expire(ctx context.Context, before time.Time) (int, error) {
	unlock, err := t.lock(ctx)
	if err != nil {
		return 0, err
	}
	defer unlock()
	meta, loc, err := t.metadata(ctx)
	if err != nil {
		return 0, err
	}
	kept := map[int64]bool{}
	for _, ref := range meta.Refs() { // the newest is one of them
		kept[ref.SnapshotID] = true
	}
	var due []*Snapshot
	for _, s := range t.snapshots(meta) {
		if !kept[s.ID] && s.Time.Before(before) {
			due = append(due, s)
		}
	}
	due, done := t.state.expire(due)
	defer done()
	jobs := expired(meta)
	var ids []int64
	old := map[string]bool{}
	read := map[string]bool{}
	for _, s := range due {
		ids = append(ids, s.ID)
		if s.Job != "" {
			jobs = append(jobs, expiredJob{s.Job, s.ID, s.Dropped()})
		}
		if err := s.reach(old, read); err != nil {
			return 0, err
		}
	}
	if len(ids) == 0 {
		return 0, nil
	}
	text, err := json.Marshal(jobs[max(0, len(jobs)-maxExpired):])
	if err != nil {
		return 0, err
	}
	err = t.move(ctx, meta, loc, []table.Update{
		table.NewRemoveSnapshotsUpdate(ids, false),
		table.NewSetPropertiesUpdate(iceberg.Properties{expiredKey: string(text)}),
	})
	if err != nil {
		return 0, err
	}
	// Nothing leads to their files any more, so that these go now, whoever stops.
	if meta, _, err = t.metadata(context.WithoutCancel(ctx)); err != nil {
		return 0, err
	}
	live, err := t.reachable(meta)
	if err != nil {
		return 0, err
	}
	for path := range old {
		if !live[path] {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return 0, fmt.Errorf("lake: expire: %w", err)
			}
		}
	}
	for path := range old {
		// Of an import a folder of its own in one of its job.
		for dir := filepath.Dir(path); within(t.DataDir(), dir); dir = filepath.Dir(dir) {
			t.state.removeEmpty(dir)
		}
	}
	return len(ids), nil
}

// Purge leaves nothing of the table but its newest state: it takes all tags away
// and has all earlier states expire, waiting for those that read them.
func (t *Table) Purge(ctx context.Context) error {
	tags, err := t.Tags(ctx)
	if err != nil {
		return err
	}
	for name := range tags {
		if err := t.Untag(ctx, name); err != nil {
			return err
		}
	}
	newest, err := t.Snapshot(ctx)
	if err != nil || newest.snap == nil {
		return err
	}
	for {
		freed := t.state.whenFreed()
		if _, err := t.Expire(ctx, newest.Time.Add(time.Millisecond)); err != nil {
			return err
		}
		left := 0
		all, err := t.Snapshots(ctx)
		if err != nil {
			return err
		}
		for _, s := range all {
			if s.snap.SequenceNumber < newest.snap.SequenceNumber {
				left++
			}
		}
		if left == 0 {
			return nil
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return fmt.Errorf("lake: table %s: purge: %d earlier states are being read: %w", t.id, left, context.Cause(ctx))
		}
	}
}

// reach adds every file that a snapshot leads to. Manifests in read, which it adds
// to, have been followed already: most snapshots share most of theirs.
func (s *Snapshot) reach(into, read map[string]bool) error {
	list, err := s.manifests()
	if err != nil {
		return err
	}
	if s.snap != nil {
		into[s.snap.ManifestList] = true
	}
	for _, mf := range list {
		path := mf.FilePath()
		into[path] = true
		if read[path] {
			continue
		}
		read[path] = true
		m, err := s.manifest(mf)
		if err != nil {
			return err
		}
		for _, e := range m.entries {
			into[e.DataFile().FilePath()] = true
		}
	}
	return nil
}

// reachable returns every file that the table's metadata leads to.
func (t *Table) reachable(meta table.Metadata) (map[string]bool, error) {
	live, read := map[string]bool{}, map[string]bool{}
	for _, s := range t.snapshots(meta) {
		if err := s.reach(live, read); err != nil {
			return nil, err
		}
	}
	for e := range meta.PreviousFiles() {
		live[e.MetadataFile] = true
	}
	return live, nil
}

// clear removes the files below dir that the table does not lead to and that were
// last written before a time, zero for any, and folders that are empty then. It
// leaves out folders in use, and ends early with ctx. The caller holds the lock.
func (t *Table) clear(ctx context.Context, meta table.Metadata, dir string, before time.Time) (removed int, err error) {
	skip := t.state.inUse()
	live, err := t.reachable(meta)
	if err != nil {
		return 0, err
	}
	if loc, err := t.lake.cat.location(ctx, t.id); err != nil {
		return 0, err
	} else {
		live[loc] = true
	}
	var dirs []string
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case d.IsDir():
			if _, used := skip[path]; used {
				return filepath.SkipDir
			}
			dirs = append(dirs, path)
			return nil
		case live[path]:
			return nil
		}
		st, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) || err == nil && !before.IsZero() && !st.ModTime().Before(before) {
			return nil
		}
		if err == nil {
			err = os.Remove(path)
		}
		if err == nil {
			removed++
		}
		return err
	})
	for _, d := range slices.Backward(dirs) {
		if filepath.Dir(d) != t.dir && d != t.dir {
			t.state.removeEmpty(d)
		}
	}
	return removed, err
}

// Sweep removes what crashes have left behind: files that no snapshot leads to and
// that were last written before a time, the zero time for all of them, and folders
// without a table. Files that are being written now are left alone. It waits for
// commits under way.
func (l *Lake) Sweep(ctx context.Context, before time.Time) error {
	l.making.Lock()
	defer l.making.Unlock()
	ids, err := l.cat.all(ctx)
	if err != nil {
		return fmt.Errorf("lake: sweep: %w", err)
	}
	known, tables := map[string]bool{}, []*Table(nil)
	for _, id := range ids {
		meta, _, err := l.metadata(ctx, id)
		if err != nil {
			return fmt.Errorf("lake: sweep: %w", err)
		}
		t := &Table{lake: l, id: id, state: l.stateOf(id), uuid: meta.TableUUID(), dir: meta.Location()}
		if !within(filepath.Join(l.dir, "tables"), t.dir) {
			// Its folder would be taken for one without a table.
			return fmt.Errorf("lake: sweep: table %s is in %s, which is not below %s: open the lake under the path that it was made with", id, t.dir, l.dir)
		}
		known[t.dir] = true
		tables = append(tables, t)
	}
	for _, t := range tables {
		if err := t.sweep(ctx, before); err != nil {
			return fmt.Errorf("lake: sweep: %w", err)
		}
	}
	all, err := os.ReadDir(filepath.Join(l.dir, "tables"))
	if err != nil {
		return fmt.Errorf("lake: sweep: %w", err)
	}
	for _, d := range all {
		if dir := filepath.Join(l.dir, "tables", d.Name()); !known[dir] {
			l.log.InfoContext(ctx, "removing a folder without a table", slog.String("folder", dir))
			if err := os.RemoveAll(dir); err != nil {
				return fmt.Errorf("lake: sweep: %w", err)
			}
		}
	}
	return nil
}

func (t *Table) sweep(ctx context.Context, before time.Time) error {
	unlock, err := t.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	meta, _, err := t.metadata(ctx)
	if err != nil {
		return err
	}
	n, err := t.clear(ctx, meta, t.dir, before)
	if n > 0 {
		t.lake.log.InfoContext(ctx, "removed files that no snapshot leads to", slog.String("table", t.id.String()), slog.Int("files", n))
	}
	return err
}
