package lake_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"bespoke"
	"bespoke/lake"
)

// dropping returns a Drop of the rows whose ITEM_ID is one of the ids.
func dropping(name bespoke.ARN, ids ...string) lake.Drop {
	return lake.Drop{Job: name, Columns: []string{"ITEM_ID"}, Rows: func(b lake.Batch) lake.Bitmap {
		n := int(b.Record.NumRows())
		marked := make(lake.Bitmap, (n+63)/64)
		at := b.Record.Schema().FieldIndices("ITEM_ID")[0]
		for i := range n {
			if slices.Contains(ids, b.Record.Column(at).ValueStr(i)) {
				marked.Set(i)
			}
		}
		return marked
	}}
}

func TestDropRows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir)
	tab := create(t, l, items, itemSchema)
	f1 := write(t, tab, job("one"), lake.Bulk, row{"secret", 1}, row{"b", 2}, row{"c", 3})
	f2 := write(t, tab, job("one"), lake.Bulk, row{"d", 4}, row{"e", 5}, row{"secret", 6}, row{"hidden", 7})
	commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{f1, f2}, Dead: dead(f2, 2, 3)})
	p := write(t, tab, items, lake.Put, row{"secret", 8}, row{"p", 9})
	commit(t, tab, lake.Commit{Through: 1, Mode: bespoke.Incremental, Origin: lake.Put, Files: []lake.File{p}})
	untouched := write(t, tab, job("two"), lake.Bulk, row{"z", 10})
	commit(t, tab, lake.Commit{Job: job("two"), Mode: bespoke.Incremental, Files: []lake.File{untouched}})
	if err := tab.Tag(t.Context(), "model", newest(t, tab).ID); err != nil {
		t.Fatal(err)
	}
	s, release, err := tab.Hold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	gone := scope.ImportJob("deletion") // any ARN
	for range 2 {                       // a job that is run again counts the same
		if n, err := tab.DropRows(t.Context(), dropping(gone, "secret", "hidden")); n != 2 || err != nil {
			t.Fatalf("%d rows were dropped, %v", n, err)
		}
	}
	if n := newest(t, tab); n.Data == s.Data {
		t.Error("rows went, and the state has those of the one before")
	}
	same(t, slices.Sorted(slices.Values(inOrder(t, newest(t, tab), ""))), "b=2", "c=3", "d=4", "e=5", "p=9", "z=10")
	same(t, slices.Sorted(slices.Values(inOrder(t, s, ""))), "b=2", "c=3", "d=4", "e=5", "p=9", "z=10", "secret=1", "secret=8")
	if rows, err := newest(t, tab).Rows(); err != nil || rows[lake.Bulk] != 5 || rows[lake.Put] != 1 {
		t.Errorf("rows %v, %v", rows, err)
	}
	// Purging waits for the reader.
	ctx, cancel := context.WithTimeout(t.Context(), 1)
	defer cancel()
	if err := tab.Purge(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("purge while an earlier state is held: %v", err)
	}
	purged := make(chan error, 1)
	go func() { purged <- tab.Purge(t.Context()) }()
	release()
	if err := <-purged; err != nil {
		t.Fatal(err)
	}
	if n, err := tab.DropRows(t.Context(), dropping(gone, "secret", "hidden")); n != 2 || err != nil {
		t.Errorf("%d rows were dropped by a job whose snapshot has expired, %v", n, err)
	}
	if !exists(t, untouched.Path) {
		t.Error("a file without such rows was rewritten")
	}
	for _, f := range []lake.File{f1, f2, p} {
		if exists(t, f.Path) {
			t.Errorf("%s is still there", f.Path)
		}
	}
	if left := mentions(t, dir, "secret", "hidden"); len(left) > 0 {
		t.Errorf("these files still name what was dropped: %q", left)
	}
}

// What commits while rows are dropped: deletions stay, new rows are looked at too,
// and a FULL import makes the work begin again.
func TestDropMeetsCommits(t *testing.T) {
	t.Parallel()
	tab := create(t, open(t, t.TempDir()), items, itemSchema)
	f1 := write(t, tab, job("one"), lake.Bulk, row{"a", 1}, row{"gone", 2}, row{"b", 3}, row{"c", 4}, row{"d", 5})
	commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{f1}, Dead: dead(f1, 0)})
	base := newest(t, tab)
	d := dropping(scope.ImportJob("deletion"), "gone")
	rows, calls := d.Rows, 0
	d.Rows = func(b lake.Batch) lake.Bitmap {
		switch calls++; calls {
		case 2: // while the file is being rewritten
			f := write(t, tab, job("two"), lake.Bulk, row{"b", 30}, row{"gone", 20})
			commit(t, tab, lake.Commit{Job: job("two"), Mode: bespoke.Incremental, Base: base.ID, Files: []lake.File{f},
				Dead: dead(f1, 1, 2)})
		case 6:
			f := write(t, tab, job("three"), lake.Bulk, row{"x", 1}, row{"gone", 3})
			commit(t, tab, lake.Commit{Job: job("three"), Mode: bespoke.Full, Files: []lake.File{f}})
		}
		return rows(b)
	}
	n, err := tab.DropRows(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if got := inOrder(t, newest(t, tab), ""); !slices.Equal(got, []string{"x=1"}) || n != 2 {
		t.Errorf("rows %q, %d dropped", got, n)
	}
	all, err := tab.Snapshots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, s := range all {
		states = append(states, fmt.Sprint(inOrder(t, s, "")))
	}
	want := []string{"[gone=2 b=3 c=4 d=5]", "[c=4 d=5 b=30 gone=20]", "[c=4 d=5 b=30 gone=20]", "[x=1 gone=3]", "[x=1]"}
	if !slices.Equal(states, want) {
		t.Errorf("states\n%q\nwant\n%q", states, want)
	}
}

// Rewriting that is broken off leaves nothing behind.
func TestDropIsCancelled(t *testing.T) {
	t.Parallel()
	tab := create(t, open(t, t.TempDir()), items, itemSchema)
	f := write(t, tab, job("one"), lake.Bulk, row{"a", 1}, row{"gone", 2}, row{"b", 3}, row{"c", 4}, row{"d", 5}, row{"e", 5})
	commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{f}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d := dropping(scope.ImportJob("deletion"), "gone")
	rows, calls := d.Rows, 0
	d.Rows = func(b lake.Batch) lake.Bitmap {
		if calls++; calls == 2 {
			cancel()
		}
		return rows(b)
	}
	if _, err := tab.DropRows(ctx, d); !errors.Is(err, context.Canceled) {
		t.Errorf("drop: %v", err)
	}
	if files, err := filepath.Glob(filepath.Join(tab.DataDir(), "rewritten", "*", "*")); err != nil || len(files) > 0 {
		t.Errorf("left: %q, %v", files, err)
	}
	if got := inOrder(t, newest(t, tab), ""); len(got) != 6 {
		t.Errorf("rows %q", got)
	}
}
