package ingest

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/apache/arrow-go/v18/arrow/memory"
	arrowparquet "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"bespoke"
	"bespoke/schema"
)

// What a Parquet file may ask of memory, for each that is read at a time.
const (
	maxFooter     = 16 << 20
	maxPages      = 96 << 20 // all pages of a row group that are in memory
	maxPage       = 64 << 20
	columnBuffers = 8 << 20 // what is read at once of all columns together
)

// parquetFile is a Parquet object whose footer has been read. It does not
// change and may be read by several workers.
type parquetFile struct {
	object   bespoke.Object
	source   Source
	data     []byte // the whole object, nil where it is read by ranges
	metadata *metadata.FileMetaData
	leaves   []leaf // by column of the schema
	layout   *layout
}

// rowGroup are n rows of one row group, behind the first ones.
type rowGroup struct {
	file    *parquetFile
	number  int
	skip, n int64
}

// openParquet reads the footer of o, whose bytes are in data unless that is nil,
// and holds its columns against the schema.
func openParquet(ctx context.Context, src Source, o bespoke.Object, data []byte, s *schema.Schema) (f *parquetFile, err error) {
	f = &parquetFile{object: o, source: src, data: data}
	at := f.open(ctx)
	defer f.guard(at, &err)
	var tail [8]byte
	if o.Size < 12 {
		return nil, f.damaged("it has %d bytes", o.Size)
	}
	if _, err := at.ReadAt(tail[:], o.Size-8); err != nil {
		return nil, err
	}
	footer := int64(binary.LittleEndian.Uint32(tail[:]))
	switch magic := string(tail[4:]); {
	case magic == "PARE":
		return nil, bespoke.Errorf(bespoke.InvalidInput, "%s is an encrypted Parquet file: write it without encryption.", o)
	case magic != "PAR1":
		return nil, f.damaged("its end is not that of a Parquet file; upload the whole file")
	case footer > maxFooter:
		return nil, bespoke.Errorf(bespoke.InvalidInput, "%s: the footer of the Parquet file has %d bytes, at most %d are read: write fewer and larger row groups.", o, footer, maxFooter)
	case footer+12 > o.Size:
		return nil, f.damaged("its footer would have %d bytes", footer)
	}
	r, err := file.NewParquetReader(io.NewSectionReader(at, 0, o.Size), file.WithReadProps(readProperties(1)))
	if err != nil {
		return nil, err
	}
	f.metadata = r.MetaData()
	return f, f.match(s)
}

// open returns a reader of the file for one goroutine.
func (f *parquetFile) open(ctx context.Context) io.ReaderAt {
	if f.data != nil {
		return bytes.NewReader(f.data)
	}
	return &ranges{ctx: ctx, source: f.source, object: f.object}
}

// readProperties bound the memory in which so many columns are read.
func readProperties(columns int) *arrowparquet.ReaderProperties {
	p := arrowparquet.NewReaderProperties(&boundedMemory{Allocator: memory.NewGoAllocator()})
	p.BufferedStreamEnabled = true
	p.BufferSize = int64(min(max(columnBuffers/max(columns, 1), 64<<10), 1<<20))
	p.PageStreamingEnabled = true
	p.MaxCompressedPageSize, p.MaxUncompressedPageSize = maxPage, maxPage
	return p
}

// boundedMemory is an allocator that panics with errPages beyond maxPages.
type boundedMemory struct {
	memory.Allocator
	used atomic.Int64
}

var errPages = fmt.Errorf("its pages take more than %d MiB at a time: write pages of a MiB or so", maxPages>>20)

func (m *boundedMemory) Allocate(n int) []byte {
	if m.used.Add(int64(n)) > maxPages {
		panic(errPages)
	}
	return m.Allocator.Allocate(n)
}

func (m *boundedMemory) Reallocate(n int, b []byte) []byte {
	if m.used.Add(int64(n-len(b))) > maxPages {
		panic(errPages)
	}
	return m.Allocator.Reallocate(n, b)
}

func (m *boundedMemory) Free(b []byte) {
	m.used.Add(-int64(len(b)))
	m.Allocator.Free(b)
}

// guard makes an error of a panic over malformed data, and tells in err the
// fault of the source, which may pass, from that of the file.
func (f *parquetFile) guard(at io.ReaderAt, err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%v", p)
	}
	if *err == nil {
		return
	}
	if r, ok := at.(*ranges); ok && r.err != nil {
		*err = r.err
		return
	}
	if _, ok := (*err).(*bespoke.Error); !ok {
		*err = f.damaged("%v", *err)
	}
}

func (f *parquetFile) damaged(format string, args ...any) error {
	return bespoke.Errorf(bespoke.InvalidInput, "%s cannot be read as Parquet: %s.", f.object, strings.TrimPrefix(fmt.Sprintf(format, args...), "parquet: "))
}

// match finds the schema's columns among the top-level ones of the file, as in
// a header.
func (f *parquetFile) match(s *schema.Schema) error {
	root := f.metadata.Schema.Root()
	var top layout
	for i := range root.NumFields() {
		top.names = append(top.names, root.Field(i).Name())
	}
	if err := top.match(f.object, s); err != nil {
		return err
	}
	for i, c := range s.Columns {
		node := root.Field(top.index[i])
		l, fault := newLeaf(f.metadata.Schema, node, c)
		if fault != "" {
			return bespoke.Errorf(bespoke.InvalidInput, "%s: the column %s is %s in the file, but %s in the schema: %s.",
				f.object, node.Name(), typeName(node), c.Type, fault)
		}
		f.leaves = append(f.leaves, l)
	}
	f.layout = schemaLayout(formatParquet, s)
	f.layout.notes = top.notes
	return nil
}

// maxGroupRows is how many rows of a row group are a part: larger groups are
// divided. When the parts of a split have splitGroupRows, it is large enough.
const (
	maxGroupRows   = 1 << 22
	splitGroupRows = 1 << 17
)

// rowGroups adds the row groups of a Parquet object, whose bytes are in data
// unless that is nil, to the split under way and as many more as they take.
func (f *loader) rowGroups(ctx context.Context, object int, data []byte) error {
	o := f.plan.objects[object]
	pf, err := openParquet(ctx, f.source, o, data, f.schema)
	if err != nil {
		return err
	}
	f.note(pf.layout.notes)
	line := uint32(1) // in the split
	begun, total := false, max(pf.metadata.NumRows, 1)
	for g := range pf.metadata.RowGroups {
		rows := pf.metadata.RowGroup(g).NumRows()
		if rows < 0 {
			return pf.damaged("row group %d has %d rows", g, rows)
		}
		for skip := int64(0); skip < rows; skip += maxGroupRows {
			n := min(rows-skip, maxGroupRows)
			if len(f.parts) > 0 && f.rows+n > splitGroupRows {
				if err := f.more(ctx, begun); err != nil {
					return err
				}
				line = 1
			}
			f.add(object, loadedPart{layout: pf.layout, line: line, group: &rowGroup{pf, g, skip, n}}, n)
			line += uint32(n)
			begun = true
			if data == nil {
				f.progress.BytesDone.Add(int64(float64(o.Size) * float64(n) / float64(total)))
			}
		}
	}
	return nil
}
