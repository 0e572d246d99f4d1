package ingest

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/apache/arrow-go/v18/parquet/file"
)

// parquetBatch is how much text a batch of rows from Parquet has at most, but
// for its last row.
const parquetBatch = 4 << 20

// parquetRows turns rows of a row group into records: every value is written as
// text, so that the rules for values are those of the other formats. Lines are
// numbers of rows.
type parquetRows struct {
	rowText
	group *rowGroup
	at    io.ReaderAt
	cols  []cursor
	left  int64
}

// begin opens a row group.
func (p *parquetRows) begin(ctx context.Context, g *rowGroup) (err error) {
	p.group, p.at, p.left = g, g.file.open(ctx), g.n
	p.cols = p.cols[:0]
	defer g.file.guard(p.at, &err)
	r, err := file.NewParquetReader(io.NewSectionReader(p.at, 0, g.file.object.Size),
		file.WithReadProps(readProperties(len(g.file.leaves))), file.WithMetadata(g.file.metadata))
	if err != nil {
		return err
	}
	rows := r.RowGroup(g.number)
	for _, l := range g.file.leaves {
		chunk, err := rows.Column(l.index)
		if err != nil {
			return err
		}
		c, err := newCursor(l, chunk)
		if err != nil {
			return err
		}
		if g.skip > 0 {
			if err := c.skip(g.skip); err != nil {
				return err
			}
		}
		p.cols = append(p.cols, c)
	}
	return nil
}

func (p *parquetRows) fill(b *batch) (ok bool, err error) {
	defer p.group.file.guard(p.at, &err)
	buf := append(p.buf[:0], make([]byte, front)...)
	b.start(nil, len(p.cols))
	for p.left > 0 && b.n < batchRows && len(buf) < parquetBatch {
		p.left--
		refused, reason, from := -1, "", len(buf)
		for c, col := range p.cols {
			start := len(buf)
			text, null, fault, err := col.next(buf)
			if err != nil {
				return false, err
			}
			buf = text
			if len(buf)-from > maxRecord {
				return false, tooLong(p.group.file.object, "row")
			}
			i := b.n*b.cols + c
			if len(buf) == start && !null {
				b.quoted = append(b.quoted, uint32(i))
			}
			b.pos[i] = uint64(start) | uint64(len(buf))<<32
			if fault != "" && refused < 0 {
				refused, reason = c, fault
			}
		}
		line := p.line
		p.line++
		if refused >= 0 {
			b.buf = buf
			start, end := b.at(b.n, refused)
			p.raw = b.json(b.n, p.group.file.layout.names)
			p.report(line, refused, buf[start:end], reason)
			b.dropQuoted(b.n * b.cols)
			continue
		}
		b.lines[b.n] = line
		b.n++
	}
	if p.left == 0 {
		if err := p.ended(); err != nil {
			return false, err
		}
	}
	b.size = len(buf)
	p.buf = resize(buf, pad)
	b.buf = p.buf
	return b.n > 0 || p.left > 0, nil
}

// ended checks that no column has more rows than the row group, once its last
// one has been read.
func (p *parquetRows) ended() error {
	if p.group.skip+p.group.n < p.group.file.metadata.RowGroup(p.group.number).NumRows() {
		return nil
	}
	for c, col := range p.cols {
		if more, err := col.more(); more || err != nil {
			return cmp.Or(err, fmt.Errorf("the column %s has more rows than its row group", p.group.file.layout.names[c]))
		}
	}
	return nil
}
