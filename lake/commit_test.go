package lake_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bespoke"
	"bespoke/lake"
)

func TestFullReplacesBulkRowsOnly(t *testing.T) {
	t.Parallel()
	tab := create(t, open(t, t.TempDir()), interactions, eventSchema)
	same(t, visible(t, tab, nil, ""))

	// A first import with a duplicate in itself, in the second row group.
	f1 := write(t, tab, job("one"), lake.Bulk, row{"u1", "i1", nil, 1}, row{"u2", "i1", 0.5, 2}, row{"u3", "i1", nil, 3},
		row{"u4", "i1", nil, 4}, row{"u1", "i1", nil, 1}, row{"u5", "i1", nil, 5})
	commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{f1}, Dead: dead(f1, 4)})
	same(t, visible(t, tab, nil, ""), "u1,i1,-,1,bulk", "u2,i1,0.5,2,bulk", "u3,i1,-,3,bulk", "u4,i1,-,4,bulk", "u5,i1,-,5,bulk")

	// Rows that came in one by one.
	p := write(t, tab, job("put"), lake.Put, row{"u9", "i9", nil, 9}, row{"u9", "i9", nil, 10})
	commit(t, tab, lake.Commit{Job: job("put"), Mode: bespoke.Incremental, Origin: lake.Put, Files: []lake.File{p}, Dead: dead(p, 0)})

	// Another FULL import, again with a duplicate: the old rows and their deletes go.
	f2 := write(t, tab, job("two"), lake.Bulk, row{"u7", "i7", nil, 7}, row{"u7", "i7", nil, 7})
	two := commit(t, tab, lake.Commit{Job: job("two"), Mode: bespoke.Full, Files: []lake.File{f2}, Dead: dead(f2, 1)})
	same(t, visible(t, tab, nil, ""), "u7,i7,-,7,bulk", "u9,i9,-,10,put")
	same(t, visible(t, tab, []string{"TIMESTAMP", "USER_ID"}, lake.Bulk), "7,u7")
	same(t, visible(t, tab, []string{"USER_ID"}, lake.Put), "u9")

	// Nothing at all replaces everything of the bulk.
	commit(t, tab, lake.Commit{Job: job("three"), Mode: bespoke.Full})
	same(t, visible(t, tab, []string{"USER_ID", "_origin"}, ""), "u9,put")

	// Earlier states stay readable.
	at, err := tab.At(t.Context(), two)
	if err != nil {
		t.Fatal(err)
	}
	same(t, rowsOf(t, at, []string{"USER_ID"}, ""), "u7", "u9")
	snaps, err := tab.Snapshots(t.Context())
	if err != nil || len(snaps) != 4 || snaps[2].ID != two || snaps[2].Job != job("two") || snaps[2].Mode != bespoke.Full {
		t.Errorf("snapshots %v, %v", snaps, err)
	}
}

func TestIncrementalReplacesRows(t *testing.T) {
	t.Parallel()
	tab := create(t, open(t, t.TempDir()), items, itemSchema)
	f1 := write(t, tab, job("one"), lake.Bulk, row{"a", 2001}, row{"b", 2002}, row{"c", nil}, row{"a", 1999}, row{"d", 1})
	one := commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{f1}, Dead: dead(f1, 0),
		Counts: map[string]string{"accepted": "4"}})
	f2 := write(t, tab, job("two"), lake.Bulk, row{"b", 3002}, row{"e", nil})
	commit(t, tab, lake.Commit{Job: job("two"), Mode: bespoke.Incremental, Base: one, Files: []lake.File{f2}, Dead: dead(f1, 1, 0, 1)})
	same(t, visible(t, tab, nil, ""), "a,1999,bulk", "b,3002,bulk", "c,-,bulk", "d,1,bulk", "e,-,bulk")

	st, err := tab.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if st.Rows[lake.Bulk] != 5 || st.Items == nil || st.Items.Count != 5 || st.Items.Approximate || st.Users != nil || !st.First.IsZero() {
		t.Errorf("stats %+v", st)
	}
	snaps, err := tab.Snapshots(t.Context())
	if err != nil || snaps[0].Counts["accepted"] != "4" {
		t.Errorf("snapshots %+v, %v", snaps, err)
	}

	// What was worked out from an old state is refused, unless it is put rows that
	// have come since.
	f3 := write(t, tab, job("three"), lake.Bulk, row{"b", 4002})
	late := lake.Commit{Job: job("three"), Mode: bespoke.Incremental, Origin: lake.Bulk, Base: one, Files: []lake.File{f3}, Dead: dead(f1, 1)}
	if _, err := tab.Commit(t.Context(), late); !errors.Is(err, lake.ErrMoved) {
		t.Fatalf("commit on an old state: %v, want ErrMoved", err)
	}
	p := write(t, tab, job("put"), lake.Put, row{"z", 1})
	commit(t, tab, lake.Commit{Job: job("put"), Mode: bespoke.Incremental, Origin: lake.Put, Files: []lake.File{p}})
	late.Base, late.Dead = snaps[1].ID, dead(f2, 0)
	commit(t, tab, late)
	same(t, visible(t, tab, nil, lake.Bulk), "a,1999,bulk", "b,4002,bulk", "c,-,bulk", "d,1,bulk", "e,-,bulk")
}

// A job that is run again after a crash finds that it has committed, whatever has
// happened to the table since.
func TestJobCommitsOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir)
	tab := create(t, l, items, itemSchema)
	one := lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{write(t, tab, job("one"), lake.Bulk, row{"a", 1})}}
	id := commit(t, tab, one)
	commit(t, tab, lake.Commit{Job: job("two"), Mode: bespoke.Full, Files: []lake.File{write(t, tab, job("two"), lake.Bulk, row{"b", 2})}})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	l = open(t, dir)
	tab, err := l.Table(t.Context(), items)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"one": true, "never": false} {
		if done, err := tab.Committed(t.Context(), job(name)); done != want || err != nil {
			t.Errorf("%s has committed: %v, %v", name, done, err)
		}
	}
	again := write(t, tab, job("one"), lake.Bulk, row{"a", 1})
	if got := commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{again}}); got != id {
		t.Errorf("second commit made snapshot %d, the first was %d", got, id)
	}
	if err := tab.Discard(t.Context(), filepath.Dir(again.Path)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(again.Path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the second run's files are still there: %v", err)
	}
	same(t, visible(t, tab, []string{"ITEM_ID"}, ""), "b")

	// Expiry removes the files but not the memory.
	if n, err := tab.Expire(t.Context(), time.Now().Add(time.Hour)); n != 1 || err != nil {
		t.Fatalf("expired %d, %v", n, err)
	}
	if _, err := os.Stat(one.Files[0].Path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the replaced file is still there: %v", err)
	}
	again = write(t, tab, job("one"), lake.Bulk, row{"a", 1})
	if got := commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{again}}); got != id {
		t.Errorf("commit after expiry made snapshot %d, the first was %d", got, id)
	}
	same(t, visible(t, tab, []string{"ITEM_ID"}, ""), "b")
}

func TestConcurrentCommitsFollowOneAnother(t *testing.T) {
	t.Parallel()
	l := open(t, t.TempDir())
	create(t, l, items, itemSchema)
	const n = 70 // enough for manifests to be merged
	var wg sync.WaitGroup
	var want []string
	for i := range n {
		name := fmt.Sprintf("job-%02d", i)
		want = append(want, name)
		tab, err := l.Table(t.Context(), items)
		if err != nil {
			t.Fatal(err)
		}
		f := write(t, tab, job(name), lake.Bulk, row{name, i}, row{name, i})
		wg.Go(func() {
			_, err := tab.Commit(t.Context(), lake.Commit{Job: job(name), Mode: bespoke.Incremental, Origin: lake.Bulk, Files: []lake.File{f}, Dead: dead(f, 0)})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	tab, err := l.Table(t.Context(), items)
	if err != nil {
		t.Fatal(err)
	}
	same(t, visible(t, tab, []string{"ITEM_ID"}, ""), want...)
	snaps, err := tab.Snapshots(t.Context())
	if err != nil || len(snaps) != n {
		t.Errorf("%d snapshots, %v", len(snaps), err)
	}
	metas, err := filepath.Glob(filepath.Join(filepath.Dir(tab.DataDir()), "metadata", "*.metadata.json"))
	if err != nil || len(metas) > 21 {
		t.Errorf("%d metadata files are kept, want at most 21, %v", len(metas), err)
	}
	rows, err := snaps[n-1].Rows()
	if err != nil || rows[lake.Bulk] != n {
		t.Errorf("rows %v, %v", rows, err)
	}
}

func TestCommitRefuses(t *testing.T) {
	t.Parallel()
	tab := create(t, open(t, t.TempDir()), items, itemSchema)
	f := write(t, tab, job("one"), lake.Bulk, row{"a", 1})
	g := func(c lake.Commit) {
		t.Helper()
		c.Job, c.Origin = job("one"), lake.Bulk
		if id, err := tab.Commit(t.Context(), c); err == nil {
			t.Errorf("%+v committed as %d", c, id)
		}
	}
	g(lake.Commit{Files: []lake.File{f}})
	g(lake.Commit{Mode: bespoke.Full, Files: []lake.File{f, f}})
	g(lake.Commit{Mode: bespoke.Full, Files: []lake.File{{Path: f.Path, Rows: 2, Bytes: f.Bytes}}})
	g(lake.Commit{Mode: bespoke.Full, Files: []lake.File{{Path: f.Path, Rows: 1, Bytes: f.Bytes + 1}}})
	g(lake.Commit{Mode: bespoke.Full, Files: []lake.File{{Path: filepath.Join(t.TempDir(), "x.parquet")}}})
	g(lake.Commit{Mode: bespoke.Full, Files: []lake.File{f}, Dead: dead(f, 1)})
	g(lake.Commit{Mode: bespoke.Full, Files: []lake.File{f}, Dead: dead(f, -1)})
	g(lake.Commit{Mode: bespoke.Full, Dead: dead(f, 0)})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tab.Commit(ctx, lake.Commit{Job: job("one"), Mode: bespoke.Full, Origin: lake.Bulk}); !errors.Is(err, context.Canceled) {
		t.Errorf("commit after cancel: %v", err)
	}
	// Nothing of this is in the table or stands in the way.
	commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{f}})
	same(t, visible(t, tab, nil, ""), "a,1,bulk")
}

// A batch of records commits once, whatever else commits in between.
func TestThrough(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir)
	tab := create(t, l, items, itemSchema)
	through := func(tab *lake.Table, want uint64) {
		t.Helper()
		if got, err := tab.Through(t.Context()); err != nil || got != want {
			t.Errorf("through %d, %v, want %d", got, err, want)
		}
	}
	through(tab, 0)
	put := func(tab *lake.Table, n uint64, rows ...row) {
		t.Helper()
		var files []lake.File
		if len(rows) > 0 {
			files = append(files, write(t, tab, items, lake.Put, rows...))
		}
		commit(t, tab, lake.Commit{Through: n, Mode: bespoke.Incremental, Origin: lake.Put, Files: files})
	}
	put(tab, 3, row{"a", 1}, row{"b", 2}, row{"c", 3})
	f := write(t, tab, job("one"), lake.Bulk, row{"z", 1})
	commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{f}})
	put(tab, 3, row{"a", 1}, row{"b", 2}, row{"c", 3}) // again
	through(tab, 3)
	put(tab, 5) // records that have been taken out since
	l2 := open(t, dir)
	tab, err := l2.Table(t.Context(), items)
	if err != nil {
		t.Fatal(err)
	}
	put(tab, 4, row{"d", 4})
	through(tab, 5)
	put(tab, 6, row{"e", 5})
	if _, err := tab.Expire(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	through(tab, 6)
	same(t, visible(t, tab, nil, ""), "a,1,put", "b,2,put", "c,3,put", "e,5,put", "z,1,bulk")
	for _, c := range []lake.Commit{
		{Mode: bespoke.Incremental, Origin: lake.Put},
		{Job: job("two"), Through: 7, Mode: bespoke.Incremental, Origin: lake.Put},
	} {
		if _, err := tab.Commit(t.Context(), c); err == nil || !strings.Contains(err.Error(), "each must be set") {
			t.Errorf("commit %+v: %v", c, err)
		}
	}
}
