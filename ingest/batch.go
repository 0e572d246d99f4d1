package ingest

import "slices"

// batchRows is how many records are decoded at once: few enough that all that
// is known of them stays in the second-level cache.
const batchRows = 2048

// batch is some records of one part of a split, split into fields but not yet
// decoded.
type batch struct {
	buf    []byte   // what the fields are in; at least 8 bytes before and pad behind
	cols   int      // fields per record
	n      int      // records
	size   int      // bytes that the records had
	pos    []uint64 // n*cols fields, record by record: offset, and end in the upper half
	lines  [batchRows]uint32
	quoted []uint32 // which elements of pos are "": empty, yet not null; ascending
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
