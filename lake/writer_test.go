package lake_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet/file"

	"bespoke"
	"bespoke/lake"
)

const everyType = `{"type":"record","name":"Items","fields":[
	{"name":"ITEM_ID","type":"string"},{"name":"GENRE","type":["null","string"],"categorical":true},
	{"name":"TEXT","type":["null","string"],"textual":true},
	{"name":"YEAR","type":["null","int"]},{"name":"CREATION_TIMESTAMP","type":["null","long"]},
	{"name":"SCORE","type":["null","float"]},{"name":"MARGIN","type":["null","double"]},
	{"name":"NEW","type":["null","boolean"]}]}`

// randomItem is a row of every type, two in three values null if there are nulls.
func randomItem(r *rand.Rand, i int, nulls bool) row {
	opt := func(v any) any {
		if nulls && r.IntN(3) > 0 {
			return nil
		}
		return v
	}
	return row{
		fmt.Sprintf("item-%d", i), opt(fmt.Sprint("genre|", r.IntN(9))), opt(strings.Repeat("x", r.IntN(40))),
		opt(int32(r.Uint32())), opt(int64(r.Uint64())), opt(float32(r.IntN(100)) / 8), opt(r.NormFloat64()), opt(r.IntN(2) == 1),
	}
}

// cells is a row as visible shows it, given what it shows of the record.
func cells(r row) string {
	var out []string
	for _, v := range append(append(row{}, r...), lake.Put) {
		if v == nil {
			out = append(out, "-")
		} else {
			out = append(out, fmt.Sprint(v))
		}
	}
	return strings.Join(out, ",")
}

// Rows of every type come back as they were written, dead ones left out, with
// dictionaries where values repeat and the field ids of the table.
func TestWriter(t *testing.T) {
	t.Parallel()
	tab := create(t, open(t, t.TempDir()), items, everyType)
	dir, err := tab.NewDataDir(job("put"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := tab.NewWriter(dir, lake.Put)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	var want []string
	n := 0
	for _, size := range []int{0, 1, 3, 5000, 1000, 3001} { // 1000 without nulls
		var rows []row
		dead := make(lake.Bitmap, (size+63)/64)
		for i := range size {
			rows = append(rows, randomItem(r, n, size != 1000))
			n++
			if r.IntN(4) == 0 || size == 3 {
				dead.Set(i)
			} else {
				want = append(want, cells(rows[i]))
			}
		}
		// What the record says of the origin does not count.
		rec := record(tab.Arrow(), "else", rows)
		if err := w.Append(rec, dead); err != nil {
			t.Fatal(err)
		}
		rec.Release()
	}
	// A record may lack the origin and columns that allow null.
	whole := record(tab.Arrow(), "", []row{{"alone", nil, nil, nil, nil, nil, nil, nil}})
	sc := arrow.NewSchema([]arrow.Field{tab.Arrow().Field(9), tab.Arrow().Field(0)}, nil)
	rec := array.NewRecordBatch(sc, []arrow.Array{whole.Column(9), whole.Column(0)}, 1)
	if err := w.Append(rec, nil); err != nil {
		t.Fatal(err)
	}
	want = append(want, cells(row{"alone", nil, nil, nil, nil, nil, nil, nil}))
	files, err := w.Close()
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if err := w.Abort(); err != nil {
		t.Errorf("abort after close: %v", err)
	}
	commit(t, tab, lake.Commit{Job: job("put"), Mode: bespoke.Incremental, Origin: lake.Put, Files: files})
	same(t, visible(t, tab, nil, ""), want...)

	f, err := file.OpenParquetFile(files[0].Path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	chunk, err := f.MetaData().RowGroup(0).ColumnChunk(1)
	if err != nil || !chunk.HasDictionaryPage() {
		t.Errorf("GENRE has no dictionary: %v", err)
	}
}

func TestWriterRefuses(t *testing.T) {
	t.Parallel()
	tab := create(t, open(t, t.TempDir()), items, itemSchema)
	dir, err := tab.NewDataDir(job("put"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tab.NewWriter(t.TempDir(), lake.Put); err == nil {
		t.Error("a folder outside of the table was taken")
	}
	if _, err := tab.NewWriter(dir, "else"); err == nil {
		t.Error("origin \"else\" was taken")
	}
	w, err := tab.NewWriter(dir, lake.Put)
	if err != nil {
		t.Fatal(err)
	}
	good := record(tab.Arrow(), "", []row{{"a", 1}})
	if err := w.Append(good, nil); err != nil {
		t.Fatal(err)
	}
	// ITEM_ID may not be null, and YEAR is no string.
	year := tab.Arrow().Field(1)
	rec := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{year}, nil), []arrow.Array{good.Column(1)}, 1)
	if err := w.Append(rec, nil); err == nil || !strings.Contains(err.Error(), "ITEM_ID") {
		t.Errorf("a null ITEM_ID: %v", err)
	}
	year.Type = good.Column(0).DataType()
	rec = array.NewRecordBatch(arrow.NewSchema([]arrow.Field{year}, nil), []arrow.Array{good.Column(0)}, 1)
	if err := w.Append(rec, nil); err == nil || !strings.Contains(err.Error(), "YEAR") {
		t.Errorf("a YEAR of strings: %v", err)
	}
	if err := w.Abort(); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
	// A writer without rows makes no file.
	if w, err = tab.NewWriter(dir, lake.Put); err != nil {
		t.Fatal(err)
	}
	if files, err := w.Close(); err != nil || len(files) > 0 {
		t.Errorf("files without rows: %v, %v", files, err)
	}
}
