package parquet

import (
	"bytes"
	"encoding/binary"
)

// maxBound is how many bytes a bound of a string column may have; a column
// with a longer one has no bounds.
const maxBound = 256

// judgeAfter is after how many rows of a row group a dictionary must have
// proved itself: fewer than three values in five are new. Judged earlier, a
// column of evenly spread values would seem to have only new ones.
const judgeAfter = 1 << 18

// Strings is a column of UTF-8 strings. It begins with a dictionary; once that
// grows too large or repeats too little, pages hold the strings themselves,
// for the rest of the file.
type Strings struct {
	chunk
	dict    *Dict    // nil once given up
	given   *Dict    // given up in this row group: finished pages need it
	indices []uint32 // of the page under way
	plain   []byte   // likewise, the strings in PLAIN encoding
	low     []byte   // bounds of the plain pages of the row group
	high    []byte
	seen    bool
}

// Dict returns the dictionary to find indices for AppendIndices in, if it has
// room for n more strings of so many bytes in all. Otherwise it returns nil,
// now and ever after, and rows are to be added by AppendText.
func (c *Strings) Dict(n, size int) *Dict {
	if c.dict != nil && !c.dict.Room(n, size) {
		c.giveUp()
	}
	return c.dict
}

// giveUp ends the use of a dictionary.
func (c *Strings) giveUp() {
	d := c.dict
	if c.page.rows > 0 {
		c.flush(nil) // may give up by itself
	}
	c.given, c.dict = d, nil
}

// AppendIndices adds len(present) rows, those whose byte in present is 0 being
// null, the others having the next of the indices; without present, each of
// the indices is a row.
func (c *Strings) AppendIndices(indices []uint32, present []byte) {
	n := len(indices)
	if present != nil {
		n = len(present)
	}
	c.mark(n, present)
	c.indices = append(c.indices, indices...)
}

// AppendText adds text as a value. AppendRows must follow, before anything
// else happens to the column, and say which rows the values are.
func (c *Strings) AppendText(text []byte) {
	c.plain = binary.LittleEndian.AppendUint32(c.plain, uint32(len(text)))
	c.plain = append(c.plain, text...)
	switch {
	case !c.seen:
		c.low, c.high, c.seen = append(c.low[:0], text...), append(c.high[:0], text...), true
	case bytes.Compare(text, c.low) < 0:
		c.low = append(c.low[:0], text...)
	case bytes.Compare(text, c.high) > 0:
		c.high = append(c.high[:0], text...)
	}
}

// AppendRows adds n rows whose values AppendText has had, nulls being those
// whose byte in present is 0.
func (c *Strings) AppendRows(n int, present []byte) { c.mark(n, present) }

func (c *Strings) head() *chunk { return &c.chunk }

func (c *Strings) pageBytes() int { return 4*len(c.indices) + len(c.plain) }

func (c *Strings) flush(scratch []byte) []byte {
	if c.dict == nil {
		c.endPage(c.plain, encPlain, true)
		c.plain = c.plain[:0]
		return scratch
	}
	w := width(c.dict.Len())
	out := append(scratch[:0], byte(w))
	if c.dict.Len() <= 1 {
		out = repeatRun(out, 0, len(c.indices), w)
	} else {
		out = packRun(out, c.indices, w)
	}
	c.endPage(out, encDictionary, false)
	c.indices = c.indices[:0]
	if c.rows >= judgeAfter && c.dict.Len() > (c.rows-c.nulls)/5*3 {
		c.giveUp()
	}
	return out
}

// finish makes the dictionary page from the dictionary.
func (c *Strings) finish(scratch []byte) []byte {
	d := c.dict
	if d == nil {
		d = c.given
	}
	if d == nil || !c.packed {
		return scratch
	}
	out := scratch[:0]
	for k := range d.entries {
		out = binary.LittleEndian.AppendUint32(out, d.details[k].len)
		out = append(out, d.text(uint32(k))...)
	}
	c.endDictionary(out, d.Len())
	return out
}

func (c *Strings) bounds() (low, high []byte, ok bool) {
	low, high, ok = c.low, c.high, c.seen
	for _, d := range []*Dict{c.dict, c.given} {
		if d == nil {
			continue
		}
		for k := range d.entries {
			t := d.text(uint32(k))
			if !ok {
				low, high, ok = t, t, true
			}
			if bytes.Compare(t, low) < 0 {
				low = t
			}
			if bytes.Compare(t, high) > 0 {
				high = t
			}
		}
	}
	return low, high, ok && len(low) <= maxBound && len(high) <= maxBound
}

func (c *Strings) reset() {
	c.chunk.reset()
	if c.given != nil {
		c.given.pool.give(c.given)
	}
	c.seen, c.given = false, nil
	if c.dict != nil {
		c.dict.reset()
	}
}
