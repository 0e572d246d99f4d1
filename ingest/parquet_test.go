package ingest_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/arrow-go/v18/arrow/memory"
	arrowparquet "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"bespoke"
	"bespoke/ingest"
)

// writeParquet writes a record, in one of four ways: with dictionaries or
// without, in pages of both versions, compressed or not, in row groups of a few
// rows or in one.
func writeParquet(t testing.TB, rec arrow.RecordBatch, how int) string {
	t.Helper()
	opts := []arrowparquet.WriterProperty{
		arrowparquet.WithDictionaryDefault(how < 2), arrowparquet.WithDataPageSize(4 << 10),
		arrowparquet.WithCompression([]compress.Compression{compress.Codecs.Snappy, compress.Codecs.Zstd, compress.Codecs.Gzip, compress.Codecs.Uncompressed}[how]),
		arrowparquet.WithDataPageVersion([]arrowparquet.DataPageVersion{arrowparquet.DataPageV1, arrowparquet.DataPageV2}[how%2]),
	}
	if how%2 == 1 {
		opts = append(opts, arrowparquet.WithMaxRowGroupLength(7))
	}
	var b bytes.Buffer
	w, err := pqarrow.NewFileWriter(rec.Schema(), &b, arrowparquet.NewWriterProperties(opts...), pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	if how%2 == 1 {
		for at := int64(0); at < rec.NumRows(); at += 7 {
			if err := w.Write(rec.NewSlice(at, min(at+7, rec.NumRows()))); err != nil {
				t.Fatal(err)
			}
		}
	} else if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// parquetTypes are those of the columns that tests use; others are strings.
var parquetTypes = map[string]arrow.DataType{
	"TIMESTAMP": arrow.PrimitiveTypes.Int64, "CREATION_TIMESTAMP": arrow.PrimitiveTypes.Int64, "EVENT_VALUE": arrow.PrimitiveTypes.Float32,
	"PRICE": arrow.PrimitiveTypes.Float64, "STOCK": arrow.PrimitiveTypes.Int32, "NEW": arrow.FixedWidthTypes.Boolean,
}

// asParquet writes CSV as Parquet, empty cells as nulls.
func asParquet(t testing.TB, text string, how int) string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var fields []arrow.Field
	for _, name := range rows[0] {
		typ, ok := parquetTypes[name]
		if !ok {
			typ = arrow.BinaryTypes.String
		}
		fields = append(fields, arrow.Field{Name: name, Type: typ, Nullable: true})
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	for _, row := range rows[1:] {
		for i, cell := range row {
			if cell == "" {
				b.Field(i).AppendNull()
			} else if err := b.Field(i).AppendValueFromString(cell); err != nil {
				t.Fatal(err)
			}
		}
	}
	return writeParquet(t, b.NewRecordBatch(), how)
}

// column makes an Arrow array of values, of which nil is null.
func column[T any](t testing.TB, typ arrow.DataType, vals ...*T) arrow.Array {
	t.Helper()
	b := array.NewBuilder(memory.DefaultAllocator, typ)
	for _, v := range vals {
		if v == nil {
			b.AppendNull()
			continue
		}
		switch b := b.(type) {
		case interface{ Append(T) }:
			b.Append(*v)
		default:
			t.Fatalf("no builder of %T for %s", v, typ)
		}
	}
	return b.NewArray()
}

// Numbers and times of any width and unit become the schema's, and what does not
// fit is told of by the call.
func TestParquetTypes(t *testing.T) {
	t.Parallel()
	s := mustParse(t, "Interactions", `{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},{"name":"TIMESTAMP","type":"long"},
		{"name":"N","type":["null","int"]},{"name":"D","type":["null","double"]},{"name":"F","type":["null","float"]},
		{"name":"B","type":["null","boolean"]},{"name":"C","type":["null","string"],"categorical":true},{"name":"S","type":["null","string"]}`)
	long, str := arrow.PrimitiveTypes.Int64, arrow.BinaryTypes.String
	lists := func(sets ...[]string) arrow.Array {
		b := array.NewListBuilder(memory.DefaultAllocator, str)
		for _, set := range sets {
			if set == nil {
				b.AppendNull()
				continue
			}
			b.Append(true)
			for _, v := range set {
				b.ValueBuilder().(*array.StringBuilder).Append(v)
			}
		}
		return b.NewArray()
	}
	dictionary := func() arrow.Array {
		b := array.NewDictionaryBuilder(memory.DefaultAllocator, &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: str}).(*array.BinaryDictionaryBuilder)
		for _, v := range []string{"x", "y"} {
			if err := b.AppendString(v); err != nil {
				t.Fatal(err)
			}
		}
		return b.NewArray()
	}
	// f imports two rows with one column changed and compares that column.
	f := func(name string, col arrow.Array, want string) {
		t.Helper()
		cols := map[string]arrow.Array{
			"USER_ID": column(t, str, new("u"), new("v")), "ITEM_ID": column(t, str, new("i"), new("i")), "TIMESTAMP": column(t, long, new(int64(1)), new(int64(2))),
			"N": column[int64](t, long, nil, nil), "D": column[int64](t, long, nil, nil), "F": column[int64](t, long, nil, nil),
			"B": column[bool](t, arrow.FixedWidthTypes.Boolean, nil, nil), "C": column[string](t, str, nil, nil), "S": column[string](t, str, nil, nil),
		}
		cols[name] = col
		var fields []arrow.Field
		var arrays []arrow.Array
		at := 0
		for i, c := range s.Columns {
			if c.Name == name {
				at = i
			}
			fields = append(fields, arrow.Field{Name: strings.ToLower(c.Name), Type: cols[c.Name].DataType(), Nullable: true})
			arrays = append(arrays, cols[c.Name])
		}
		rec := array.NewRecordBatch(arrow.NewSchema(fields, nil), arrays, 2)
		for how := range 4 {
			src := objects{"a": writeParquet(t, rec, how)}
			got := ""
			if err := ingest.Header(t.Context(), src, src.list(), s, false); err != nil {
				got = strings.TrimPrefix(err.Error(), "InvalidInputException: s3://b/a: ")
			} else if res, err := ingest.Run(t.Context(), config(t, bespoke.Interactions, s, src)); err != nil {
				got = strings.TrimPrefix(err.Error(), "InvalidInputException: s3://b/a ")
			} else {
				rows := read(t, res)
				slices.SortFunc(rows, func(a, b string) int { return strings.Compare(a[:1], b[:1]) })
				var cells []string
				for _, r := range rows {
					cells = append(cells, strings.Split(r, " | ")[at])
				}
				got = strings.Join(cells, " ")
			}
			if got != want {
				t.Errorf("%s of %s, written the way %d: %s, want %s", name, col.DataType(), how, got, want)
			}
		}
	}
	f("USER_ID", column(t, long, new(int64(7)), new(int64(-8))), "-8 7")
	f("USER_ID", column(t, arrow.PrimitiveTypes.Uint64, new(uint64(7)), new(uint64(1<<64-1))), "18446744073709551615 7")
	f("USER_ID", column(t, arrow.BinaryTypes.LargeString, new("a"), new("b")), "a b")
	f("USER_ID", column(t, arrow.BinaryTypes.Binary, new([]byte("a")), new([]byte("b"))), "a b")
	f("USER_ID", dictionary(), "x y")
	f("TIMESTAMP", column(t, arrow.PrimitiveTypes.Int32, new(int32(5)), new(int32(6))), "5 6")
	f("TIMESTAMP", column(t, arrow.PrimitiveTypes.Float64, new(1.7e9), new(6.0)), "1700000000 6")
	f("TIMESTAMP", column(t, arrow.FixedWidthTypes.Timestamp_ms, new(arrow.Timestamp(1_700_000_000_999)), new(arrow.Timestamp(0))), "1700000000 0")
	f("TIMESTAMP", column(t, arrow.FixedWidthTypes.Timestamp_us, new(arrow.Timestamp(1_700_000_000_999_999)), new(arrow.Timestamp(0))), "1700000000 0")
	f("TIMESTAMP", column(t, &arrow.TimestampType{Unit: arrow.Nanosecond}, new(arrow.Timestamp(1_700_000_000_999_999_999)), new(arrow.Timestamp(0))), "1700000000 0")
	f("TIMESTAMP", column(t, arrow.FixedWidthTypes.Date32, new(arrow.Date32(19675)), new(arrow.Date32(0))), "1699920000 0")
	f("TIMESTAMP", column(t, long, new(int64(1_700_000_000_000)), new(int64(0))),
		`line 1, column TIMESTAMP, value "1700000000000": the time is too late: times are in seconds since 1970, this seems to be in milliseconds or finer. 1 of 2 rows is bad.`)
	f("TIMESTAMP", column(t, str, new("2024-01-01"), new("x")), "the column timestamp is STRING in the file, but long in the schema: cast the column.")
	f("N", column(t, arrow.FixedWidthTypes.Timestamp_us, new(arrow.Timestamp(1)), nil),
		"the column n is TIMESTAMP in the file, but int in the schema: "+
			"times are read for the reserved columns of times only; cast the column to a number or a string.")
	f("N", column(t, long, new(int64(1)<<31), nil),
		`line 1, column N, value "2147483648": expected a whole number from -2147483648 to 2147483647. 1 of 2 rows is bad.`)
	f("N", column(t, arrow.PrimitiveTypes.Float64, new(3.0), nil), "3 null")
	f("N", column(t, arrow.PrimitiveTypes.Uint8, new(uint8(200)), nil), "200 null")
	f("D", column(t, arrow.PrimitiveTypes.Float32, new(float32(0.1)), nil), "0.1 null")
	f("D", column(t, long, new(int64(1)<<40), nil), "1.099511627776e+12 null")
	f("D", column(t, &arrow.Decimal128Type{Precision: 9, Scale: 2}, new(decimal128.FromI64(-5)), new(decimal128.FromI64(1999))), "-0.05 19.99")
	f("N", column(t, &arrow.Decimal128Type{Precision: 9, Scale: 2}, new(decimal128.FromI64(-5)), nil),
		"the column n is DECIMAL in the file, but int in the schema: decimal numbers are read as float or double; cast the column.")
	f("F", column(t, arrow.PrimitiveTypes.Float64, new(0.1), new(-2.5e-9)), "0.1 -2.5e-09")
	f("B", column(t, arrow.FixedWidthTypes.Boolean, new(true), new(false)), "true false")
	f("B", column(t, long, new(int64(1)), nil), "the column b is INT64 in the file, but boolean in the schema: cast the column.")
	f("C", lists([]string{"a", "b", "c"}, []string{}), "a|b|c null")
	f("C", lists(nil, []string{"x"}), "null x")
	f("C", lists([]string{"a|b"}, nil), `line 1, column C, value "a|b": a vertical bar in an element of the list, where it would divide it. 1 of 2 rows is bad.`)
	f("S", lists([]string{"a"}, nil), "the column s is nested in the file, but string in the schema: only flat columns are read, and lists of strings for categorical columns.")
	f("S", column(t, arrow.BinaryTypes.String, new(""), nil), " null")
	f("S", column(t, arrow.PrimitiveTypes.Float64, new(1.5), nil), "the column s is DOUBLE in the file, but string in the schema: cast the column.")
	f("S", column(t, arrow.BinaryTypes.Binary, new([]byte("caf\xe9")), nil),
		`line 1, column S, value "caf\xe9": the text is not UTF-8: its byte 0xE9 looks like the character é of Latin-1 or Windows-1252; save the file as UTF-8. 1 of 2 rows is bad.`)
}

// A large file is read by ranges, row group by row group, by several workers.
func TestParquetLarge(t *testing.T) {
	t.Parallel()
	const n = 300_000
	users, stamps := array.NewStringBuilder(memory.DefaultAllocator), array.NewInt64Builder(memory.DefaultAllocator)
	empty := array.NewStringBuilder(memory.DefaultAllocator)
	value := array.NewFloat32Builder(memory.DefaultAllocator)
	for i := range n {
		users.Append("a user whose name is long, so that the file is large: " + strconv.Itoa(i*7919))
		stamps.Append(int64(i))
		empty.AppendNull()
		value.AppendNull()
	}
	u := users.NewArray()
	rec := array.NewRecordBatch(arrow.NewSchema([]arrow.Field{
		{Name: "USER_ID", Type: arrow.BinaryTypes.String}, {Name: "ITEM_ID", Type: arrow.BinaryTypes.String}, {Name: "EVENT_TYPE", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "EVENT_VALUE", Type: arrow.PrimitiveTypes.Float32, Nullable: true}, {Name: "TIMESTAMP", Type: arrow.PrimitiveTypes.Int64},
	}, nil), []arrow.Array{u, u, empty.NewArray(), value.NewArray(), stamps.NewArray()}, n)
	var b bytes.Buffer
	w, err := pqarrow.NewFileWriter(rec.Schema(), &b, arrowparquet.NewWriterProperties(arrowparquet.WithDictionaryDefault(false), arrowparquet.WithMaxRowGroupLength(40_000)), pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(0); at < n; at += 40_000 {
		if err := w.Write(rec.NewSlice(at, min(at+40_000, n))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	src := objects{"a": b.String(), "b": b.String()}
	res, err := ingest.Run(t.Context(), config(t, bespoke.Interactions, interactions(t), src))
	if err != nil {
		t.Fatal(err)
	}
	if want := (ingest.Counts{Rows: 2 * n, Accepted: n, Duplicate: n}); res.Counts != want {
		t.Errorf("counts %+v, want %+v", res.Counts, want)
	}
	rows := read(t, res)
	seen := map[string]bool{}
	for _, r := range rows {
		seen[r] = true
	}
	for i := range n {
		name := u.(*array.String).Value(i)
		if row := fmt.Sprintf("%s | %s | null | null | %d", name, name, i); !seen[row] {
			t.Fatalf("row %s is missing", row)
		}
	}
}

// FuzzParquet imports files that are no good Parquet, or only nearly so: an import
// ends well or with a refusal.
func FuzzParquet(f *testing.F) {
	const text = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\nu1,i1,,,1\nu2,i2,click,1.5,2\nu3,i3,click,2.5,3\n"
	for how := range 4 {
		f.Add(asParquet(f, text, how))
	}
	s := interactions(f)
	f.Fuzz(func(t *testing.T, data string) {
		if !strings.HasPrefix(data, "PAR1") {
			data = "PAR1" + data[min(4, len(data)):]
		}
		cfg := ingest.Config{
			Schema: s, Type: bespoke.Interactions, Objects: objects{"a": data}.list(), Source: objects{"a": data}, Workers: 1, Fetches: 1, CheckOnly: true,
		}
		_, err := ingest.Run(t.Context(), cfg)
		if e, ok := errors.AsType[*bespoke.Error](err); err != nil && (!ok || e.Code != bespoke.InvalidInput) {
			t.Errorf("error %v", err)
		}
	})
}
