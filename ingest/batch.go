package ingest

import "slices"

// batchRows is how many records are decoded at once: few enough that all that
// is known of them stays in the second-level cache.
const batchRows = 2048

// batch is some records of one part of a split, split into fields but not yet
// decoded. It is the same whatever the format was.
type batch struct {
	buf    []byte   // what the fields are in; at least 8 bytes before and pad behind
	cols   int      // fields per record
	n      int      // records
	size   int      // bytes that the records had
	pos    []uint64 // n*cols fields, record by record: offset, and end in the upper half
	lines  [batchRows]uint32
	quoted []uint32 // which elements of pos are "": empty, yet not null; ascending
}

// records splits a part into records.
type records interface {
	// fill splits the next records into b and reports whether there may be more
	// of them after that, if only in vain.
	fill(b *batch) (bool, error)
	text() *rowText
}

// rowText is the text of a part and how far it has been split.
type rowText struct {
	buf  []byte
	next int    // where the next record begins
	end  int    // behind the last line feed
	line uint32 // line number of next, from 1 in the part
	raw  []byte // the row that is reported
	// report tells of a row that is no record: its line, the field that is at
	// fault, negative for none, and that field's value.
	report func(line uint32, field int, value []byte, reason string)
}

func (t *rowText) text() *rowText { return t }

// start empties the batch for records of so many fields in buf.
func (b *batch) start(buf []byte, cols int) {
	b.buf, b.cols, b.n, b.quoted = buf, cols, 0, b.quoted[:0]
	if need := batchRows * cols; len(b.pos) < need {
		b.pos = make([]uint64, need)
	}
}

// dropQuoted forgets the elements of quoted from i on.
func (b *batch) dropQuoted(i int) {
	for n := len(b.quoted); n > 0 && int(b.quoted[n-1]) >= i; n-- {
		b.quoted = b.quoted[:n-1]
	}
}

// at returns where field f of record r lies in buf.
func (b *batch) at(r, f int) (start, end int) {
	p := b.pos[r*b.cols+f]
	return int(uint32(p)), int(p >> 32)
}

// isNull reports whether field f of record r, which is empty, is so without
// quotes.
func (b *batch) isNull(r, f int) bool {
	if len(b.quoted) == 0 {
		return true
	}
	_, found := slices.BinarySearch(b.quoted, uint32(r*b.cols+f))
	return !found
}
