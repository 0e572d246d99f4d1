package lake

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/google/uuid"

	"bespoke/parquet"
)

const (
	// fileBytes is the size at which a data file ends.
	fileBytes = 256 << 20
	// dictBytes is what the dictionaries of a Writer may take.
	dictBytes = 16 << 20
	// pieceRows is how many rows a Writer handles at once.
	pieceRows = 2048
)

// Writer writes rows into data files of a table, as an import does: string
// columns get dictionaries where values repeat, and a file ends at 256 MiB.
// Nothing of it is visible before the files are committed. It holds at most some
// 100 MiB, however many rows there are. Not safe for concurrent use.
type Writer struct {
	table  *Table
	dir    string
	name   string // what the names of files begin with
	out    *parquet.Writer
	cols   []rowColumn // but for the origin
	origin *parquet.Constant
	path   string // of the file under way, "" without
	files  []File
	live   []int32
}

// NewWriter returns a Writer of rows of an origin, Bulk or Put, into files in dir,
// a folder from NewDataDir. A file is made when the first row comes.
func (t *Table) NewWriter(dir, origin string) (*Writer, error) {
	if origin != Bulk && origin != Put {
		return nil, fmt.Errorf("lake: writer: origin %q is neither %q nor %q", origin, Bulk, Put)
	}
	if !within(t.DataDir(), dir) {
		return nil, fmt.Errorf("lake: writer: %s is not below %s", dir, t.DataDir())
	}
	return t.newWriter(dir, t.arrow, origin)
}

// newWriter returns a Writer of rows with the columns of sc.
func (t *Table) newWriter(dir string, sc *arrow.Schema, origin string) (*Writer, error) {
	fields, err := fileFields(sc, origin)
	if err != nil {
		return nil, fmt.Errorf("lake: writer: table %s: %w", t.id, err)
	}
	w := &Writer{
		table: t, dir: dir, out: parquet.NewWriter(fields, dictBytes),
		name: strings.ReplaceAll(uuid.NewString(), "-", "")[:16],
	}
	seeds := parquet.NewSeeds()
	for i, f := range fields {
		switch c := w.out.Column(i).(type) {
		case *parquet.Constant:
			w.origin = c
		case *parquet.Strings:
			w.cols = append(w.cols, &stringRows{name: f.Name, out: c, seeds: seeds})
		case *parquet.Numbers[int32]:
			w.cols = append(w.cols, &numberRows[int32]{name: f.Name, out: c})
		case *parquet.Numbers[int64]:
			w.cols = append(w.cols, &numberRows[int64]{name: f.Name, out: c})
		case *parquet.Numbers[float32]:
			w.cols = append(w.cols, &numberRows[float32]{name: f.Name, out: c})
		case *parquet.Numbers[float64]:
			w.cols = append(w.cols, &numberRows[float64]{name: f.Name, out: c})
		case *parquet.Bools:
			w.cols = append(w.cols, &boolRows{name: f.Name, out: c})
		}
	}
	return w, nil
}

// fileFields returns the columns of a table's data files, the origin constant.
func fileFields(sc *arrow.Schema, origin string) ([]parquet.Field, error) {
	kinds := map[arrow.Type]parquet.Kind{
		arrow.STRING: parquet.String, arrow.INT32: parquet.Int32, arrow.INT64: parquet.Int64,
		arrow.FLOAT32: parquet.Float32, arrow.FLOAT64: parquet.Float64, arrow.BOOL: parquet.Bool,
	}
	var fields []parquet.Field
	for _, f := range sc.Fields() {
		text, _ := f.Metadata.GetValue(fieldIDKey)
		id, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("column %s: field id: %w", f.Name, err)
		}
		kind, ok := kinds[f.Type.ID()]
		if !ok {
			return nil, fmt.Errorf("column %s: data files hold no %s", f.Name, f.Type)
		}
		field := parquet.Field{Name: f.Name, ID: int32(id), Kind: kind, Optional: f.Nullable}
		if f.Name == OriginColumn {
			field.Optional, field.Constant = false, origin
		}
		fields = append(fields, field)
	}
	return fields, nil
}

// Append adds the rows of rec that are not dead. Its columns are found by name; one
// that is absent is null in every row, and [OriginColumn] is not looked at. After
// an error, which names the column and the row of rec, only Abort makes sense.
func (w *Writer) Append(rec arrow.RecordBatch, dead Bitmap) error {
	for _, c := range w.cols {
		if err := c.take(rec); err != nil {
			return fmt.Errorf("lake: writer: table %s: %w", w.table.id, err)
		}
	}
	n, piece := int(rec.NumRows()), piece(rec)
	for at := 0; at < n; at += piece {
		w.live = w.live[:0]
		for i := at; i < min(at+piece, n); i++ {
			if !dead.Has(i) {
				w.live = append(w.live, int32(i))
			}
		}
		if len(w.live) == 0 {
			continue
		}
		if err := w.rows(w.live); err != nil {
			return err
		}
	}
	return nil
}

// piece returns how many rows of a record are to be added at once: pieceRows, fewer
// where they are so wide that the piece would have some MiB.
func piece(rec arrow.RecordBatch) int {
	size := 0
	for _, c := range rec.Columns() {
		if s, ok := c.(*array.String); ok {
			size += len(s.ValueBytes())
		}
	}
	return max(1, min(pieceRows, (4<<20)*int(rec.NumRows())/max(size, 1)))
}

// rows adds these rows of the record that the columns have taken.
func (w *Writer) rows(live []int32) error {
	if w.path == "" {
		path := filepath.Join(w.dir, fmt.Sprintf("%s-%05d.parquet", w.name, len(w.files)))
		if err := w.out.Create(path); err != nil {
			return fmt.Errorf("lake: writer: %w", err)
		}
		w.path = path
	}
	for _, c := range w.cols {
		if err := c.append(live); err != nil {
			return fmt.Errorf("lake: writer: table %s: %w", w.table.id, err)
		}
	}
	w.origin.Append(len(live))
	if err := w.out.EndRows(len(live)); err != nil {
		return fmt.Errorf("lake: writer: %w", err)
	}
	if w.out.Bytes() >= fileBytes {
		return w.endFile()
	}
	return nil
}

// endFile ends the file under way and syncs it.
func (w *Writer) endFile() error {
	rows := w.out.Rows()
	f, err := w.out.Finish()
	if err != nil {
		return fmt.Errorf("lake: writer: %w", err)
	}
	file := File{Path: w.path, Rows: rows, Bytes: w.out.Bytes()}
	w.files, w.path = append(w.files, file), ""
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("lake: writer: %w", err)
	}
	return nil
}

// Close ends the last file and returns all files, synced with their folder, none if
// there were no rows. After an error the files are gone.
func (w *Writer) Close() (_ []File, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Abort())
		}
	}()
	if w.path != "" {
		if err := w.endFile(); err != nil {
			return nil, err
		}
	}
	if len(w.files) > 0 {
		if err := syncPath(w.dir); err != nil {
			return nil, fmt.Errorf("lake: writer: %w", err)
		}
	}
	files := w.files
	w.files = nil
	return files, nil
}

// Abort removes what was written. After Close it does nothing.
func (w *Writer) Abort() error {
	errs := []error{w.out.Abort()}
	if w.path != "" {
		errs = append(errs, os.Remove(w.path))
	}
	for _, f := range w.files {
		errs = append(errs, os.Remove(f.Path))
	}
	w.files, w.path = nil, ""
	return errors.Join(errs...)
}
