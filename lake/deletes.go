package lake

import (
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/apache/iceberg-go"
)

// deletions are rows by data file. Compressed: dense runs take about a bit a row,
// scattered ones two bytes.
type deletions map[string]*roaring.Bitmap

func (d deletions) rows() (n int64) {
	for _, b := range d {
		n += int64(b.GetCardinality())
	}
	return n
}

// collect gathers positions. rows says how many rows each file has that they may
// be in.
func collect(positions iter.Seq[Position], rows map[string]int64) (deletions, error) {
	d := deletions{}
	if positions == nil {
		return d, nil
	}
	var path string
	var in *roaring.Bitmap
	for p := range positions {
		if in == nil || p.Path != path {
			path, in = p.Path, d[p.Path]
			if in == nil {
				if _, ok := rows[path]; !ok {
					return nil, fmt.Errorf("deleted row %d is of file %s, which is not one that this commit may change", p.Row, path)
				}
				in = roaring.New()
				d[path] = in
			}
		}
		if p.Row < 0 || p.Row >= rows[path] || p.Row > math.MaxUint32 {
			return nil, fmt.Errorf("deleted row %d of file %s: the file has rows 0 to %d", p.Row, path, rows[path]-1)
		}
		in.Add(uint32(p.Row))
	}
	return d, nil
}

// Field ids of position-delete files, by the Iceberg specification.
const (
	deletePathID = "2147483546"
	deletePosID  = "2147483545"
)

var deleteSchema = arrow.NewSchema([]arrow.Field{
	{Name: "file_path", Type: arrow.BinaryTypes.String, Metadata: arrow.NewMetadata([]string{fieldIDKey}, []string{deletePathID})},
	{Name: "pos", Type: arrow.PrimitiveTypes.Int64, Metadata: arrow.NewMetadata([]string{fieldIDKey}, []string{deletePosID})},
}, nil)

// batchRows is how many rows are read or written at a time.
const batchRows = 32 << 10

// writeDeletes writes a position-delete file: sorted by path, then by row.
func writeDeletes(w io.Writer, d deletions) error {
	props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd),
		parquet.WithDictionaryFor("pos", false), parquet.WithEncodingFor("pos", parquet.Encodings.DeltaBinaryPacked))
	fw, err := pqarrow.NewFileWriter(deleteSchema, struct{ io.Writer }{w}, props, pqarrow.DefaultWriterProps())
	if err != nil {
		return err
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, deleteSchema)
	defer b.Release()
	paths, rows := b.Field(0).(*array.StringBuilder), b.Field(1).(*array.Int64Builder)
	flush := func() error {
		rec := b.NewRecordBatch()
		defer rec.Release()
		return fw.WriteBuffered(rec)
	}
	for _, path := range slices.Sorted(maps.Keys(d)) {
		for it := d[path].Iterator(); it.HasNext(); {
			paths.Append(path)
			rows.Append(int64(it.Next()))
			if rows.Len() == batchRows {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	if rows.Len() > 0 {
		if err := flush(); err != nil {
			return err
		}
	}
	return fw.Close()
}

// gone returns the deleted rows of files of an origin, "" for all. They are read once.
func (s *Snapshot) gone(ctx context.Context, origin string) (d deletions, err error) {
	if origin != "" && origin != Bulk && origin != Put {
		return nil, fmt.Errorf("there is no origin %q: use %q, %q or nothing", origin, Bulk, Put)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if d = s.dead[origin]; d == nil {
		if d, err = s.deletions(ctx, origin, nil); err == nil {
			s.dead[origin] = d
		}
	}
	return d, err
}

// deletions reads the deleted rows of files of an origin, "" for all; of the files
// in only, where that is not nil.
func (s *Snapshot) deletions(ctx context.Context, origin string, only map[string]int64) (deletions, error) {
	f, err := s.files()
	if err != nil {
		return nil, err
	}
	d := deletions{}
	for _, e := range f.deletes {
		if origin != "" && e.origin != origin {
			continue
		}
		if err := s.readDeletes(ctx, e, only, d); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// readDeletes adds what one position-delete file has.
func (s *Snapshot) readDeletes(ctx context.Context, e entry, only map[string]int64, into deletions) error {
	file := e.DataFile()
	if file.ContentType() != iceberg.EntryContentPosDeletes || file.FileFormat() != iceberg.ParquetFile {
		return fmt.Errorf("lake: table %s: delete file %s is of a kind that is not read here (%s, %s): compact the table with the engine that wrote it", s.table.id, file.FilePath(), file.ContentType(), file.FileFormat())
	}
	if err := readDeletes(ctx, file.FilePath(), only, into); err != nil {
		return fmt.Errorf("lake: table %s: %w", s.table.id, err)
	}
	return nil
}

func readDeletes(ctx context.Context, path string, only map[string]int64, into deletions) error {
	ids := []int{2147483546, 2147483545}
	fields := deleteSchema.Fields()
	var last string
	var in *roaring.Bitmap
	for b, err := range readFile(ctx, path, ids, fields) {
		if err != nil {
			return err
		}
		paths, rows := b.Record.Column(0).(*array.String), b.Record.Column(1).(*array.Int64)
		for i := range rows.Len() {
			if p := paths.Value(i); p != last || last == "" {
				last, in = p, nil
				if _, wanted := only[p]; wanted || only == nil {
					last = string([]byte(p)) // the batch's memory does not outlive it
					if in = into[last]; in == nil {
						in = roaring.New()
						into[last] = in
					}
				}
			}
			if in != nil {
				in.Add(uint32(rows.Value(i)))
			}
		}
	}
	return nil
}
