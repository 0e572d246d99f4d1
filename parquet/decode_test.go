package parquet_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/memory"
	pq "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"bespoke/parquet"
)

// chunks calls f for each column chunk of a file that Decode is meant for.
func chunks(t testing.TB, path string, f func(name string, raw []byte, s parquet.Shape, group *file.RowGroupReader, column int)) {
	t.Helper()
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	kinds := map[pq.Type]parquet.Kind{pq.Types.ByteArray: parquet.String, pq.Types.Int64: parquet.Int64, pq.Types.Float: parquet.Float32}
	for g := range r.NumRowGroups() {
		group := r.RowGroup(g)
		for c := range r.MetaData().Schema.NumColumns() {
			col := r.MetaData().Schema.Column(c)
			kind, ok := kinds[col.PhysicalType()]
			if !ok {
				continue
			}
			md, err := r.MetaData().RowGroup(g).ColumnChunk(c)
			if err != nil {
				t.Fatal(err)
			}
			from := md.DataPageOffset()
			if md.HasDictionaryPage() {
				from = min(from, md.DictionaryPageOffset())
			}
			raw := make([]byte, md.TotalCompressedSize())
			whole, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			copy(raw, whole[from:])
			f(col.Name(), raw, parquet.Shape{Kind: kind, Optional: col.MaxDefinitionLevel() > 0, Rows: int(group.NumRows()), Snappy: md.Compression() == compress.Codecs.Snappy}, group, c)
		}
	}
}

// all reads the rows of a column with arrow-go, null as nil.
func all(col file.ColumnChunkReader, rows int) (values []any, err error) {
	n := int64(rows)
	defs := make([]int16, n)
	for err == nil && len(values) < rows {
		var total int64
		at := func(int) any { return nil }
		switch col := col.(type) {
		case *file.ByteArrayColumnChunkReader:
			vals := make([]pq.ByteArray, n)
			total, _, err = col.ReadBatch(n, vals, defs, nil)
			at = func(i int) any { return string(vals[i]) }
		case *file.Int64ColumnChunkReader:
			vals := make([]int64, n)
			total, _, err = col.ReadBatch(n, vals, defs, nil)
			at = func(i int) any { return vals[i] }
		case *file.Float32ColumnChunkReader:
			vals := make([]float32, n)
			total, _, err = col.ReadBatch(n, vals, defs, nil)
			at = func(i int) any { return vals[i] }
		}
		if total == 0 {
			return values, errors.Join(err, col.Err(), fmt.Errorf("%d rows of %d", len(values), rows))
		}
		k := 0
		for i := range int(total) {
			if col.Descriptor().MaxDefinitionLevel() > 0 && defs[i] == 0 {
				values = append(values, nil)
				continue
			}
			values = append(values, at(k))
			k++
		}
	}
	return values, err
}

// got returns what Decode has for a row.
func got(c *parquet.Chunk, kind parquet.Kind, row int) any {
	if c.Null != nil && c.Null[row] {
		if kind == parquet.String && c.Indices[row] != parquet.NoValue {
			return "a null with an index"
		}
		return nil
	}
	switch kind {
	case parquet.String:
		return string(c.Words.Word(c.Indices[row]))
	case parquet.Int64:
		return c.Ints[row]
	}
	return c.Floats[row]
}

// Decode reads what the Writer writes as arrow-go does.
func TestDecode(t *testing.T) {
	t.Parallel()
	for _, dictBytes := range []int{1 << 14, 64 << 20} {
		for _, n := range []int{1, 1000, 80_000} {
			t.Run(fmt.Sprintf("%d/%d", dictBytes, n), func(t *testing.T) {
				t.Parallel()
				chunks(t, writeRows(t, dictBytes, uint64(n), n), func(name string, raw []byte, s parquet.Shape, group *file.RowGroupReader, c int) {
					out, err := parquet.Decode(raw, s)
					if err != nil {
						t.Fatalf("%s: %v", name, err)
					}
					col, err := group.Column(c)
					if err != nil {
						t.Fatal(err)
					}
					values, err := all(col, s.Rows)
					if err != nil {
						t.Fatal(err)
					}
					for row, want := range values {
						if v := got(out, s.Kind, row); v != want {
							t.Fatalf("%s, row %d: %v, want %v", name, row, v, want)
						}
					}
					// Cut off anywhere, it is an error and no panic.
					for range 50 {
						if _, err := parquet.Decode(raw[:rand.IntN(len(raw))], s); err == nil {
							t.Errorf("%s: half a chunk was taken", name)
						}
					}
				})
			})
		}
	}
}

// A page that claims to be larger than its bytes can come to is refused before memory is
// taken for it.
func TestDecodeClaims(t *testing.T) { // not parallel: it measures what is allocated
	// A dictionary page with its header: its size, decompressed and compressed, and 1 value.
	dictionary := func(plain int32, body []byte) []byte {
		b := []byte{0x15, 4}
		b = binary.AppendVarint(append(b, 0x15), int64(plain))
		b = binary.AppendVarint(append(b, 0x15), int64(len(body)))
		return append(append(b, 0x4C, 0x15, 2, 0, 0), body...)
	}
	shape := parquet.Shape{Kind: parquet.String, Rows: 1, Snappy: true}
	for _, claim := range []int{1 << 20, 900 << 20, 1<<31 - 1} {
		body := append(binary.AppendUvarint(nil, uint64(claim)), make([]byte, 1<<10)...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := parquet.Decode(dictionary(int32(claim), body), shape)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), "page 1: ") || !strings.Contains(err.Error(), fmt.Sprintf("cannot be %d", claim)) {
			t.Errorf("claim %d: %v", claim, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 64<<10 {
			t.Errorf("claim %d: %d bytes were allocated", claim, n)
		}
	}
}

// What compresses as well as it can is taken.
func TestDecodeRepeated(t *testing.T) {
	t.Parallel()
	fields := []parquet.Field{{Name: "same", ID: 1, Kind: parquet.String, Plain: true}, {Name: "zero", ID: 2, Kind: parquet.Int64}, {Name: "half", ID: 3, Kind: parquet.Float32}}
	w := parquet.NewWriter(fields, 1<<20)
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := w.Create(path); err != nil {
		t.Fatal(err)
	}
	word := bytes.Repeat([]byte{0, 0, 0, 60}, 15) // like the lengths
	const rows, step = 200_000, 1000
	for range rows / step {
		c := w.Column(0).(*parquet.Strings)
		for range step {
			c.AppendText(word)
		}
		c.AppendRows(step, nil)
		w.Column(1).(*parquet.Numbers[int64]).Append(make([]int64, step), nil)
		w.Column(2).(*parquet.Numbers[float32]).Append(make([]float32, step), nil)
		if err := w.EndRows(step); err != nil {
			t.Fatal(err)
		}
	}
	f, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	chunks(t, path, func(name string, raw []byte, s parquet.Shape, _ *file.RowGroupReader, _ int) {
		out, err := parquet.Decode(raw, s)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if name == "same" {
			if ratio := float64(rows*64) / float64(len(raw)); ratio < 19 {
				t.Errorf("compressed to one in %.1f, which tests nothing", ratio)
			}
			if v := got(out, s.Kind, s.Rows-1); v != string(word) {
				t.Errorf("last row %q", v)
			}
		}
	})
}

func writeRows(t testing.TB, dictBytes int, seed uint64, n int) string {
	t.Helper()
	w := parquet.NewWriter(fields, dictBytes)
	r := rand.New(rand.NewPCG(seed, 7))
	path := filepath.Join(t.TempDir(), "x.parquet")
	if err := w.Create(path); err != nil {
		t.Fatal(err)
	}
	rows := makeRows(r, n)
	for at := 0; at < len(rows); {
		k := min(len(rows)-at, 1+r.IntN(4096))
		appendRows(t, w, rows[at:at+k])
		at += k
	}
	f, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// What arrow-go takes of a damaged chunk, Decode takes for the same or refuses; it
// never panics.
func FuzzDecode(f *testing.F) {
	type seed struct {
		raw []byte
		s   parquet.Shape
	}
	var seeds []seed
	chunks(f, writeRows(f, 1<<14, 3, 300), func(_ string, raw []byte, s parquet.Shape, _ *file.RowGroupReader, _ int) {
		seeds = append(seeds, seed{bytes.Clone(raw), s})
		f.Add(raw, uint8(s.Kind), s.Optional, uint16(s.Rows), s.Snappy)
	})
	f.Fuzz(func(t *testing.T, raw []byte, kind uint8, optional bool, rows uint16, snappy bool) {
		s := parquet.Shape{Kind: parquet.Kind(kind), Optional: optional, Rows: int(rows), Snappy: snappy}
		out, err := parquet.Decode(raw, s)
		if err != nil {
			return
		}
		for row := range s.Rows {
			got(out, s.Kind, row)
		}
		want, err := arrowDecode(raw, s)
		if err != nil {
			return
		}
		for row := range s.Rows {
			if v := got(out, s.Kind, row); !equal(v, want[row]) {
				t.Fatalf("row %d: %v, arrow-go has %v", row, v, want[row])
			}
		}
	})
}

func equal(a, b any) bool {
	x, ok := a.(float32)
	y, also := b.(float32)
	return a == b || ok && also && x != x && y != y
}

var errPanic = errors.New("arrow-go panicked")

// arrowDecode has arrow-go decode a chunk outside of a file.
func arrowDecode(raw []byte, s parquet.Shape) (values []any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errPanic
		}
	}()
	codec := compress.Codecs.Uncompressed
	if s.Snappy {
		codec = compress.Codecs.Snappy
	}
	stream, err := pq.NewReaderProperties(memory.DefaultAllocator).GetStream(bytes.NewReader(raw), 0, int64(len(raw)))
	if err != nil {
		return nil, err
	}
	//lint:ignore SA1019 a chunk outside of a file has no other reader to be compared with
	pages, err := file.NewPageReader(stream, int64(s.Rows), codec, memory.DefaultAllocator, nil)
	if err != nil {
		return nil, err
	}
	types := map[parquet.Kind]pq.Type{parquet.String: pq.Types.ByteArray, parquet.Int64: pq.Types.Int64, parquet.Float32: pq.Types.Float}
	repetition, level := pq.Repetitions.Required, int16(0)
	if s.Optional {
		repetition, level = pq.Repetitions.Optional, 1
	}
	node, err := schema.NewPrimitiveNode("x", repetition, types[s.Kind], -1, -1)
	if err != nil {
		return nil, err
	}
	//lint:ignore SA1019 likewise
	col := file.NewColumnReader(schema.NewColumn(node, level, 0), pages, memory.DefaultAllocator, nil)
	return all(col, s.Rows)
}
