package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"bespoke"
)

// loaded is a split in memory, ready for decoding.
type loaded struct {
	split int
	buf   []byte // front bytes of nothing, the parts, pad bytes of anything
	parts []text
}

// text is where the records of a part are in a loaded split: whole lines.
type text struct {
	part       int
	start, end int
}

// front is how many readable bytes precede all text, for those who look at
// eight bytes that end with a value.
const front = 8

// fetcher loads splits into buffers of its own, which go round: load takes one
// from free, and whoever is done with the split puts it back.
type fetcher struct {
	plan     *plan
	source   Source
	progress *Progress
	free     chan *loaded
}

func newFetcher(p *plan, src Source, progress *Progress, buffers int) *fetcher {
	f := &fetcher{plan: p, source: src, progress: progress, free: make(chan *loaded, buffers)}
	for range buffers {
		f.free <- &loaded{}
	}
	return f
}

// load reads split number i into l.
func (f *fetcher) load(ctx context.Context, l *loaded, i int) error {
	l.split = i
	l.parts = l.parts[:0]
	l.buf = resize(l.buf[:0], front)
	for k, p := range f.plan.splits[i].parts {
		if err := f.loadPart(ctx, l, k, p); err != nil {
			return err
		}
	}
	l.buf = resize(l.buf, pad)
	return nil
}

// resize lengthens b by n bytes, whatever they hold.
func resize(b []byte, n int) []byte {
	if cap(b)-len(b) >= n {
		return b[:len(b)+n]
	}
	g := make([]byte, len(b)+n, len(b)+n+tailBytes+1+pad)
	copy(g, b)
	return g
}

// loadPart appends the records of p to l. It reads from the byte before the
// part, to see whether a record begins with the part, to the end of the last
// record, which may lie behind the part.
func (f *fetcher) loadPart(ctx context.Context, l *loaded, k int, p part) error {
	o := f.plan.objects[p.object]
	from := max(p.start-1, 0)
	base := len(l.buf)
	defer func() { f.progress.BytesDone.Add(p.end - p.start) }()
	for want := min(p.end+tailBytes, o.Size) - from; ; want = min(want*2, o.Size-from) {
		at := len(l.buf)
		l.buf = resize(l.buf, int(want)-(at-base))
		if err := f.read(ctx, o, from+int64(at-base), l.buf[at:]); err != nil {
			return err
		}
		start, end, ok := records(l.buf[base:], int(p.start-from), int(p.end-from))
		if !ok && from+want == o.Size { // the last record has no line feed
			l.buf = append(l.buf, '\n')
			start, end, _ = records(l.buf[base:], int(p.start-from), int(p.end-from))
			ok = true
		}
		if ok {
			l.buf = l.buf[:base+max(end, 0)]
			l.parts = append(l.parts, text{part: k, start: base + start, end: base + end})
			return nil
		}
		if from+want-p.end >= maxRecord {
			return bespoke.Errorf(bespoke.InvalidInput, "%s: a row near byte %d is longer than %d MiB: "+
				"check that rows end with line feeds", o, p.end, maxRecord>>20)
		}
	}
}

// records returns the bounds of the records that begin in b[start:end]. Where
// start is not 0, b[start-1] is the byte before the part. It is not ok where
// the last record's end is not in b.
func records(b []byte, start, end int) (from, to int, ok bool) {
	if start > 0 && b[start-1] != '\n' {
		i := bytes.IndexByte(b[start:], '\n')
		if i < 0 {
			return 0, 0, false
		}
		start += i + 1
	}
	if start >= end {
		return start, start, true
	}
	i := bytes.IndexByte(b[end-1:], '\n')
	if i < 0 {
		return 0, 0, false
	}
	return start, end + i, true
}

// read fills b with what o holds from offset on.
func (f *fetcher) read(ctx context.Context, o bespoke.Object, offset int64, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	r, err := f.source.Open(ctx, o, offset, int64(len(b)))
	if err != nil {
		return err
	}
	_, err = io.ReadFull(r, b)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = fmt.Errorf("it ended early: %w", io.ErrUnexpectedEOF)
	}
	if err != nil {
		err = fmt.Errorf("read %s: %w", o, err)
	}
	return errors.Join(err, r.Close())
}
