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
	for _, s := range due {
		ids = append(ids, s.ID)
		if s.Job != "" {
			jobs = append(jobs, expiredJob{s.Job, s.ID})
		}
		if err := s.reach(old); err != nil {
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
	if meta, _, err = t.metadata(ctx); err != nil {
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
	return len(ids), nil
}

// reach adds every file that a snapshot leads to.
func (s *Snapshot) reach(into map[string]bool) error {
	if s.snap == nil {
		return nil
	}
	f, err := s.files()
	if err != nil {
		return err
	}
	into[s.snap.ManifestList] = true
	for _, m := range f.manifests {
		into[m.file.FilePath()] = true
		for _, e := range m.entries {
			into[e.DataFile().FilePath()] = true
		}
	}
	return nil
}

// reachable returns every file that the table's metadata leads to.
func (t *Table) reachable(meta table.Metadata) (map[string]bool, error) {
	live := map[string]bool{}
	for _, s := range t.snapshots(meta) {
		if err := s.reach(live); err != nil {
			return nil, err
		}
	}
	for e := range meta.PreviousFiles() {
		live[e.MetadataFile] = true
	}
	return live, nil
}

// clear removes the files below dir that the table does not lead to, and folders
// that are empty then. It leaves out the folders in skip.
func (t *Table) clear(meta table.Metadata, dir string, skip []string) (removed int, err error) {
	live, err := t.reachable(meta)
	if err != nil {
		return 0, err
	}
	if loc, err := t.lake.cat.location(context.Background(), t.id); err != nil {
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
		case d.IsDir() && slices.Contains(skip, path):
			return filepath.SkipDir
		case d.IsDir():
			dirs = append(dirs, path)
		case !live[path]:
			removed++
			return os.Remove(path)
		}
		return nil
	})
	for _, d := range slices.Backward(dirs) {
		if filepath.Dir(d) != t.dir && d != t.dir {
			_ = os.Remove(d) // fails for those that are not empty, which is the point
		}
	}
	return removed, err
}

// Sweep removes what crashes have left behind: files that no snapshot leads to and
// folders without a table. Files of the jobs in running are left alone. It is meant
// for the start, before work goes on; later it waits for commits under way.
func (l *Lake) Sweep(ctx context.Context, running ...bespoke.ARN) error {
	l.making.Lock()
	defer l.making.Unlock()
	ids, err := l.cat.all(ctx)
	if err != nil {
		return fmt.Errorf("lake: sweep: %w", err)
	}
	known := map[string]bool{}
	for _, id := range ids {
		meta, _, err := l.metadata(ctx, id)
		if err != nil {
			return fmt.Errorf("lake: sweep: %w", err)
		}
		t := &Table{lake: l, id: id, state: l.stateOf(id), uuid: meta.TableUUID(), dir: meta.Location()}
		known[t.dir] = true
		if err := t.sweep(ctx, running); err != nil {
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

func (t *Table) sweep(ctx context.Context, running []bespoke.ARN) error {
	unlock, err := t.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	meta, _, err := t.metadata(ctx)
	if err != nil {
		return err
	}
	var skip []string
	for _, job := range running {
		skip = append(skip, t.jobDir(job))
	}
	n, err := t.clear(meta, t.dir, skip)
	if n > 0 {
		t.lake.log.InfoContext(ctx, "removed files that no snapshot leads to", slog.String("table", t.id.String()), slog.Int("files", n))
	}
	return err
}
