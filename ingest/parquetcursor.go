package ingest

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	arrowparquet "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
)

// cursor yields the values of one column of a row group as text. Malformed data
// makes it panic or fail.
type cursor interface {
	// next appends the next row's value to dst. Where that is null it appends
	// nothing; a reason says why the value is refused.
	next(dst []byte) (text []byte, null bool, reason string, err error)
	// skip passes over n rows.
	skip(n int64) error
	// more reports whether there is another row.
	more() (bool, error)
}

// cursorRows is how many values of a column are decoded at once.
const cursorRows = 512

// newCursor returns the values of leaf l in a column chunk.
func newCursor(l leaf, r file.ColumnChunkReader) (cursor, error) {
	switch r := r.(type) {
	case *file.ByteArrayColumnChunkReader:
		return typed(l, r, r.ReadBatchInPage, func(dst []byte, v arrowparquet.ByteArray) []byte {
			if l.exact {
				return l.appendDecimal(dst, v)
			}
			return append(dst, v...)
		}), nil
	case *file.FixedLenByteArrayColumnChunkReader:
		return typed(l, r, r.ReadBatchInPage, func(dst []byte, v arrowparquet.FixedLenByteArray) []byte { return l.appendDecimal(dst, v) }), nil
	case *file.BooleanColumnChunkReader:
		return typed(l, r, r.ReadBatchInPage, strconv.AppendBool), nil
	case *file.Int32ColumnChunkReader:
		return typed(l, r, r.ReadBatchInPage, func(dst []byte, v int32) []byte {
			if l.plus {
				return strconv.AppendUint(dst, uint64(uint32(v)), 10)
			}
			return l.appendInt(dst, int64(v))
		}), nil
	case *file.Int64ColumnChunkReader:
		return typed(l, r, r.ReadBatchInPage, func(dst []byte, v int64) []byte {
			if l.plus {
				return strconv.AppendUint(dst, uint64(v), 10)
			}
			return l.appendInt(dst, v)
		}), nil
	case *file.Int96ColumnChunkReader:
		return typed(l, r, r.ReadBatchInPage, func(dst []byte, v arrowparquet.Int96) []byte {
			const epoch = 2440588 // the Julian day of 1970-01-01
			day, nanos := int64(binary.LittleEndian.Uint32(v[8:])), int64(binary.LittleEndian.Uint64(v[:]))
			return strconv.AppendInt(dst, (day-epoch)*86400+floorDiv(nanos, 1e9), 10)
		}), nil
	case *file.Float32ColumnChunkReader:
		return typed(l, r, r.ReadBatchInPage, func(dst []byte, v float32) []byte { return appendFloat(dst, float64(v), 32) }), nil
	case *file.Float64ColumnChunkReader:
		return typed(l, r, r.ReadBatchInPage, func(dst []byte, v float64) []byte { return appendFloat(dst, v, 64) }), nil
	}
	return nil, fmt.Errorf("the values of column %s have the unexpected type %s", r.Descriptor().Path(), r.Type())
}

func (l leaf) appendInt(dst []byte, v int64) []byte {
	switch {
	case l.unit > 0:
		v = floorDiv(v, l.unit)
	case l.day:
		v *= 86400
	case l.exact:
		return fmt.Appendf(dst, "%de-%d", v, l.scale)
	}
	return strconv.AppendInt(dst, v, 10)
}

// appendDecimal appends a number in two's complement, its highest byte first.
func (l leaf) appendDecimal(dst, v []byte) []byte {
	n := new(big.Int).SetBytes(v)
	if len(v) > 0 && v[0] >= 0x80 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(v))))
	}
	return fmt.Appendf(dst, "%de-%d", n, l.scale)
}

// appendFloat writes a whole number without exponent or point, so that it can
// be an int: columns of whole numbers with nulls are often kept as floats.
func appendFloat(dst []byte, v float64, bits int) []byte {
	if math.Abs(v) < 1<<53 && v == math.Trunc(v) {
		return strconv.AppendInt(dst, int64(v), 10)
	}
	return strconv.AppendFloat(dst, v, 'g', -1, bits)
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// typedCursor is the cursor over values of one physical type. levels are those
// of the file format: a definition level below the highest is a null, and a
// repetition level above 0 another element of the same row.
type typedCursor[T any] struct {
	leaf
	path   string
	read   func(n int64, vals []T, def, rep []int16) (int64, int, error)
	passed func(n int64) (int64, error)
	text   func(dst []byte, v T) []byte
	vals   []T
	def    []int16
	rep    []int16
	most   int16 // the highest definition level
	at, n  int   // levels
	val    int
}

func typed[T any, R interface {
	file.ColumnChunkReader
	Skip(int64) (int64, error)
}](l leaf, r R, read func(int64, []T, []int16, []int16) (int64, int, error), text func([]byte, T) []byte) cursor {
	c := &typedCursor[T]{leaf: l, path: r.Descriptor().Path(), read: read, passed: r.Skip, text: text, vals: make([]T, cursorRows), most: r.Descriptor().MaxDefinitionLevel()}
	if c.most > 0 {
		c.def = make([]int16, cursorRows)
	}
	if l.list {
		c.rep = make([]int16, cursorRows)
	}
	return c
}

// more makes sure that there is a level, and reports false at the end of the
// column.
func (c *typedCursor[T]) more() (bool, error) {
	for c.at == c.n {
		n, _, err := c.read(cursorRows, c.vals, c.def, c.rep)
		if err != nil || n == 0 {
			return false, err
		}
		c.at, c.n, c.val = 0, int(n), 0
	}
	return true, nil
}

func (c *typedCursor[T]) next(dst []byte) (text []byte, null bool, reason string, err error) {
	ok, err := c.more()
	if err == nil && !ok {
		err = fmt.Errorf("the column %s has fewer rows than its row group", c.path)
	}
	if err != nil {
		return dst, false, "", err
	}
	if !c.list {
		null = c.most > 0 && c.def[c.at] < c.most
		c.at++
		if null {
			return dst, true, "", nil
		}
		c.val++
		return c.text(dst, c.vals[c.val-1]), false, "", nil
	}
	start := len(dst)
	for n := 0; ; n++ {
		if c.def[c.at] == c.most {
			if len(dst) > start {
				dst = append(dst, '|')
			}
			at := len(dst)
			dst = c.text(dst, c.vals[c.val])
			c.val++
			if strings.IndexByte(string(dst[at:]), '|') >= 0 {
				reason = reasonBar
			}
		}
		c.at++
		if ok, err := c.more(); err != nil || !ok || c.rep[c.at] == 0 {
			return dst, len(dst) == start, reason, err
		}
	}
}

func (c *typedCursor[T]) skip(n int64) error {
	if !c.list {
		_, err := c.passed(n)
		return err
	}
	var scratch []byte
	for range n {
		var err error
		if scratch, _, _, err = c.next(scratch[:0]); err != nil {
			return err
		}
	}
	return nil
}
