package lake

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"bespoke/parquet"
)

// Group is a row group of a data file: some hundred thousand rows that can be read
// by themselves. It is readable while its snapshot is held. Safe for concurrent use.
type Group struct {
	Path  string
	First int64 // row of the file
	Rows  int
	Dead  Bitmap // rows that are deleted, counted from First; nil where none is

	number int // in the file
	fields []arrow.Field
	leaves []int // of each field, in the file; -1 where it lacks it
	md     *metadata.FileMetaData
}

// Groups returns the row groups of an origin, "" for all, in the order in which Scan
// reads them, to be read with these columns: strings, integers, and floats, to which doubles are cut.
func (s *Snapshot) Groups(ctx context.Context, columns []string, origin string) ([]Group, error) {
	groups, err := s.groups(ctx, columns, origin)
	if err != nil {
		return nil, fmt.Errorf("lake: table %s: %w", s.table.id, err)
	}
	return groups, nil
}

func (s *Snapshot) groups(ctx context.Context, columns []string, origin string) (groups []Group, err error) {
	f, err := s.files()
	if err != nil {
		return nil, err
	}
	gone, err := s.gone(ctx, origin)
	if err != nil {
		return nil, err
	}
	ids, fields, err := s.project(columns)
	if err != nil {
		return nil, err
	}
	for _, e := range f.data {
		if origin != "" && e.origin != origin {
			continue
		}
		path := e.DataFile().FilePath()
		r, err := openParquet(path)
		if err != nil {
			return nil, fmt.Errorf("file %s: %w", path, err)
		}
		md := r.MetaData()
		if err := r.Close(); err != nil {
			return nil, err
		}
		leaves := make([]int, len(ids))
		for i, id := range ids {
			leaves[i] = -1
			for c := range md.Schema.NumColumns() {
				if int(md.Schema.Column(c).SchemaNode().FieldID()) == id {
					leaves[i] = c
				}
			}
		}
		first := int64(0)
		for g := range md.NumRowGroups() {
			n := md.RowGroup(g).NumRows()
			groups = append(groups, Group{
				Path: path, First: first, Rows: int(n), Dead: marks(gone[path], first, n),
				number: g, fields: fields, leaves: leaves, md: md,
			})
			first += n
		}
	}
	return groups, nil
}

// Read decodes the columns. A column that the file is too old to have is null in
// every row. Row groups that other engines wrote are read too, less fast.
func (g *Group) Read(ctx context.Context) ([]*parquet.Chunk, error) {
	f, err := os.Open(g.Path)
	if err != nil {
		return nil, fmt.Errorf("lake: %w", err)
	}
	defer f.Close()
	var out []*parquet.Chunk
	for i, field := range g.fields {
		c, err := g.column(f, i)
		if errors.Is(err, parquet.ErrForeign) {
			c, err = g.foreign(ctx, i)
		}
		if err != nil {
			return nil, fmt.Errorf("lake: file %s: row group %d: column %s: %w", g.Path, g.number, field.Name, err)
		}
		out = append(out, c)
	}
	return out, nil
}

func (g *Group) column(f *os.File, i int) (*parquet.Chunk, error) {
	id := g.fields[i].Type.ID()
	kind, ok := map[arrow.Type]parquet.Kind{
		arrow.STRING: parquet.String, arrow.INT64: parquet.Int64, arrow.INT32: parquet.Int64, arrow.FLOAT32: parquet.Float32, arrow.FLOAT64: parquet.Float32,
	}[id]
	if !ok {
		return nil, fmt.Errorf("row groups are not read as %s", g.fields[i].Type)
	}
	if g.leaves[i] < 0 {
		return absent(kind, g.Rows), nil
	}
	if id == arrow.INT32 || id == arrow.FLOAT64 {
		return nil, parquet.ErrForeign // rare: the general reader will do
	}
	col := g.md.Schema.Column(g.leaves[i])
	md, err := g.md.RowGroup(g.number).ColumnChunk(g.leaves[i])
	if err != nil {
		return nil, err
	}
	codec := md.Compression()
	if codec != compress.Codecs.Snappy && codec != compress.Codecs.Uncompressed || col.MaxRepetitionLevel() > 0 || col.MaxDefinitionLevel() > 1 {
		return nil, parquet.ErrForeign
	}
	from := md.DataPageOffset()
	if md.HasDictionaryPage() && md.DictionaryPageOffset() > 0 {
		from = min(from, md.DictionaryPageOffset())
	}
	raw := make([]byte, md.TotalCompressedSize())
	if _, err := f.ReadAt(raw, from); err != nil {
		return nil, err
	}
	return parquet.Decode(raw, parquet.Shape{
		Kind: kind, Optional: col.MaxDefinitionLevel() == 1, Rows: g.Rows, Snappy: codec == compress.Codecs.Snappy,
	})
}

// absent returns a column of nulls.
func absent(kind parquet.Kind, rows int) *parquet.Chunk {
	c := &parquet.Chunk{Null: make([]bool, rows)}
	for i := range c.Null {
		c.Null[i] = true
	}
	switch kind {
	case parquet.String:
		c.Indices = make([]uint32, rows)
		for i := range c.Indices {
			c.Indices[i] = parquet.NoValue
		}
	case parquet.Int64:
		c.Ints = make([]int64, rows)
	default:
		c.Floats = make([]float32, rows)
	}
	return c
}

// foreign reads a column with the general reader.
func (g *Group) foreign(ctx context.Context, i int) (_ *parquet.Chunk, err error) {
	r, err := openParquet(g.Path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	pr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{BatchSize: batchRows}, memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	rr, err := pr.GetRecordReader(ctx, []int{g.leaves[i]}, []int{g.number})
	if err != nil {
		return nil, err
	}
	defer rr.Release()
	out := &parquet.Chunk{}
	for rr.Next() {
		a, err := as(rr.RecordBatch().Column(0), g.fields[i].Type)
		if err != nil {
			return nil, err
		}
		addArray(out, a)
		a.Release()
	}
	if err := rr.Err(); err != nil {
		return nil, err
	}
	if n := max(len(out.Indices), len(out.Ints), len(out.Floats)); n != g.Rows {
		return nil, fmt.Errorf("%d rows of %d", n, g.Rows)
	}
	return out, nil
}

func addArray(c *parquet.Chunk, a arrow.Array) {
	for i := range a.Len() {
		null := a.IsNull(i)
		c.Null = append(c.Null, null)
		switch a := a.(type) {
		case *array.String:
			if null {
				c.Indices = append(c.Indices, parquet.NoValue)
				continue
			}
			c.Indices = append(c.Indices, uint32(c.Words.Len()))
			c.Words.Text = append(c.Words.Text, a.Value(i)...)
			c.Words.End = append(c.Words.End, uint32(len(c.Words.Text)))
		case *array.Int64:
			c.Ints = append(c.Ints, valued(null, a.Value(i)))
		case *array.Int32:
			c.Ints = append(c.Ints, int64(valued(null, a.Value(i))))
		case *array.Float32:
			c.Floats = append(c.Floats, valued(null, a.Value(i)))
		case *array.Float64:
			c.Floats = append(c.Floats, float32(valued(null, a.Value(i))))
		}
	}
}

// valued returns v, or 0 for null.
func valued[T int32 | int64 | float32 | float64](null bool, v T) T {
	if null {
		return 0
	}
	return v
}
