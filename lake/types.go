package lake

import (
	"iter"
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow"

	"bespoke"
)

// Origin values: what the column [OriginColumn] of a row says about how the row
// came in. Tables are partitioned by it, so that a FULL import can replace the
// bulk rows and nothing else.
const (
	Bulk = "bulk" // an import job
	Put  = "put"  // an individual import
)

// The columns that every table has after those of its schema, in this order.
// None of them is part of what makes two rows the same.
const (
	OriginColumn = "_origin"
	// ArrivedColumn says when the row reached the service, in milliseconds since
	// 1970: the creation of its import job, or the call that brought it.
	ArrivedColumn = "_arrived"
	// SessionColumn is the session of an event that came in one by one, else null.
	// The user of an event without one is its session: where USER_ID and this
	// column are equal, the event is anonymous. It belongs to the user of the
	// newest row of the same session that is not; while there is none, no model
	// is trained with it.
	SessionColumn = "_session"
)

// File is a finished Parquet file below a table's data folder: written, synced
// and closed.
type File struct {
	Path  string // absolute
	Rows  int64
	Bytes int64
}

// Position is one row of a data file, counted from 0.
type Position struct {
	Path string
	Row  int64
}

// Bitmap marks rows of a batch by number, 64 to a word. Nil marks none.
type Bitmap []uint64

// Has reports whether row i is marked.
func (b Bitmap) Has(i int) bool { return i>>6 < len(b) && b[i>>6]>>(i&63)&1 != 0 }

// Set marks row i, which must be below 64 times the length.
func (b Bitmap) Set(i int) { b[i>>6] |= 1 << (i & 63) }

// Count returns how many rows are marked.
func (b Bitmap) Count() int {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// Batch is some rows of one data file, in the file's order. Record holds the rows
// [First, First+Record.NumRows()) and Dead marks those among them that have been
// deleted, counted from First; it is nil where none is. Record is released when
// the next batch is asked for: retain it to keep it.
type Batch struct {
	Path   string
	First  int64
	Record arrow.RecordBatch
	Dead   Bitmap
}

// Commit is what one import job, or a batch of records that came in one by one, does
// to a table.
type Commit struct {
	Job bespoke.ARN // "" with Through
	// Through is the number of the last record of the batch, 0 for a job. Records
	// are numbered in the order in which they came; a table that has this one
	// already is left as it is.
	Through uint64
	Mode    bespoke.ImportMode
	Origin  string // Bulk; rows of other origins are never touched
	Files   []File // new data files, all of them of Origin
	// Dead yields rows that must not be visible afterwards, in any order, each
	// once or more: rows of Files, and with INCREMENTAL also of the files that the
	// table has. Nil yields none.
	Dead iter.Seq[Position]
	// Base is the id of the snapshot that Dead was worked out from: an INCREMENTAL
	// commit is refused if rows of the origin have changed since. 0 is not checked.
	Base int64
	// Counts are kept in the snapshot's summary, with "bespoke." before the name.
	Counts map[string]string
}
