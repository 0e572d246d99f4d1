package lake_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"bespoke"
	"bespoke/lake"
	"bespoke/schema"
)

var scope = bespoke.Scope{Partition: "aws", Region: "us-east-1", Account: "000000000000"}

var (
	interactions = scope.Dataset("shop", bespoke.Interactions)
	items        = scope.Dataset("shop", bespoke.Items)
)

const (
	eventSchema = `{"type":"record","name":"Interactions","fields":[
		{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},
		{"name":"EVENT_VALUE","type":["null","float"]},{"name":"TIMESTAMP","type":"long"}]}`
	itemSchema = `{"type":"record","name":"Items","fields":[
		{"name":"ITEM_ID","type":"string"},{"name":"YEAR","type":["int","null"]}]}`
	moreItemSchema = `{"type":"record","name":"Items","fields":[
		{"name":"GENRE","type":["null","string"],"categorical":true},
		{"name":"ITEM_ID","type":"string"},{"name":"YEAR","type":["int","null"]},
		{"name":"MARGIN","type":["null","double"]},{"name":"NEW","type":["null","boolean"]}]}`
)

func parse(t testing.TB, text string) *schema.Schema {
	t.Helper()
	s, err := schema.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func open(t testing.TB, dir string) *lake.Lake {
	t.Helper()
	l, err := lake.Open(t.Context(), lake.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func create(t testing.TB, l *lake.Lake, arn bespoke.ARN, text string) *lake.Table {
	t.Helper()
	tab, err := l.Create(t.Context(), arn, parse(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// row is the values of a row by column of the schema.
type row []any

// arrived is when all rows came.
const arrived = 1_700_000_000_123

// write writes a data file with 4 rows to a row group.
func write(t testing.TB, tab *lake.Table, job bespoke.ARN, origin string, rows ...row) lake.File {
	t.Helper()
	dir, err := tab.NewDataDir(job)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "part-0.parquet")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := pqarrow.NewFileWriter(tab.Arrow(), f, parquet.NewWriterProperties(), pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	for part := range slices.Chunk(rows, 4) {
		rec := record(tab.Arrow(), origin, part)
		if err := w.Write(rec); err != nil {
			t.Fatal(err)
		}
		rec.Release()
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return lake.File{Path: path, Rows: int64(len(rows)), Bytes: st.Size()}
}

func record(sc *arrow.Schema, origin string, rows []row) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, sc)
	defer b.Release()
	for _, r := range rows {
		for i, v := range append(slices.Clone(r), origin, arrived, nil) {
			switch f := b.Field(i).(type) {
			case *array.StringBuilder:
				if v == nil {
					f.AppendNull()
				} else {
					f.Append(v.(string))
				}
			default:
				if err := f.AppendValueFromString(text(v)); err != nil {
					panic(err)
				}
			}
		}
	}
	return b.NewRecordBatch()
}

func text(v any) string {
	if v == nil {
		return array.NullValueStr
	}
	return fmt.Sprint(v)
}

func job(name string) bespoke.ARN { return scope.ImportJob(name) }

// dead is a sequence of rows of one file.
func dead(f lake.File, rows ...int64) func(func(lake.Position) bool) {
	return func(yield func(lake.Position) bool) {
		for _, r := range rows {
			if !yield(lake.Position{Path: f.Path, Row: r}) {
				return
			}
		}
	}
}

func commit(t testing.TB, tab *lake.Table, c lake.Commit) int64 {
	t.Helper()
	if c.Origin == "" {
		c.Origin = lake.Bulk
	}
	id, err := tab.Commit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// visible returns the live rows as text, sorted. No columns means all but those
// of arrival and session, which must be right.
func visible(t testing.TB, s interface {
	Snapshot(context.Context) (*lake.Snapshot, error)
}, columns []string, origin string) []string {
	t.Helper()
	snap, err := s.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return rowsOf(t, snap, columns, origin)
}

func rowsOf(t testing.TB, s *lake.Snapshot, columns []string, origin string) []string {
	t.Helper()
	out := []string{}
	next := map[string]int64{}
	for b, err := range s.Scan(t.Context(), columns, origin) {
		if err != nil {
			t.Fatal(err)
		}
		if b.First != next[b.Path] {
			t.Errorf("batch of %s starts at %d, want %d", b.Path, b.First, next[b.Path])
		}
		next[b.Path] += b.Record.NumRows()
		for i := range int(b.Record.NumRows()) {
			if b.Dead.Has(i) {
				continue
			}
			var cells []string
			for _, a := range b.Record.Columns() {
				if a.IsNull(i) {
					cells = append(cells, "-")
				} else {
					cells = append(cells, a.ValueStr(i))
				}
			}
			if columns == nil {
				n := len(cells) - 2
				if cells[n] != fmt.Sprint(arrived) || cells[n+1] != "-" {
					t.Errorf("arrived at %s in session %s", cells[n], cells[n+1])
				}
				cells = cells[:n]
			}
			out = append(out, strings.Join(cells, ","))
		}
	}
	slices.Sort(out)
	return out
}

func same(t testing.TB, got []string, want ...string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("rows:\n%q\nwant:\n%q", got, want)
	}
}

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
