package parquet

import (
	"encoding/binary"
	"math/bits"

	"github.com/klauspost/compress/s2"
)

// Encodings, page types, codecs and physical types of parquet.thrift.
const (
	encPlain      = 0
	encRLE        = 3
	encDelta      = 5
	encDictionary = 8

	pageDictionary = 2
	pageDataV2     = 3

	codecNone   = 0
	codecSnappy = 1

	physBoolean   = 0
	physInt32     = 1
	physInt64     = 2
	physFloat     = 4
	physDouble    = 5
	physByteArray = 6
)

// chunk is one column of the row group under way: its finished pages, encoded
// and compressed, and which rows of the page under way are null. The values of
// that page are with the column.
type chunk struct {
	field Field
	dict  []byte // the dictionary page with its header, "" without
	pages []byte // data pages with their headers
	plain int64  // size of both before compression, headers included

	rows   int  // rows in finished pages
	nulls  int  // of these, null
	packed bool // a page is dictionary-encoded
	other  bool // a page is not

	page struct {
		rows  int
		nulls int
		valid []byte // one bit per row, set where not null; kept only once a null was seen
	}
	scratch []byte
}

// Optional reports whether rows of the column may be null.
func (c *chunk) Optional() bool { return c.field.Optional }

// mark notes for n further rows of the page which of them are null: those
// whose byte in present is 0. A nil present means that none is.
func (c *chunk) mark(n int, present []byte) {
	p := &c.page
	nulls := 0
	for _, b := range present {
		nulls += int(b ^ 1)
	}
	if nulls > 0 || p.nulls > 0 {
		if !c.field.Optional {
			panic("parquet: null in required column " + c.field.Name)
		}
		if p.nulls == 0 { // the first: all rows before have a value
			p.valid = setBits(p.valid[:0], 0, p.rows)
		}
		if nulls == 0 {
			p.valid = setBits(p.valid, p.rows, n)
		} else {
			p.valid = appendBits(p.valid, p.rows, present)
		}
	}
	p.rows += n
	p.nulls += nulls
}

// setBits sets n bits of b from bit at on, lengthening b.
func setBits(b []byte, at, n int) []byte {
	for i := at; i < at+n; {
		if i&7 == 0 && at+n-i >= 8 {
			b = append(b, 0xFF)
			i += 8
			continue
		}
		if i&7 == 0 {
			b = append(b, 0)
		}
		b[i>>3] |= 1 << (i & 7)
		i++
	}
	return b
}

// appendBits puts the bytes of present, 0 or 1 each, behind the first at bits.
func appendBits(b []byte, at int, present []byte) []byte {
	for i, v := range present {
		if (at+i)&7 == 0 {
			b = append(b, 0)
		}
		b[(at+i)>>3] |= v << ((at + i) & 7)
	}
	return b
}

// endPage adds the page under way, whose values are in data, to the chunk.
// Compression is left out where it saves less than a tenth.
func (c *chunk) endPage(data []byte, encoding int32, compress bool) {
	p := &c.page
	levels := c.scratch[:0]
	if c.field.Optional {
		if p.nulls == 0 {
			levels = repeatRun(levels, 1, p.rows, 1)
		} else {
			levels = appendLevels(levels, p.valid, p.rows)
		}
	}
	n := len(levels)
	body := data
	if compress = compress && len(data) > 0; compress {
		levels = grow(levels, s2.MaxEncodedLen(len(data)))
		body = s2.EncodeSnappy(levels[n:], data)
		if compress = len(body) < len(data)*9/10; !compress {
			body = data
		}
	}
	c.scratch = levels
	t := compact{buf: c.pages}
	t.i32(1, pageDataV2)
	t.i32(2, int32(n+len(data)))
	t.i32(3, int32(n+len(body)))
	t.open(8)
	t.i32(1, int32(p.rows))
	t.i32(2, int32(p.nulls))
	t.i32(3, int32(p.rows))
	t.i32(4, encoding)
	t.i32(5, int32(n))
	t.i32(6, 0)
	t.bool(7, compress)
	t.close()
	t.close()
	c.plain += int64(len(t.buf) - len(c.pages) + n + len(data))
	c.pages = append(append(t.buf, levels[:n]...), body...)
	c.rows += p.rows
	c.nulls += p.nulls
	p.rows, p.nulls = 0, 0
	if encoding == encDictionary {
		c.packed = true
	} else {
		c.other = true
	}
}

// appendLevels appends definition levels of width 1 as a bit-packed run: valid
// as it is.
func appendLevels(dst, valid []byte, rows int) []byte {
	dst = binary.AppendUvarint(dst, uint64(rows+7)/8<<1|1)
	return append(dst, valid...)
}

// endDictionary makes the dictionary page, n values in PLAIN encoding.
func (c *chunk) endDictionary(data []byte, n int) {
	c.scratch = grow(c.scratch[:0], s2.MaxEncodedLen(len(data)))
	body := s2.EncodeSnappy(c.scratch, data)
	t := compact{buf: c.dict[:0]}
	t.i32(1, pageDictionary)
	t.i32(2, int32(len(data)))
	t.i32(3, int32(len(body)))
	t.open(7)
	t.i32(1, int32(n))
	t.i32(2, encPlain)
	t.close()
	t.close()
	c.plain += int64(len(t.buf) + len(data))
	c.dict = append(t.buf, body...)
}

// reset makes the chunk empty for the next row group.
func (c *chunk) reset() {
	c.dict, c.pages, c.plain = c.dict[:0], c.pages[:0], 0
	c.rows, c.nulls = 0, 0
	c.packed, c.other = false, false
}

// width returns how many bits the indices into a dictionary of n values need,
// at least 1: some readers cannot do with none.
func width(n int) uint { return uint(max(1, bits.Len(uint(max(n, 1)-1)))) }
