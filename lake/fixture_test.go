package lake_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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

func newest(t testing.TB, tab *lake.Table) *lake.Snapshot {
	t.Helper()
	s, err := tab.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}
