package lake

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// Scan reads the table's newest state; see [Snapshot.Scan].
func (t *Table) Scan(ctx context.Context, columns []string, origin string) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		s, release, err := t.Hold(ctx)
		if err != nil {
			yield(Batch{}, err)
			return
		}
		defer release()
		s.Scan(ctx, columns, origin)(yield)
	}
}

// Scan reads the rows of an origin, "" for all, file by file in the order in which
// the files came. Columns are named as in the table and stand in the records in the
// order given, nil for all; a column that a file is too old to have is null. Deleted
// rows are in the batches, marked as such, so that positions can be told. Memory is
// bounded by one batch and the pages it is read from, and by the bitmap of deleted
// rows. The scan ends with the first error. It holds the snapshot while it reads.
func (s *Snapshot) Scan(ctx context.Context, columns []string, origin string) iter.Seq2[Batch, error] {
	return s.scan(ctx, columns, origin, func(entry) bool { return true })
}

// ScanAdded is [Snapshot.Scan] for the files that the snapshot's commit has added.
func (s *Snapshot) ScanAdded(ctx context.Context, columns []string) iter.Seq2[Batch, error] {
	return s.scan(ctx, columns, "", func(e entry) bool { return e.SnapshotID() == s.ID })
}

func (s *Snapshot) scan(ctx context.Context, columns []string, origin string, wanted func(entry) bool) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		fail := func(err error) { yield(Batch{}, fmt.Errorf("lake: scan of table %s: %w", s.table.id, err)) }
		release, err := s.Hold(ctx)
		if err != nil {
			fail(err)
			return
		}
		defer release()
		f, err := s.files()
		if err != nil {
			fail(err)
			return
		}
		gone, err := s.gone(ctx, origin)
		if err != nil {
			fail(err)
			return
		}
		for _, e := range f.data {
			if origin != "" && e.origin != origin || !wanted(e) {
				continue
			}
			for b, err := range s.read(ctx, e, columns, gone) {
				if err != nil {
					fail(err)
					return
				}
				if !yield(b, nil) {
					return
				}
			}
		}
	}
}

// read reads columns of one file, nil for all, with the rows in gone marked as
// dead.
func (s *Snapshot) read(ctx context.Context, e entry, columns []string, gone deletions) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		ids, fields, err := s.project(columns)
		if err != nil {
			yield(Batch{}, err)
			return
		}
		path := e.DataFile().FilePath()
		for b, err := range readFile(ctx, path, ids, fields) {
			if err == nil {
				b.Dead = marks(gone[path], b.First, b.Record.NumRows())
			}
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// project returns the field ids and Arrow fields of columns.
func (s *Snapshot) project(columns []string) (ids []int, fields []arrow.Field, err error) {
	all, err := arrowSchema(s.meta.CurrentSchema())
	if err != nil {
		return nil, nil, err
	}
	if columns == nil {
		for _, f := range all.Fields() {
			columns = append(columns, f.Name)
		}
	}
	for _, name := range columns {
		i := all.FieldIndices(name)
		if len(i) != 1 {
			return nil, nil, fmt.Errorf("the table has no column %s", name)
		}
		f := all.Field(i[0])
		v, _ := f.Metadata.GetValue(fieldIDKey)
		id, err := strconv.Atoi(v)
		if err != nil {
			return nil, nil, err
		}
		ids, fields = append(ids, id), append(fields, f)
	}
	return ids, fields, nil
}

// marks returns which of the rows [first, first+n) are in gone, nil for none.
func marks(gone *roaring.Bitmap, first, n int64) Bitmap {
	if gone == nil {
		return nil
	}
	var m Bitmap
	it := gone.Iterator()
	it.AdvanceIfNeeded(uint32(first))
	for it.HasNext() {
		i := int64(it.Next()) - first
		if i >= n {
			break
		}
		if m == nil {
			m = make(Bitmap, (n+63)/64)
		}
		m.Set(int(i))
	}
	return m
}

// readFile reads columns of a Parquet file by their field ids, as fields.
func readFile(ctx context.Context, path string, ids []int, fields []arrow.Field) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		if err := readGroups(ctx, path, ids, fields, yield); err != nil && !errors.Is(err, errStopped) {
			yield(Batch{}, fmt.Errorf("file %s: %w", path, err))
		}
	}
}

var errStopped = errors.New("the reader has stopped")

func openParquet(path string) (*file.Reader, error) {
	props := parquet.NewReaderProperties(memory.DefaultAllocator)
	props.BufferedStreamEnabled = true
	props.BufferSize = 128 << 10
	return file.OpenParquetFile(path, false, file.WithReadProps(props))
}

func readGroups(ctx context.Context, path string, ids []int, fields []arrow.Field, yield func(Batch, error) bool) (err error) {
	r, err := openParquet(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	leaves, names := make([]int, 0, len(ids)), make([]string, len(ids))
	sc := r.MetaData().Schema
	for i, id := range ids {
		for c := range sc.NumColumns() {
			if int(sc.Column(c).SchemaNode().FieldID()) == id {
				leaves = append(leaves, c)
				names[i] = sc.Column(c).Name()
			}
		}
	}
	pr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{BatchSize: batchOf(r.MetaData(), leaves)}, memory.DefaultAllocator)
	if err != nil {
		return err
	}
	out := arrow.NewSchema(fields, nil)
	first := int64(0)
	for g := range r.NumRowGroups() {
		n := r.MetaData().RowGroup(g).NumRows()
		if len(leaves) == 0 {
			for off := int64(0); off < n; off += batchRows {
				if err := emit(path, first+off, min(batchRows, n-off), nil, names, out, yield); err != nil {
					return err
				}
			}
			first += n
			continue
		}
		if first, err = readGroup(ctx, pr, g, leaves, path, first, names, out, yield); err != nil {
			return err
		}
	}
	return nil
}

// batchOf returns how many rows of a file to read at a time: batchRows, fewer where
// they are so wide that a batch would have many MiB.
func batchOf(md *metadata.FileMetaData, leaves []int) int64 {
	size := int64(0)
	for g := range md.NumRowGroups() {
		for _, c := range leaves {
			if chunk, err := md.RowGroup(g).ColumnChunk(c); err == nil {
				size += chunk.TotalUncompressedSize()
			}
		}
	}
	return max(64, min(batchRows, (16<<20)*md.NumRows/max(1, size)))
}

func readGroup(ctx context.Context, pr *pqarrow.FileReader, g int, leaves []int, path string, first int64, names []string, out *arrow.Schema, yield func(Batch, error) bool) (int64, error) {
	rr, err := pr.GetRecordReader(ctx, leaves, []int{g})
	if err != nil {
		return 0, err
	}
	defer rr.Release()
	for rr.Next() {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		rec := rr.RecordBatch()
		if err := emit(path, first, rec.NumRows(), rec, names, out, yield); err != nil {
			return 0, err
		}
		first += rec.NumRows()
	}
	return first, rr.Err()
}

// emit yields n rows as a record of schema out. names says what the columns are
// called in the file, "" for those that it lacks.
func emit(path string, first, n int64, rec arrow.RecordBatch, names []string, out *arrow.Schema, yield func(Batch, error) bool) error {
	cols := make([]arrow.Array, len(names))
	defer func() {
		for _, c := range cols {
			if c != nil {
				c.Release()
			}
		}
	}()
	for i, name := range names {
		want := out.Field(i)
		if name == "" {
			if !want.Nullable {
				return fmt.Errorf("it lacks column %s, which may not be null", want.Name)
			}
			cols[i] = array.MakeArrayOfNull(memory.DefaultAllocator, want.Type, int(n))
			continue
		}
		got := rec.Column(rec.Schema().FieldIndices(name)[0])
		c, err := as(got, want.Type)
		if err != nil {
			return fmt.Errorf("column %s: %w", want.Name, err)
		}
		cols[i] = c
	}
	b := array.NewRecordBatch(out, cols, n)
	defer b.Release()
	if !yield(Batch{Path: path, First: first, Record: b}, nil) {
		return errStopped
	}
	return nil
}

// as returns an array of type want with the values of a, which the caller
// releases. Files may say that strings are to be read as dictionaries.
func as(a arrow.Array, want arrow.DataType) (arrow.Array, error) {
	if arrow.TypeEqual(a.DataType(), want) {
		a.Retain()
		return a, nil
	}
	d, ok := a.(*array.Dictionary)
	if !ok || !arrow.TypeEqual(d.Dictionary().DataType(), arrow.BinaryTypes.String) || !arrow.TypeEqual(want, arrow.BinaryTypes.String) {
		return nil, fmt.Errorf("it is of type %s in the file and %s in the table", a.DataType(), want)
	}
	words := d.Dictionary().(*array.String)
	b := array.NewStringBuilder(memory.DefaultAllocator)
	defer b.Release()
	b.Reserve(d.Len())
	for i := range d.Len() {
		if d.IsNull(i) {
			b.AppendNull()
		} else {
			b.Append(words.Value(d.GetValueIndex(i)))
		}
	}
	return b.NewArray(), nil
}
