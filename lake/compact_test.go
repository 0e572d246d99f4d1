package lake_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"bespoke"
	"bespoke/lake"
)

// inOrder returns the live rows of two columns as text, in the order of reading.
func inOrder(t testing.TB, s *lake.Snapshot, origin string) []string {
	t.Helper()
	out := []string{}
	for b, err := range s.Scan(t.Context(), []string{"ITEM_ID", "YEAR"}, origin) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range int(b.Record.NumRows()) {
			if !b.Dead.Has(i) {
				out = append(out, b.Record.Column(0).ValueStr(i)+"="+b.Record.Column(1).ValueStr(i))
			}
		}
	}
	return out
}

func compact(t testing.TB, tab *lake.Table) lake.Compacted {
	t.Helper()
	c, err := tab.Compact(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// dataFiles counts the data files that a snapshot reads.
func dataFiles(t testing.TB, s *lake.Snapshot) int {
	t.Helper()
	paths := map[string]bool{}
	for b, err := range s.Scan(t.Context(), []string{"ITEM_ID"}, "") {
		if err != nil {
			t.Fatal(err)
		}
		paths[b.Path] = true
	}
	return len(paths)
}

// where finds the position of a live row by its ID.
func where(t testing.TB, s *lake.Snapshot, origin, id string) []lake.Position {
	t.Helper()
	for b, err := range s.Scan(t.Context(), []string{"ITEM_ID"}, origin) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range int(b.Record.NumRows()) {
			if !b.Dead.Has(i) && b.Record.Column(0).ValueStr(i) == id {
				return []lake.Position{{Path: b.Path, Row: b.First + int64(i)}}
			}
		}
	}
	return nil
}

// world is a table and what it must hold: the rows of each origin in order.
type world struct {
	*testing.T
	r    *rand.Rand
	l    *lake.Lake
	tab  *lake.Table
	rows map[string][]string
	n    int
}

// upsert commits some rows, of which those that are there already replace earlier
// ones, worked out from base. between happens before the commit.
func (w *world) upsert(origin string, between func()) {
	w.Helper()
	base, release, err := w.tab.Hold(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	defer release()
	w.n++
	var rows []row
	var dead []lake.Position
	ids := map[string]bool{}
	for range 1 + w.r.IntN(6) {
		id := fmt.Sprint("i", w.r.IntN(40))
		if !ids[id] {
			ids[id] = true
			rows = append(rows, row{id, w.n})
			dead = append(dead, where(w, base, origin, id)...)
		}
	}
	name := job(fmt.Sprint("job-", w.n))
	f := write(w, w.tab, name, origin, rows...)
	between()
	commit(w, w.tab, lake.Commit{Job: name, Mode: bespoke.Incremental, Origin: origin, Base: base.ID, Files: []lake.File{f}, Dead: slices.Values(dead)})
	w.rows[origin] = slices.DeleteFunc(w.rows[origin], func(s string) bool {
		for id := range ids {
			if len(s) > len(id) && s[:len(id)+1] == id+"=" {
				return true
			}
		}
		return false
	})
	for _, r := range rows {
		w.rows[origin] = append(w.rows[origin], fmt.Sprintf("%v=%v", r...))
	}
}

func (w *world) replaceAll() {
	w.Helper()
	w.n++
	name := job(fmt.Sprint("job-", w.n))
	f := write(w, w.tab, name, lake.Bulk, row{"i1", w.n}, row{"i1", w.n}, row{"i2", w.n})
	commit(w, w.tab, lake.Commit{Job: name, Mode: bespoke.Full, Files: []lake.File{f}, Dead: dead(f, 0)})
	w.rows[lake.Bulk] = []string{fmt.Sprintf("i1=%d", w.n), fmt.Sprintf("i2=%d", w.n)}
}

func (w *world) check() {
	w.Helper()
	s := newest(w, w.tab)
	for _, origin := range []string{lake.Bulk, lake.Put} {
		if got := inOrder(w, s, origin); !slices.Equal(got, w.rows[origin]) {
			w.Fatalf("after %d: %s rows\n%q\nwant\n%q", w.n, origin, got, w.rows[origin])
		}
	}
	n, err := s.Rows()
	if err != nil || n[lake.Bulk] != int64(len(w.rows[lake.Bulk])) || n[lake.Put] != int64(len(w.rows[lake.Put])) {
		w.Fatalf("after %d: Rows() = %v, %v", w.n, n, err)
	}
}

// Whatever comes in, and whenever compaction comes in between, readers see the rows
// in the order in which they came, those with a held snapshot theirs.
func TestCompactChangesNoRow(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			l, err := lake.Open(t.Context(), lake.Config{Dir: t.TempDir(), FanIn: 2 + int(seed), DeadShare: 0.5})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			w := &world{T: t, r: rand.New(rand.NewPCG(seed, 1)), l: l, tab: create(t, l, items, itemSchema), rows: map[string][]string{}}
			again := func() {}
			total := lake.Compacted{}
			squeeze := func() {
				before := newest(t, w.tab)
				c := compact(t, w.tab)
				if after := newest(t, w.tab); after.Data != before.Data || c.Rewrites > 0 && after.ID == after.Data {
					t.Fatalf("compaction %+v made state %d of rows of %d from %d of %d", c, after.ID, after.Data, before.ID, before.Data)
				}
				total.Rewrites += c.Rewrites
				total.DeletedFiles += c.DeletedFiles
			}
			var held []string
			var early *lake.Snapshot
			for range 40 {
				origin := lake.Bulk
				if w.r.IntN(3) == 0 {
					origin = lake.Put
				}
				switch k := w.r.IntN(20); {
				case k == 0:
					w.replaceAll()
				case k < 6:
					squeeze()
				case k < 12:
					w.upsert(origin, squeeze)
				case k == 12:
					expire(t, w.tab)
				case k == 13 && early == nil:
					s, release, err := w.tab.Hold(t.Context())
					if err != nil {
						t.Fatal(err)
					}
					early, held, again = s, inOrder(t, s, ""), release
				default:
					w.upsert(origin, func() {})
				}
				w.check()
			}
			before := newest(t, w.tab).Data
			w.upsert(lake.Put, squeeze)
			if s := newest(t, w.tab); s.Data == before || s.Data != s.ID {
				t.Errorf("a commit made state %d of rows of %d, before %d", s.ID, s.Data, before)
			}
			if early != nil {
				if got := inOrder(t, early, ""); !slices.Equal(got, held) {
					t.Errorf("a held snapshot reads %q, then %q", held, got)
				}
			}
			again()
			squeeze()
			w.check()
			if c := compact(t, w.tab); c.Rewrites != 0 {
				t.Errorf("there is always something to compact: %+v", c)
			}
			if total.Rewrites < 5 || total.DeletedFiles == 0 {
				t.Errorf("hardly anything was compacted: %+v", total)
			}
			// Nothing but the newest state is left on the disk then.
			expire(t, w.tab)
			files, err := filepath.Glob(filepath.Join(w.tab.DataDir(), "*", "*", "*.parquet"))
			if want := dataFiles(t, newest(t, w.tab)); err != nil || len(files) != want {
				t.Errorf("%d data files are left, %d are read, %v", len(files), want, err)
			}
		})
	}
}

// Many small commits cost each row a rewrite for each power of the fan-in.
func TestCompactIsAmortised(t *testing.T) {
	t.Parallel()
	l, err := lake.Open(t.Context(), lake.Config{Dir: t.TempDir(), FanIn: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tab := create(t, l, items, itemSchema)
	const n = 27 // 3 to the third
	rewritten := int64(0)
	for i := range n {
		f := write(t, tab, items, lake.Put, row{fmt.Sprint("i", i), i})
		commit(t, tab, lake.Commit{Through: uint64(i + 1), Mode: bespoke.Incremental, Origin: lake.Put, Files: []lake.File{f}})
		rewritten += compact(t, tab).Rows
		if files := dataFiles(t, newest(t, tab)); files > 2*3 {
			t.Fatalf("%d files after %d commits", files, i+1)
		}
		expire(t, tab)
	}
	if rewritten != 3*n {
		t.Errorf("%d rows were rewritten, want each of %d three times", rewritten, n)
	}
	if got := inOrder(t, newest(t, tab), ""); len(got) != n || got[0] != "i0=0" || got[n-1] != "i26=26" {
		t.Errorf("rows %q", got)
	}
}

// What a job has committed, and what it was, is known after compaction.
func TestCompactKeepsHistory(t *testing.T) {
	t.Parallel()
	l, err := lake.Open(t.Context(), lake.Config{Dir: t.TempDir(), FanIn: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tab := create(t, l, items, itemSchema)
	for i := range 3 {
		full(t, tab, i)
		f := write(t, tab, job(fmt.Sprint("inc-", i)), lake.Bulk, row{"x", i})
		commit(t, tab, lake.Commit{Job: job(fmt.Sprint("inc-", i)), Mode: bespoke.Incremental, Base: newest(t, tab).ID, Files: []lake.File{f}})
	}
	stats, err := tab.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c := compact(t, tab); c.Files != 2 || c.Into != 1 || c.Rows != 2 {
		t.Errorf("compacted %+v", c)
	}
	if after, err := tab.Stats(t.Context()); err != nil || after.Users != stats.Users || after.Items != stats.Items || after.Snapshot == stats.Snapshot {
		t.Errorf("stats are counted again: %+v, %v", after, err)
	}
	expire(t, tab)
	for i := range 3 {
		for _, name := range []string{fmt.Sprint("full-", i), fmt.Sprint("inc-", i)} {
			if done, err := tab.Committed(t.Context(), job(name)); !done || err != nil {
				t.Errorf("%s has committed: %v, %v", name, done, err)
			}
		}
	}
	// A base that was not held is moved from, since what went where is not known.
	base := newest(t, tab)
	f := write(t, tab, job("inc-3"), lake.Bulk, row{"y", 1})
	commit(t, tab, lake.Commit{Job: job("inc-3"), Mode: bespoke.Incremental, Base: base.ID, Files: []lake.File{f}})
	base = newest(t, tab)
	_, release, err := tab.Hold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	release()
	f = write(t, tab, job("inc-4"), lake.Bulk, row{"y", 2})
	late := lake.Commit{Job: job("inc-4"), Mode: bespoke.Incremental, Origin: lake.Bulk, Base: base.ID, Files: []lake.File{f}, Dead: slices.Values(where(t, base, "", "y"))}
	g := write(t, tab, job("put-1"), lake.Put, row{"y", 2})
	commit(t, tab, lake.Commit{Job: job("put-1"), Mode: bespoke.Incremental, Origin: lake.Put, Files: []lake.File{g}})
	g = write(t, tab, job("put-2"), lake.Put, row{"z", 2})
	commit(t, tab, lake.Commit{Job: job("put-2"), Mode: bespoke.Incremental, Origin: lake.Put, Files: []lake.File{g}})
	if c := compact(t, tab); c.Rewrites == 0 {
		t.Fatal("nothing was compacted")
	}
	if _, err := tab.Commit(t.Context(), late); !errors.Is(err, lake.ErrMoved) {
		t.Errorf("commit after a compaction that is not known: %v", err)
	}
}
