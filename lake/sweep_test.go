package lake_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bespoke"
	"bespoke/lake"
)

// A lake that is opened under another path keeps its hands off the tables, which
// record where they were made.
func TestSweepUnderAnotherPath(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir)
	tab := create(t, l, items, itemSchema)
	commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{write(t, tab, job("one"), lake.Bulk, row{"a", 1})}})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	l = open(t, link)
	if err := l.Sweep(t.Context(), time.Time{}); err == nil || !strings.Contains(err.Error(), "open the lake under the path that it was made with") {
		t.Errorf("sweeping under another path: %v", err)
	}
	if _, err := os.Stat(tab.DataDir()); err != nil {
		t.Errorf("the table's files: %v", err)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir)
	tab := create(t, l, items, itemSchema)
	kept := write(t, tab, job("one"), lake.Bulk, row{"a", 1}, row{"a", 1})
	commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{kept}, Dead: dead(kept, 0)})
	lost := write(t, tab, job("two"), lake.Bulk, row{"b", 1})
	torn := filepath.Join(filepath.Dir(tab.DataDir()), "metadata", "torn.avro")
	for _, path := range []string{torn, filepath.Join(dir, "tables", "half.made")} {
		if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// What was lost is of an earlier process; the third job runs in this one.
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, dir)
	tab, err := l.Table(t.Context(), items)
	if err != nil {
		t.Fatal(err)
	}
	running := write(t, tab, job("three"), lake.Bulk, row{"c", 1})
	// Nothing is as old as that yet.
	if err := l.Sweep(t.Context(), time.Now().Add(-time.Hour)); err != nil || !exists(t, lost.Path) {
		t.Errorf("sweep of old files: %v, a new one is there: %v", err, exists(t, lost.Path))
	}
	if err := l.Sweep(t.Context(), time.Time{}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		kept.Path: true, running.Path: true, lost.Path: false, filepath.Dir(filepath.Dir(lost.Path)): false,
		torn: false, filepath.Join(dir, "tables", "half.made"): false, tab.DataDir(): true,
	} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: %v, want it there: %v", path, err, want)
		}
	}
	same(t, visible(t, tab, nil, ""), "a,1,bulk")
	commit(t, tab, lake.Commit{Job: job("three"), Mode: bespoke.Incremental, Files: []lake.File{running}})
	same(t, visible(t, tab, nil, ""), "a,1,bulk", "c,1,bulk")
}

// The folder of a job that commits no file is not in use any more, as others are not.
func TestSweepAfterCommit(t *testing.T) {
	t.Parallel()
	l := open(t, t.TempDir())
	tab := create(t, l, items, itemSchema)
	kept := write(t, tab, job("one"), lake.Bulk, row{"a", 1})
	left := write(t, tab, job("one"), lake.Bulk, row{"a", 2}) // of a run before
	commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{kept}})
	none, err := tab.NewDataDir(job("two"))
	if err != nil {
		t.Fatal(err)
	}
	commit(t, tab, lake.Commit{Job: job("two"), Mode: bespoke.Incremental})
	running, err := tab.NewDataDir(scope.Dataset("shop", "two")) // the name is no one's own
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Sweep(t.Context(), time.Time{}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{kept.Path: true, left.Path: false, none: false, running: true} {
		if exists(t, path) != want {
			t.Errorf("%s: want it there: %v", path, want)
		}
	}
}

// counting is a context that ends when it has been asked a number of times whether it has.
type counting struct {
	context.Context
	left atomic.Int64
}

func (c *counting) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// A sweep that is stopped half way leaves the rest for the next.
func TestSweepStopped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir)
	tab := create(t, l, items, itemSchema)
	for i := range 20 {
		if err := os.WriteFile(filepath.Join(tab.DataDir(), fmt.Sprint(i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	left := func() int {
		t.Helper()
		all, err := os.ReadDir(tab.DataDir())
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	for n := int64(0); left() == 20; n++ {
		ctx := &counting{Context: t.Context()}
		ctx.left.Store(n)
		if err := l.Sweep(ctx, time.Time{}); !errors.Is(err, context.Canceled) {
			t.Fatalf("a sweep that was stopped says %v", err)
		}
	}
	if left() == 0 {
		t.Error("all files have gone at once")
	}
	if err := l.Sweep(t.Context(), time.Time{}); err != nil || left() > 0 {
		t.Errorf("%d files are left: %v", left(), err)
	}
}
