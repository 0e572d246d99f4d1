package parquet

import "encoding/binary"

// Type ids of Thrift's compact protocol.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftI16    = 4
	thriftI32    = 5
	thriftI64    = 6
	thriftBinary = 8
	thriftList   = 9
	thriftStruct = 12
)

// compact appends Thrift's compact protocol to a buffer: the little of it that
// Parquet's headers and footers use. Fields of one struct must be written in
// ascending order.
// Source: Thrift, doc/specs/thrift-compact-protocol.md.
type compact struct {
	buf   []byte
	last  int16   // field id written last in the open struct
	outer []int16 // the same of the structs around it
}

func (c *compact) field(id int16, kind byte) {
	if d := id - c.last; d > 0 && d <= 15 {
		c.buf = append(c.buf, byte(d)<<4|kind)
	} else {
		c.buf = binary.AppendVarint(append(c.buf, kind), int64(id))
	}
	c.last = id
}

func (c *compact) i16(id int16, v int16) {
	c.field(id, thriftI16)
	c.buf = binary.AppendVarint(c.buf, int64(v))
}

func (c *compact) i32(id int16, v int32) {
	c.field(id, thriftI32)
	c.buf = binary.AppendVarint(c.buf, int64(v))
}

func (c *compact) i64(id int16, v int64) {
	c.field(id, thriftI64)
	c.buf = binary.AppendVarint(c.buf, v)
}

func (c *compact) bool(id int16, v bool) {
	if v {
		c.field(id, thriftTrue)
	} else {
		c.field(id, thriftFalse)
	}
}

func (c *compact) bytes(id int16, v []byte) {
	c.field(id, thriftBinary)
	c.element(string(v))
}

func (c *compact) string(id int16, v string) {
	c.field(id, thriftBinary)
	c.element(v)
}

// open begins the struct that is field id of the open struct.
func (c *compact) open(id int16) {
	c.field(id, thriftStruct)
	c.openElement()
}

// openElement begins a struct that is an element of a list.
func (c *compact) openElement() {
	c.outer = append(c.outer, c.last)
	c.last = 0
}

// close ends the innermost open struct.
func (c *compact) close() {
	c.buf = append(c.buf, 0)
	if n := len(c.outer); n > 0 {
		c.last, c.outer = c.outer[n-1], c.outer[:n-1]
	}
}

// list begins a list of n elements, which must follow.
func (c *compact) list(id int16, kind byte, n int) {
	c.field(id, thriftList)
	if n < 15 {
		c.buf = append(c.buf, byte(n)<<4|kind)
	} else {
		c.buf = binary.AppendUvarint(append(c.buf, 0xF0|kind), uint64(n))
	}
}

// element writes a string that is an element of a list.
func (c *compact) element(v string) {
	c.buf = binary.AppendUvarint(c.buf, uint64(len(v)))
	c.buf = append(c.buf, v...)
}

// number writes an i32 that is an element of a list.
func (c *compact) number(v int32) { c.buf = binary.AppendVarint(c.buf, int64(v)) }
