package lake_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bespoke"
	"bespoke/lake"
)

// python returns a Python that has PyIceberg; make test sets BESPOKE_PYTHON.
func python(t *testing.T) string {
	t.Helper()
	p := os.Getenv("BESPOKE_PYTHON")
	if p == "" {
		t.Skip("BESPOKE_PYTHON is not set: run make test, or set it to a python3 with test/lake/requirements.txt")
	}
	return p
}

type readback struct {
	Columns   []string
	Rows      [][]any
	Snapshots map[string]map[string]string
}

// Another implementation of Iceberg sees in every snapshot exactly what Scan sees.
func TestReadBack(t *testing.T) {
	t.Parallel()
	py := python(t)
	dir := t.TempDir()
	l, err := lake.Open(t.Context(), lake.Config{Dir: dir, FanIn: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	tab := create(t, l, items, itemSchema)
	f1 := write(t, tab, job("one"), lake.Bulk, row{"a", 1}, row{"b", nil}, row{"c", 3}, row{"d", 4}, row{"a", 5}, row{"it's, \"é\"|x", 6},
		row{"\U0010ffff a name that is longer than the bounds of a column are", -7}, row{"zzzzzzzzzzzzzzzzzzzzzzzzzz", 1 << 30})
	one := commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: []lake.File{f1}, Dead: dead(f1, 0)})
	f2, f3 := write(t, tab, job("two"), lake.Bulk, row{"b", 20}, row{"e", nil}), write(t, tab, job("two"), lake.Bulk, row{"f", 7}, row{"f", 8})
	commit(t, tab, lake.Commit{Job: job("two"), Mode: bespoke.Incremental, Base: one, Files: []lake.File{f2, f3},
		Dead: func(yield func(lake.Position) bool) {
			_ = yield(lake.Position{Path: f3.Path, Row: 0}) && yield(lake.Position{Path: f1.Path, Row: 1})
		}})
	p := write(t, tab, job("put"), lake.Put, row{"g", 9}, row{"g", 10})
	commit(t, tab, lake.Commit{Job: job("put"), Mode: bespoke.Incremental, Origin: lake.Put, Files: []lake.File{p}, Dead: dead(p, 0)})
	if err := l.Evolve(t.Context(), items, parse(t, moreItemSchema)); err != nil {
		t.Fatal(err)
	}
	if tab, err = l.Table(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	f4 := write(t, tab, job("three"), lake.Bulk, row{"x|y", "h", 11, 0.5, true}, row{nil, "i", nil, nil, false})
	commit(t, tab, lake.Commit{Job: job("three"), Mode: bespoke.Incremental, Files: []lake.File{f4}, Dead: dead(f1, 2)})
	if c := compact(t, tab); c.Rewrites == 0 || c.DeletedRows == 0 || c.DeletedFiles == 0 {
		t.Errorf("nothing of note was compacted: %+v", c)
	}
	if n, err := tab.DropRows(t.Context(), dropping(job("deletion"), "h", "g")); n != 2 || err != nil {
		t.Errorf("%d rows were dropped, %v", n, err)
	}
	f5 := write(t, tab, job("four"), lake.Bulk, row{"z", "j", 12, 1.5, nil}, row{"z", "j", 12, 1.5, nil})
	commit(t, tab, lake.Commit{Job: job("four"), Mode: bespoke.Full, Files: []lake.File{f5}, Dead: dead(f5, 0)})
	commit(t, tab, lake.Commit{Job: job("five"), Mode: bespoke.Full})

	snaps, err := tab.Snapshots(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range snaps {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			got := read(t, py, filepath.Join(dir, "catalog.db"), "us-east-1.000000000000.shop.items", s.ID)
			// An earlier snapshot has the columns that the table had then.
			same(t, got.lines(), rowsOf(t, s, got.Columns, "")...)
			if len(got.Snapshots) != len(snaps) || got.Snapshots[strconv.FormatInt(s.ID, 10)]["bespoke.job"] != string(s.Job) {
				t.Errorf("snapshots %v", got.Snapshots)
			}
			rows, err := s.Rows()
			if err != nil || rows[lake.Bulk]+rows[lake.Put] != int64(len(got.Rows)) {
				t.Errorf("rows %v, %v; PyIceberg has %d", rows, err, len(got.Rows))
			}
		})
	}
}

func read(t *testing.T, py, db, name string, snapshot int64) readback {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), py, filepath.Join("..", "test", "lake", "readback.py"), db, name, strconv.FormatInt(snapshot, 10)).Output()
	if err != nil {
		if e, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("%v:\n%s", err, e.Stderr)
		}
		t.Fatal(err)
	}
	var r readback
	dec := json.NewDecoder(bytes.NewReader(out))
	dec.UseNumber() // so that integers stay what they are
	if err := dec.Decode(&r); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	return r
}

// lines returns the rows as rowsOf does.
func (r readback) lines() []string {
	all := make([]string, 0, len(r.Rows))
	for _, row := range r.Rows {
		var cells []string
		for _, v := range row {
			if v == nil {
				cells = append(cells, "-")
			} else {
				cells = append(cells, fmt.Sprint(v))
			}
		}
		all = append(all, strings.Join(cells, ","))
	}
	slices.Sort(all)
	return all
}
