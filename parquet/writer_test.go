package parquet_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"bespoke/parquet"
)

var fields = []parquet.Field{
	{Name: "few", ID: 1, Kind: parquet.String},
	{Name: "many", ID: 2, Kind: parquet.String, Optional: true},
	{Name: "i32", ID: 3, Kind: parquet.Int32, Optional: true},
	{Name: "i64", ID: 4, Kind: parquet.Int64},
	{Name: "f32", ID: 5, Kind: parquet.Float32, Optional: true},
	{Name: "f64", ID: 6, Kind: parquet.Float64},
	{Name: "bool", ID: 7, Kind: parquet.Bool, Optional: true},
}

// row is what is written and what must come back; nil is null.
type row [7]any

// makeRows makes rows whose nulls come in stretches, so that pages with and
// without any occur.
func makeRows(r *rand.Rand, n int) []row {
	rows := make([]row, n)
	null := false
	for i := range rows {
		if r.IntN(5000) == 0 {
			null = !null
		}
		opt := func(v any) any {
			if null && r.IntN(3) > 0 {
				return nil
			}
			return v
		}
		rows[i] = row{
			fmt.Sprint("v", r.IntN(1+i/20000*30)), opt(fmt.Sprintf("%x", r.Uint64()>>r.IntN(60))),
			opt(int32(r.Uint32() >> r.IntN(32))), int64(r.Uint64() >> r.IntN(64)),
			opt(r.Float32()), r.NormFloat64(), opt(r.IntN(2) == 1),
		}
	}
	return rows
}

func appendRows(t testing.TB, w *parquet.Writer, rows []row) {
	t.Helper()
	for i := range fields {
		present := make([]byte, len(rows))
		var texts [][]byte
		var vals []any
		size := 0
		for k, r := range rows {
			if r[i] == nil {
				continue
			}
			present[k] = 1
			vals = append(vals, r[i])
			if s, ok := r[i].(string); ok {
				texts = append(texts, []byte(s))
				size += len(s)
			}
		}
		switch c := w.Column(i).(type) {
		case *parquet.Strings:
			if d := c.Dict(len(rows), size); d != nil {
				c.AppendIndices(indices(d, texts), present)
				break
			}
			for _, v := range texts {
				c.AppendText(v)
			}
			c.AppendRows(len(rows), present)
		case *parquet.Numbers[int32]:
			c.Append(typed[int32](vals), present)
		case *parquet.Numbers[int64]:
			c.Append(typed[int64](vals), nil)
		case *parquet.Numbers[float32]:
			c.Append(typed[float32](vals), present)
		case *parquet.Numbers[float64]:
			c.Append(typed[float64](vals), present)
		case *parquet.Bools:
			var b []byte
			for _, v := range vals {
				if v.(bool) {
					b = append(b, 1)
				} else {
					b = append(b, 0)
				}
			}
			c.Append(b, present)
		}
	}
	if err := w.EndRows(len(rows)); err != nil {
		t.Fatal(err)
	}
}

func typed[T any](vals []any) []T {
	var out []T
	for _, v := range vals {
		out = append(out, v.(T))
	}
	return out
}

func indices(d *parquet.Dict, texts [][]byte) []uint32 {
	var out []uint32
	for _, v := range texts {
		w := parquet.Word{Hash: 1}
		for i, b := range v {
			w.Hash = (w.Hash ^ uint64(b)) * 0x9E3779B97F4A7C15
			if i < 8 {
				w.A |= uint64(b) << (8 * i)
			} else if i < parquet.MaxInline {
				w.B |= uint64(b) << (8 * (i - 8))
			}
		}
		w.B |= uint64(min(len(v), parquet.MaxInline)) << 56
		if len(v) > parquet.MaxInline {
			w.B |= parquet.Single << 56
		}
		k, ok := d.Find(&w, v)
		if !ok {
			k = d.Add(&w, v)
		}
		out = append(out, k)
	}
	return out
}

// A file with dictionaries kept, given up in mid-group, with and without
// nulls, comes back from an independent reader as it was written, twice from
// one writer.
func TestWriter(t *testing.T) {
	t.Parallel()
	for _, dictBytes := range []int{1 << 14, 1 << 20, 64 << 20} {
		for _, n := range []int{0, 1, 1000, 600000} {
			if n > 1000 && testing.Short() {
				continue
			}
			t.Run(fmt.Sprintf("%d/%d", dictBytes, n), func(t *testing.T) {
				t.Parallel()
				w := parquet.NewWriter(fields, dictBytes)
				for seed := range uint64(2) {
					r := rand.New(rand.NewPCG(seed, uint64(n)))
					rows := makeRows(r, n/(1+int(seed)*9))
					path := filepath.Join(t.TempDir(), "x.parquet")
					if err := w.Create(path); err != nil {
						t.Fatal(err)
					}
					for at := 0; at < len(rows); {
						k := min(len(rows)-at, 1+r.IntN(4096))
						appendRows(t, w, rows[at:at+k])
						at += k
					}
					f, err := w.Finish()
					if err != nil {
						t.Fatal(err)
					}
					if st, _ := f.Stat(); st.Size() != w.Bytes() {
						t.Errorf("Bytes = %d of %d", w.Bytes(), st.Size())
					}
					f.Close()
					compare(t, path, rows)
				}
			})
		}
	}
}

func compare(t *testing.T, path string, rows []row) {
	t.Helper()
	pf, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer pf.Close()
	if pf.NumRows() != int64(len(rows)) {
		t.Fatalf("%d rows, want %d", pf.NumRows(), len(rows))
	}
	for i, f := range fields {
		if id := pf.MetaData().Schema.Column(i).SchemaNode().FieldID(); id != f.ID {
			t.Errorf("%s: field id %d, want %d", f.Name, id, f.ID)
		}
	}
	if len(rows) == 0 {
		return
	}
	fr, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{BatchSize: 1000}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	rr, err := fr.GetRecordReader(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rr.Release()
	at := 0
	for rr.Next() {
		rec := rr.RecordBatch()
		for k := range int(rec.NumRows()) {
			for i := range fields {
				if got := value(rec.Column(i), k); got != rows[at+k][i] {
					t.Fatalf("row %d, %s = %v, want %v", at+k, fields[i].Name, got, rows[at+k][i])
				}
			}
		}
		at += int(rec.NumRows())
	}
	if err := rr.Err(); err != nil && at != len(rows) {
		t.Fatal(err)
	}
	if at != len(rows) {
		t.Fatalf("read %d rows of %d", at, len(rows))
	}
	for g := range pf.NumRowGroups() {
		for i := range fields {
			cc, err := pf.MetaData().RowGroup(g).ColumnChunk(i)
			if err != nil {
				t.Fatal(err)
			}
			if st, err := cc.Statistics(); err != nil || st == nil {
				t.Errorf("group %d, %s: statistics %v, %v", g, fields[i].Name, st, err)
			}
		}
	}
}

func value(a arrow.Array, i int) any {
	if a.IsNull(i) {
		return nil
	}
	switch a := a.(type) {
	case *array.String:
		return a.Value(i)
	case *array.Int32:
		return a.Value(i)
	case *array.Int64:
		return a.Value(i)
	case *array.Float32:
		return a.Value(i)
	case *array.Float64:
		return a.Value(i)
	case *array.Boolean:
		return a.Value(i)
	}
	panic(fmt.Sprintf("column of %T", a))
}
