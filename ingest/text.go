package ingest

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"bespoke"
)

// addText adds the text between start and end of the buffer, which is the
// beginning of its object if first is set.
func (f *loader) addText(object int, lay *layout, start, end int, first bool) {
	p := loadedPart{layout: lay, start: start, end: end, line: 1}
	switch text := f.buf[start:end]; {
	case !first:
	case lay.format == formatCSV:
		p.start += bytes.IndexByte(text, '\n') + 1
		p.line = 2
	case bytes.HasPrefix(text, []byte(byteOrderMark)):
		p.start += len(byteOrderMark)
	}
	f.add(object, p, mostRows(p.end-p.start))
}

// mostRows is how many rows n bytes of text can have.
func mostRows(n int) int64 { return int64(n)/2 + 1 }

// textLayout returns the layout of an object whose text begins with b.
func (f *loader) textLayout(o bespoke.Object, b []byte, packed packing) (*layout, error) {
	line := firstLine(b)
	if f.layout != nil && f.layout.packing == packed && bytes.Equal(line, f.header) {
		return f.layout, nil
	}
	lay, err := newLayout(o, b, packed, f.schema, f.csvOnly)
	if err != nil {
		return nil, err
	}
	f.header, f.layout = append(f.header[:0], line...), lay
	f.note(lay.notes)
	return lay, nil
}

// reach returns what is read of a part at first: from the byte before it, to
// see whether a record begins with the part, to somewhat behind it, where the
// last record probably ends.
func (f *fetching) reach(p part) (from, to int64) {
	return max(p.start-1, 0), min(p.end+tailBytes, f.plan.objects[p.object].Size)
}

// resize lengthens b by n bytes, whatever they hold.
func resize(b []byte, n int) []byte {
	return slices.Grow(b, n)[:len(b)+n]
}

// text appends the records of p to the buffer, the last of which may end behind
// the part, and returns where they are. Where lines end with carriage returns
// these become line feeds.
func (f *loader) text(ctx context.Context, p part, returns bool) (start, end int, err error) {
	o := f.plan.objects[p.object]
	from, to := f.reach(p)
	base := len(f.buf)
	defer func() { f.progress.BytesDone.Add(p.end - p.start) }()
	for want := to - from; ; want = min(want*2, o.Size-from) {
		at := len(f.buf)
		f.buf = resize(f.buf, int(want)-(at-base))
		if err := readAt(ctx, f.source, o, from+int64(at-base), f.buf[at:]); err != nil {
			return 0, 0, err
		}
		if returns {
			lineFeeds(f.buf[at:])
		}
		start, end, ok := lines(f.buf[base:], int(p.start-from), int(p.end-from))
		if !ok && from+want == o.Size { // the last record has no line feed
			f.buf = append(f.buf, '\n')
			start, end, _ = lines(f.buf[base:], int(p.start-from), int(p.end-from))
			ok = true
		}
		if ok {
			f.buf = f.buf[:base+end]
			return base + start, base + end, nil
		}
		if from+want-p.end >= maxRecord {
			return 0, 0, tooLong(o, fmt.Sprintf("byte %d", p.end))
		}
	}
}

func tooLong(o bespoke.Object, where string) error {
	return bespoke.Errorf(bespoke.InvalidInput, "%s: a row near %s is longer than %d MiB: check that rows end with line feeds", o, where, maxRecord>>20)
}

// lines returns the bounds of the records that begin in b[start:end]. Where
// start is not 0, b[start-1] is the byte before the part. It is not ok where
// the last record's end is not in b.
func lines(b []byte, start, end int) (from, to int, ok bool) {
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
