package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// encDictionaryV1 is what old writers call the encoding of dictionary indices.
const encDictionaryV1 = 2

// pageHeader is what is read of a PageHeader of parquet.thrift.
type pageHeader struct {
	kind, plain, stored    int32
	values, nulls, rows    int32
	encoding               int32
	definition, repetition int32
	compressed             bool
}

var errHeader = errors.New("the header of a page is damaged")

// read reads a header in Thrift's compact protocol and returns its length.
func (h *pageHeader) read(b []byte) (int, error) {
	h.compressed = true // unless the header says otherwise
	c := thriftReader{b: b}
	err := c.fields(0, func(id int16, kind byte) error {
		switch id {
		case 1:
			return c.i32(kind, &h.kind)
		case 2:
			return c.i32(kind, &h.plain)
		case 3:
			return c.i32(kind, &h.stored)
		case 7: // DictionaryPageHeader
			return c.inside(kind, func(id int16, kind byte) error {
				if id == 1 {
					return c.i32(kind, &h.values)
				}
				return c.skip(kind, 1)
			})
		case 8: // DataPageHeaderV2
			return c.inside(kind, func(id int16, kind byte) error {
				into := []*int32{1: &h.values, 2: &h.nulls, 3: &h.rows, 4: &h.encoding, 5: &h.definition, 6: &h.repetition}
				switch {
				case id >= 1 && id <= 6:
					return c.i32(kind, into[id])
				case id == 7:
					h.compressed = kind == thriftTrue
					return nil
				}
				return c.skip(kind, 1)
			})
		}
		return c.skip(kind, 0)
	})
	return c.at, err
}

// thriftReader reads structs of Thrift's compact protocol.
type thriftReader struct {
	b  []byte
	at int
}

func (c *thriftReader) byte() (byte, error) {
	if c.at >= len(c.b) {
		return 0, errHeader
	}
	c.at++
	return c.b[c.at-1], nil
}

func (c *thriftReader) uvarint() (uint64, error) {
	v, n := binary.Uvarint(c.b[c.at:])
	if n <= 0 {
		return 0, errHeader
	}
	c.at += n
	return v, nil
}

func (c *thriftReader) i32(kind byte, to *int32) error {
	if kind != thriftI32 {
		return fmt.Errorf("%w: type %d for a number", errHeader, kind)
	}
	v, n := binary.Varint(c.b[c.at:])
	if n <= 0 || v != int64(int32(v)) {
		return errHeader
	}
	c.at += n
	*to = int32(v)
	return nil
}

func (c *thriftReader) inside(kind byte, field func(id int16, kind byte) error) error {
	if kind != thriftStruct {
		return fmt.Errorf("%w: type %d for a struct", errHeader, kind)
	}
	return c.fields(1, field)
}

// maxDepth is how deep structs may lie in one another.
const maxDepth = 8

// fields calls field for each field of a struct; field reads it.
func (c *thriftReader) fields(depth int, field func(id int16, kind byte) error) error {
	if depth > maxDepth {
		return errHeader
	}
	for id := int16(0); ; {
		head, err := c.byte()
		if err != nil {
			return err
		}
		kind := head & 15
		if kind == 0 {
			return nil
		}
		if d := head >> 4; d > 0 {
			id += int16(d)
		} else {
			v, n := binary.Varint(c.b[c.at:])
			if n <= 0 {
				return errHeader
			}
			c.at += n
			id = int16(v)
		}
		if err := field(id, kind); err != nil {
			return err
		}
	}
}

// skip passes over a value.
func (c *thriftReader) skip(kind byte, depth int) error {
	size := uint64(0)
	switch kind {
	case thriftTrue, thriftFalse:
	case 3: // a byte
		size = 1
	case thriftI16, thriftI32, thriftI64:
		_, err := c.uvarint()
		return err
	case 7: // a double
		size = 8
	case thriftBinary:
		var err error
		if size, err = c.uvarint(); err != nil {
			return err
		}
	case thriftStruct:
		return c.fields(depth+1, func(_ int16, kind byte) error { return c.skip(kind, depth+1) })
	default: // lists and maps are not in page headers
		return fmt.Errorf("%w: type %d", ErrForeign, kind)
	}
	if size > uint64(len(c.b)-c.at) {
		return errHeader
	}
	c.at += int(size)
	return nil
}
