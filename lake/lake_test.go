package lake_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bespoke"
	"bespoke/lake"
)

// A reader that is stopped while it learns which rows are gone leaves the state
// readable for others.
func TestReaderIsStopped(t *testing.T) {
	t.Parallel()
	tab := create(t, open(t, t.TempDir()), items, itemSchema)
	f := write(t, tab, job("one"), lake.Bulk, row{"a", 1}, row{"b", 2})
	commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{f}, Dead: dead(f, 0)})
	s := newest(t, tab)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := s.Groups(stopped, []string{"ITEM_ID"}, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("a reader that is stopped: %v", err)
	}
	groups, err := s.Groups(t.Context(), []string{"ITEM_ID"}, "")
	if err != nil || len(groups) != 1 {
		t.Errorf("the next: %d groups, %v", len(groups), err)
	}
	same(t, rowsOf(t, s, nil, ""), "b,2,bulk")
}

func TestEvolve(t *testing.T) {
	t.Parallel()
	l := open(t, t.TempDir())
	tab := create(t, l, items, itemSchema)
	old := write(t, tab, job("one"), lake.Bulk, row{"a", 1})
	commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{old}})
	// A file written for the old columns may be committed after the change.
	late := write(t, tab, job("two"), lake.Bulk, row{"b", 2})
	for range 2 {
		if err := l.Evolve(t.Context(), items, parse(t, moreItemSchema)); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, tab, lake.Commit{Job: job("two"), Mode: bespoke.Incremental, Files: []lake.File{late}})
	tab, err := l.Table(t.Context(), items)
	if err != nil {
		t.Fatal(err)
	}
	f := write(t, tab, job("three"), lake.Bulk, row{"drama", "c", 3, 0.25, true})
	commit(t, tab, lake.Commit{Job: job("three"), Mode: bespoke.Incremental, Files: []lake.File{f}})
	same(t, visible(t, tab, nil, ""), "-,a,1,-,-,bulk", "-,b,2,-,-,bulk", "drama,c,3,0.25,true,bulk")
	same(t, visible(t, tab, []string{"MARGIN"}, ""), "-", "-", "0.25")

	if err := l.Evolve(t.Context(), items, parse(t, itemSchema)); err == nil {
		t.Error("columns were taken away")
	}
	if _, err := l.Create(t.Context(), items, parse(t, itemSchema)); err == nil {
		t.Error("Create took a table with other columns for its own")
	}
	if _, err := l.Create(t.Context(), items, parse(t, moreItemSchema)); err != nil {
		t.Errorf("Create of a table that is there: %v", err)
	}
}

func TestDrop(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir)
	tab := create(t, l, items, itemSchema)
	f := write(t, tab, job("one"), lake.Bulk, row{"a", 1})
	commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{f}})
	for range 2 {
		if err := l.Drop(t.Context(), items); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := os.ReadDir(filepath.Join(dir, "tables")); err != nil || len(all) != 0 {
		t.Errorf("left: %v, %v", all, err)
	}
	if _, err := l.Table(t.Context(), items); !errors.Is(err, lake.ErrNoTable) {
		t.Errorf("table after drop: %v", err)
	}
	// A new table of the same dataset is not the old one.
	create(t, l, items, itemSchema)
	if _, err := tab.Commit(t.Context(), lake.Commit{Job: job("late"), Mode: bespoke.Full, Origin: lake.Bulk}); !errors.Is(err, lake.ErrNoTable) {
		t.Errorf("commit to the old table: %v", err)
	}
}

func TestStatsOfInteractions(t *testing.T) {
	t.Parallel()
	tab := create(t, open(t, t.TempDir()), interactions, eventSchema)
	empty, err := tab.Stats(t.Context())
	if err != nil || empty.Users.Count != 0 || !empty.First.IsZero() {
		t.Errorf("stats of nothing: %+v, %v", empty, err)
	}
	f := write(t, tab, job("one"), lake.Bulk, row{"u1", "i1", nil, 100}, row{"u2", "i1", nil, 50}, row{"u2", "i2", nil, 300}, row{"u3", "i9", nil, 900})
	commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{f}, Dead: dead(f, 3)})
	st, err := tab.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if st.Rows[lake.Bulk] != 3 || st.Users.Count != 2 || st.Items.Count != 2 || st.First.Unix() != 50 || st.Last.Unix() != 300 || st.Actions != nil {
		t.Errorf("stats %+v, users %+v, items %+v", st, st.Users, st.Items)
	}
}

func TestTableOfNewerLayout(t *testing.T) {
	t.Parallel()
	l := open(t, t.TempDir())
	tab := create(t, l, items, itemSchema)
	metas, err := filepath.Glob(filepath.Join(filepath.Dir(tab.DataDir()), "metadata", "*.metadata.json"))
	if err != nil || len(metas) != 1 {
		t.Fatal(metas, err)
	}
	f := func(old, new, want string) {
		t.Helper()
		b, err := os.ReadFile(metas[0])
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(b), old, new, 1)
		if changed == string(b) {
			t.Fatalf("%s is not in %s", old, b)
		}
		if err := os.WriteFile(metas[0], []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Table(t.Context(), items); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("table: %v, want %q", err, want)
		}
	}
	f(`"bespoke.layout":"2"`, `"bespoke.layout":"3"`, `has layout "3" and Iceberg format 2, this program reads layout 2`)
	f(`{`, `[`, ".metadata.json")
	if err := l.Drop(t.Context(), items); err != nil {
		t.Errorf("drop of a damaged table: %v", err)
	}
}
