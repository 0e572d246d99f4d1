package history_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
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

const interactions = `{"type":"record","name":"Interactions","fields":[
	{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},
	{"name":"EVENT_TYPE","type":["null","string"]},{"name":"EVENT_VALUE","type":["null","float"]},{"name":"TIMESTAMP","type":"long"},
	{"name":"DEVICE","type":["null","string"],"categorical":true},{"name":"HOUR","type":["null","int"]},{"name":"PRICE","type":"float"}]}`

var scope = bespoke.Scope{Partition: "aws", Region: "us-east-1", Account: "000000000000"}

// table makes an empty table of interactions.
func table(t testing.TB) *lake.Table {
	t.Helper()
	l, err := lake.Open(t.Context(), lake.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s, err := schema.Parse(interactions)
	if err != nil {
		t.Fatal(err)
	}
	tab, err := l.Create(t.Context(), scope.Dataset("shop", bespoke.Interactions), s)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// records returns n random rows; those of a session have it in both columns.
func records(tab *lake.Table, r *rand.Rand, n, users, items int, origin string) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, tab.Arrow())
	defer b.Release()
	for range n {
		user, session := fmt.Sprint("user-", r.IntN(users)), ""
		if origin == lake.Put {
			if session = fmt.Sprint("session-", r.IntN(9)); r.IntN(2) == 0 {
				user = session
			}
		}
		for i, f := range tab.Arrow().Fields() {
			switch f.Name {
			case "USER_ID":
				b.Field(i).(*array.StringBuilder).Append(user)
			case "ITEM_ID":
				b.Field(i).(*array.StringBuilder).Append(fmt.Sprint("item-", r.IntN(items)))
			case "EVENT_TYPE":
				if e := r.IntN(4); e > 0 {
					b.Field(i).(*array.StringBuilder).Append(fmt.Sprint("type-", e))
				} else {
					b.Field(i).AppendNull()
				}
			case "EVENT_VALUE":
				if r.IntN(3) == 0 {
					b.Field(i).(*array.Float32Builder).Append(float32(r.IntN(50)) / 4)
				} else {
					b.Field(i).AppendNull()
				}
			case "DEVICE":
				if d := r.IntN(5); d > 0 {
					b.Field(i).(*array.StringBuilder).Append([]string{"", "phone", "tv|remote", "tablet"}[d-1])
				} else {
					b.Field(i).AppendNull()
				}
			case "HOUR":
				if r.IntN(3) == 0 {
					b.Field(i).(*array.Int32Builder).Append(int32(r.IntN(24)))
				} else {
					b.Field(i).AppendNull()
				}
			case "PRICE":
				b.Field(i).(*array.Float32Builder).Append(float32(r.IntN(1000)) / 8)
			case "TIMESTAMP":
				b.Field(i).(*array.Int64Builder).Append(1_700_000_000 + r.Int64N(1<<25))
			case lake.OriginColumn:
				b.Field(i).(*array.StringBuilder).Append(origin)
			case lake.ArrivedColumn:
				b.Field(i).(*array.Int64Builder).Append(1_700_000_000_000)
			case lake.SessionColumn:
				if session != "" {
					b.Field(i).(*array.StringBuilder).Append(session)
				} else {
					b.Field(i).AppendNull()
				}
			default:
				panic(f.Name)
			}
		}
	}
	return b.NewRecordBatch()
}

// commit writes records and makes them part of the table, one row in each dead, none
// with 0.
func commit(t testing.TB, tab *lake.Table, name, origin string, each int, recs ...arrow.RecordBatch) {
	t.Helper()
	job := scope.ImportJob(name)
	dir, err := tab.NewDataDir(job)
	if err != nil {
		t.Fatal(err)
	}
	w, err := tab.NewWriter(dir, origin)
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range recs {
		if err := w.Append(rec, nil); err != nil {
			t.Fatal(err)
		}
	}
	files, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	finish(t, tab, job, origin, each, files)
}

func finish(t testing.TB, tab *lake.Table, job bespoke.ARN, origin string, each int, files []lake.File) {
	t.Helper()
	dead := func(yield func(lake.Position) bool) {
		for _, f := range files {
			for row := int64(0); each > 0 && row < f.Rows; row += int64(each) {
				if !yield(lake.Position{Path: f.Path, Row: row}) {
					return
				}
			}
		}
	}
	if _, err := tab.Commit(t.Context(), lake.Commit{Job: job, Mode: bespoke.Incremental, Origin: origin, Files: files, Dead: dead}); err != nil {
		t.Fatal(err)
	}
}

// foreign writes records as another engine does.
func foreign(t testing.TB, tab *lake.Table, name string, rec arrow.RecordBatch, props ...parquet.WriterProperty) {
	t.Helper()
	job := scope.ImportJob(name)
	dir, err := tab.NewDataDir(job)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "foreign.parquet")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := pqarrow.NewFileWriter(tab.Arrow(), f, parquet.NewWriterProperties(append(props, parquet.WithMaxRowGroupLength(100))...), pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(rec), w.Close()); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	finish(t, tab, job, lake.Bulk, 7, []lake.File{{Path: path, Rows: rec.NumRows(), Bytes: st.Size()}})
}
