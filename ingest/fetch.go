package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

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
	parts := f.plan.splits[i].parts
	need := front + pad
	for _, p := range parts {
		from, to := f.reach(p)
		need += int(to-from) + 1 // a line feed may be added
	}
	l.buf = slices.Grow(l.buf[:0], need)[:front]
	for k, p := range parts {
		if err := f.loadPart(ctx, l, k, p); err != nil {
			return err
		}
	}
	l.buf = resize(l.buf, pad)
	return nil
}

// reach returns what is read of a part at first: from the byte before it, to
// see whether a record begins with the part, to somewhat behind it, where the
// last record probably ends.
func (f *fetcher) reach(p part) (from, to int64) {
	return max(p.start-1, 0), min(p.end+tailBytes, f.plan.objects[p.object].Size)
}

// resize lengthens b by n bytes, whatever they hold.
func resize(b []byte, n int) []byte {
	return slices.Grow(b, n)[:len(b)+n]
}

// loadPart appends the records of p to l, the last of which may end behind the
// part.
func (f *fetcher) loadPart(ctx context.Context, l *loaded, k int, p part) error {
	o := f.plan.objects[p.object]
	from, to := f.reach(p)
	base := len(l.buf)
	defer func() { f.progress.BytesDone.Add(p.end - p.start) }()
	for want := to - from; ; want = min(want*2, o.Size-from) {
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
			l.buf = l.buf[:base+end]
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
