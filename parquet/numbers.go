package parquet

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// Number is what a Numbers column holds.
type Number interface {
	int32 | int64 | float32 | float64
}

// Numbers is a column of numbers. Integers are delta-packed, floats plain and
// compressed where that saves something.
type Numbers[T Number] struct {
	chunk
	vals []T // of the page under way, nulls left out
	low  T   // bounds of the row group, once seen
	high T
	seen bool
}

// Append adds len(present) rows, those whose byte in present is 0 being null,
// the others having the next of vals; without present, each of vals is a row.
func (c *Numbers[T]) Append(vals []T, present []byte) {
	n := len(vals)
	if present != nil {
		n = len(present)
	}
	c.mark(n, present)
	c.vals = append(c.vals, vals...)
}

func (c *Numbers[T]) head() *chunk { return &c.chunk }

func (c *Numbers[T]) pageBytes() int { return len(c.vals) * int(unsafe.Sizeof(T(0))) }

func (c *Numbers[T]) flush(scratch []byte) []byte {
	out, encoding, compress := scratch[:0], int32(encPlain), false
	switch v := any(c.vals).(type) {
	case []int32:
		if len(v) > 0 {
			out, encoding = appendDelta(out, v), encDelta
		}
	case []int64:
		if len(v) > 0 {
			out, encoding = appendDelta(out, v), encDelta
		}
	default:
		compress = true
		for _, x := range c.vals {
			out = appendNumber(out, x)
		}
	}
	c.bound()
	c.endPage(out, encoding, compress)
	c.vals = c.vals[:0]
	return out
}

// bound widens the bounds of the row group by the page's values.
func (c *Numbers[T]) bound() {
	if len(c.vals) == 0 {
		return
	}
	if !c.seen {
		c.low, c.high, c.seen = c.vals[0], c.vals[0], true
	}
	low, high := c.low, c.high
	for _, v := range c.vals {
		if v < low {
			low = v
		}
		if v > high {
			high = v
		}
	}
	c.low, c.high = low, high
}

func (c *Numbers[T]) finish(scratch []byte) []byte { return scratch }

// bounds returns the least and greatest value. A float zero is given as -0 and
// +0, as the format asks for.
func (c *Numbers[T]) bounds() (low, high []byte, ok bool) {
	l, h := c.low, c.high
	if l == 0 {
		l = T(math.Copysign(0, -1)) // an integer's is 0
	}
	return appendNumber(nil, l), appendNumber(nil, h), c.seen
}

func (c *Numbers[T]) reset() {
	c.chunk.reset()
	c.seen = false
}

func appendNumber[T Number](dst []byte, v T) []byte {
	switch v := any(v).(type) {
	case int32:
		return binary.LittleEndian.AppendUint32(dst, uint32(v))
	case int64:
		return binary.LittleEndian.AppendUint64(dst, uint64(v))
	case float32:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
	case float64:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
	}
	panic("unreachable")
}
