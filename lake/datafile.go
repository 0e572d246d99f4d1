package lake

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/iceberg-go"
)

// boundLength is how many characters of a string go into a column's bounds, as in
// Iceberg's default for metrics.
const boundLength = 16

// describe reads the footer of a new data file and returns what goes into the
// table's manifests: counts, sizes and bounds by column. It refuses a file whose
// columns are not those of the schema.
func describe(f File, sc *iceberg.Schema, spec iceberg.PartitionSpec, origin string) (_ iceberg.DataFile, err error) {
	st, err := os.Stat(f.Path)
	if err != nil {
		return nil, err
	}
	r, err := openParquet(f.Path)
	if err != nil {
		return nil, fmt.Errorf("file %s: %w", f.Path, err)
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	md := r.MetaData()
	if md.NumRows != f.Rows || st.Size() != f.Bytes {
		return nil, fmt.Errorf("file %s has %d rows in %d bytes, %d rows in %d bytes were announced", f.Path, md.NumRows, st.Size(), f.Rows, f.Bytes)
	}
	if f.Rows > math.MaxUint32 {
		return nil, fmt.Errorf("file %s has %d rows, at most %d fit into one file", f.Path, f.Rows, uint32(math.MaxUint32))
	}
	b, err := iceberg.NewDataFileBuilder(spec, iceberg.EntryContentData, f.Path, iceberg.ParquetFile,
		partition(spec, origin), nil, nil, f.Rows, f.Bytes)
	if err != nil {
		return nil, err
	}
	m := metrics{sizes: map[int]int64{}, values: map[int]int64{}, nulls: map[int]int64{}, lower: map[int][]byte{}, upper: map[int][]byte{}}
	seen := map[int]bool{}
	for c := range md.Schema.NumColumns() {
		col := md.Schema.Column(c)
		id := int(col.SchemaNode().FieldID())
		want, ok := sc.FindFieldByID(id)
		if !ok || seen[id] || physical[want.Type.Type()] != col.PhysicalType() || want.Required && col.MaxDefinitionLevel() > 0 {
			return nil, fmt.Errorf("file %s: column %s (field id %d, %s) is not one of the table's, or may be null where the table's may not", f.Path, col.Name(), id, col.PhysicalType())
		}
		seen[id] = true
		if err := m.add(id, c, md); err != nil {
			return nil, fmt.Errorf("file %s: column %s: %w", f.Path, col.Name(), err)
		}
	}
	for _, want := range sc.Fields() {
		if want.Required && !seen[want.ID] {
			return nil, fmt.Errorf("file %s lacks column %s, which may not be null", f.Path, want.Name)
		}
	}
	return b.ColumnSizes(m.sizes).ValueCounts(m.values).NullValueCounts(m.nulls).
		LowerBoundValues(m.lower).UpperBoundValues(m.upper).Build(), nil
}

var physical = map[string]parquet.Type{
	"string": parquet.Types.ByteArray, "int": parquet.Types.Int32, "long": parquet.Types.Int64,
	"float": parquet.Types.Float, "double": parquet.Types.Double, "boolean": parquet.Types.Boolean,
}

// partition returns the value of a spec's one field.
func partition(spec iceberg.PartitionSpec, origin string) map[int]any {
	p := map[int]any{}
	for _, f := range spec.Fields() {
		p[f.FieldID] = origin
	}
	return p
}

type metrics struct {
	sizes, values, nulls map[int]int64
	lower, upper         map[int][]byte
}

// add sums up column c over the row groups.
func (m *metrics) add(id, c int, md *metadata.FileMetaData) error {
	counted, bounded := true, true
	var lo, hi metadata.TypedStatistics
	for g := range md.NumRowGroups() {
		chunk, err := md.RowGroup(g).ColumnChunk(c)
		if err != nil {
			return err
		}
		m.sizes[id] += chunk.TotalCompressedSize()
		m.values[id] += chunk.NumValues()
		st, err := chunk.Statistics()
		if err != nil {
			return err
		}
		if st == nil || !st.HasNullCount() {
			counted = false
		} else {
			m.nulls[id] += st.NullCount()
		}
		switch {
		case st != nil && st.HasMinMax():
			if lo == nil || less(st.EncodeMin(), lo.EncodeMin(), st.Type()) {
				lo = st
			}
			if hi == nil || less(hi.EncodeMax(), st.EncodeMax(), st.Type()) {
				hi = st
			}
		case st == nil || !st.HasNullCount() || st.NullCount() < chunk.NumValues():
			bounded = false // values without bounds
		}
	}
	if !counted {
		delete(m.nulls, id)
	}
	if !bounded || lo == nil {
		return nil
	}
	low, high := bytes.Clone(lo.EncodeMin()), bytes.Clone(hi.EncodeMax())
	if lo.Type() == parquet.Types.ByteArray {
		var ok bool
		low = cut(low)
		if high, ok = cutUp(high); !ok {
			m.lower[id] = low
			return nil
		}
	}
	m.lower[id], m.upper[id] = low, high
	return nil
}

var le = binary.LittleEndian

// less compares two values in Parquet's plain encoding, which is the encoding of
// Iceberg's bounds too.
func less(a, b []byte, t parquet.Type) bool {
	switch t {
	case parquet.Types.Int32:
		return int32(le.Uint32(a)) < int32(le.Uint32(b))
	case parquet.Types.Int64:
		return int64(le.Uint64(a)) < int64(le.Uint64(b))
	case parquet.Types.Float:
		return cmp.Less(math.Float32frombits(le.Uint32(a)), math.Float32frombits(le.Uint32(b)))
	case parquet.Types.Double:
		return cmp.Less(math.Float64frombits(le.Uint64(a)), math.Float64frombits(le.Uint64(b)))
	}
	return bytes.Compare(a, b) < 0
}

// cut returns the first characters of a string.
func cut(s []byte) []byte {
	n := 0
	for range boundLength {
		if n == len(s) {
			return s
		}
		_, w := utf8.DecodeRune(s[n:])
		n += w
	}
	return s[:n]
}

// cutUp returns a short string that is not below s, and false if there is none.
func cutUp(s []byte) ([]byte, bool) {
	if len(cut(s)) == len(s) {
		return s, true
	}
	r := []rune(string(cut(s)))
	for i := len(r) - 1; i >= 0; i-- {
		next := r[i] + 1
		if next == 0xD800 {
			next = 0xE000 // surrogates are no characters
		}
		if next <= utf8.MaxRune {
			return []byte(string(append(r[:i:i], next))), true
		}
	}
	return nil, false
}
