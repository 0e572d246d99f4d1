package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

// Kind is what a column holds.
type Kind uint8

// The kinds of column.
const (
	String Kind = iota
	Int32
	Int64
	Float32
	Float64
	Bool
)

// Field describes one column of a file.
type Field struct {
	Name     string
	ID       int32 // the field id that table formats go by
	Kind     Kind
	Optional bool
	Plain    bool   // a String column that never tries a dictionary
	Constant string // unless "", a String column with this value in every row
}

// A row group ends when it has this many rows or its encoded pages this many
// bytes; a page likewise. A page has at least the rows of one Append.
const (
	groupRows  = 1 << 20
	groupBytes = 24 << 20
	pageRows   = 1 << 15
	pageBytes  = 1 << 20
)

// column is what Writer needs of a column.
type column interface {
	head() *chunk
	pageBytes() int                      // size of the page under way
	flush(scratch []byte) []byte         // ends that page; the scratch may have grown
	finish(scratch []byte) []byte        // after the last page: the dictionary
	bounds() (low, high []byte, ok bool) // of all values of the row group
	reset()                              // begin a row group
}

// Writer writes one Parquet file: rows are appended to its columns, the same
// number to each, then EndRows is called. Not safe for concurrent use.
type Writer struct {
	file    *os.File
	fields  []Field
	columns []column
	scratch []byte
	rows    int64 // in finished row groups
	open    int   // in the row group under way
	bytes   int64 // written
	groups  []group
}

// group is what the footer says of one row group.
type group struct {
	rows, plain, stored int64
	offset              int64
	columns             []byte // the encoded list of column chunks
}

// NewWriter returns a writer without a file: Create gives it one. Dictionaries
// of all columns together take at most dictBytes, and one of several at most three
// fifths of that: a column of IDs mostly needs more than the others.
func NewWriter(fields []Field, dictBytes int) *Writer {
	w := &Writer{fields: fields}
	texts := 0
	for _, f := range fields {
		if f.Kind == String && !f.Plain && f.Constant == "" {
			texts++
		}
	}
	all, one := &pool{free: dictBytes}, dictBytes
	if texts > 1 {
		one = dictBytes / 5 * 3
	}
	for _, f := range fields {
		h := chunk{field: f}
		switch f.Kind {
		case Int32:
			w.columns = append(w.columns, &Numbers[int32]{chunk: h})
		case Int64:
			w.columns = append(w.columns, &Numbers[int64]{chunk: h})
		case Float32:
			w.columns = append(w.columns, &Numbers[float32]{chunk: h})
		case Float64:
			w.columns = append(w.columns, &Numbers[float64]{chunk: h})
		case Bool:
			w.columns = append(w.columns, &Bools{chunk: h})
		case String:
			if f.Constant != "" {
				w.columns = append(w.columns, &Constant{chunk: h})
				continue
			}
			s := &Strings{chunk: h}
			if !f.Plain {
				s.dict = newDict(one)
				s.dict.pool = all
			}
			w.columns = append(w.columns, s)
		}
	}
	return w
}

// Column returns column i: *Numbers[int32], *Numbers[int64], *Numbers[float32],
// *Numbers[float64], *Bools, *Strings or *Constant, as its Field says.
func (w *Writer) Column(i int) any { return w.columns[i] }

// magic begins and ends a Parquet file.
const magic = "PAR1"

// Create begins the file path, which must not exist.
func (w *Writer) Create(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("create data file: %w", err)
	}
	w.file, w.rows, w.open, w.bytes, w.groups = f, 0, 0, 0, w.groups[:0]
	return w.write([]byte(magic))
}

func (w *Writer) write(b []byte) error {
	n, err := w.file.Write(b)
	w.bytes += int64(n)
	if err != nil {
		return fmt.Errorf("write data file: %w", err) // names the path
	}
	return nil
}

// Rows returns how many rows the file has.
func (w *Writer) Rows() int64 { return w.rows + int64(w.open) }

// Bytes returns the size of what is in the file and of what waits in memory to
// be put there.
func (w *Writer) Bytes() int64 { return w.bytes + int64(w.pending()) }

func (w *Writer) pending() int {
	n := 0
	for _, c := range w.columns {
		n += len(c.head().pages) + c.pageBytes()
	}
	return n
}

// EndRows says that n rows were appended to each column.
func (w *Writer) EndRows(n int) error {
	w.open += n
	for _, c := range w.columns {
		if c.head().page.rows >= pageRows || c.pageBytes() >= pageBytes {
			w.scratch = c.flush(w.scratch)
		}
	}
	if w.open >= groupRows || w.pending() >= groupBytes {
		return w.endGroup()
	}
	return nil
}

// endGroup ends the row group under way and writes it.
func (w *Writer) endGroup() error {
	g := group{rows: int64(w.open), offset: w.bytes}
	meta := compact{}
	for _, c := range w.columns {
		h := c.head()
		if h.page.rows > 0 {
			w.scratch = c.flush(w.scratch)
		}
		if h.rows != w.open {
			panic(fmt.Sprintf("parquet: column %s has %d rows of %d", h.field.Name, h.rows, w.open))
		}
		w.scratch = c.finish(w.scratch)
		low, high, ok := c.bounds()
		if !ok {
			low, high = nil, nil
		}
		appendChunk(&meta, h, w.bytes, low, high)
		g.plain += h.plain
		if err := w.write(h.dict); err != nil {
			return err
		}
		if err := w.write(h.pages); err != nil {
			return err
		}
		c.reset()
	}
	g.stored = w.bytes - g.offset
	g.columns = meta.buf
	w.groups = append(w.groups, g)
	w.rows += int64(w.open)
	w.open = 0
	return nil
}

// Finish ends the file: it writes the footer and returns the file, to be
// synced and closed. The writer can then Create another.
func (w *Writer) Finish() (*os.File, error) {
	if w.open > 0 {
		if err := w.endGroup(); err != nil {
			return nil, err
		}
	}
	footer := appendFooter(nil, w.fields, w.groups, w.rows)
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	if err := w.write(append(footer, magic...)); err != nil {
		return nil, err
	}
	f := w.file
	w.file = nil
	return f, nil
}

// Abort closes the file, if there is one under way. It does not remove it.
func (w *Writer) Abort() error {
	if w.file == nil {
		return nil
	}
	err := w.file.Close()
	w.file = nil
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
