package ingest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"bespoke/schema"
)

// loaded is a split in memory, ready for decoding.
type loaded struct {
	*split
	buf   []byte // front bytes of nothing, the parts' text, pad bytes of anything
	parts []loadedPart
	rows  int64 // how many the parts have at most
}

// loadedPart is the part of an object that is in a loaded split.
type loadedPart struct {
	index      int // of the object in the split's
	layout     *layout
	start, end int       // of whole lines in the buffer, the header left out
	line       uint32    // number of the first line, from 1 in the part
	group      *rowGroup // of a Parquet file, which is not in the buffer
}

// front is how many readable bytes precede all text, for those who look at
// eight bytes that end with a value.
const front = 8

// fetching is what those who load splits share: what to load, and the buffers,
// which go round. A loader takes one from free and sends it to out, and whoever
// is done with the split puts it back.
type fetching struct {
	plan     *plan
	splits   *splits
	layouts  []*layout // of large objects
	source   Source
	schema   *schema.Schema
	csvOnly  bool
	progress *Progress
	note     func(notes []string)
	next     atomic.Int64 // the task that is loaded next
	free     chan *loaded
	out      chan *loaded
}

// buffers makes n buffers for splits.
func (f *fetching) buffers(n int) {
	f.free, f.out = make(chan *loaded, n), make(chan *loaded)
	for range n {
		f.free <- &loaded{}
	}
}

// loader loads one task after another, several of them at the same time.
type loader struct {
	*fetching
	*loaded // the split under way

	header []byte  // of the CSV object before
	layout *layout // that it led to

	unpacker
	raw  []byte // a small object that is compressed
	rest []byte // of a line that the next split begins with
}

// load loads tasks until there are no more.
func (f *loader) load(ctx context.Context) error {
	defer f.unpacker.close()
	for {
		if err := f.take(ctx); err != nil {
			return err
		}
		i := int(f.next.Add(1)) - 1
		if i >= len(f.plan.tasks) {
			f.free <- f.loaded // for the other loaders, who wait for one to find out
			return nil
		}
		if err := f.begin(i, 0); err != nil {
			return err
		}
		f.reserve(f.plan.tasks[i])
		for _, p := range f.plan.tasks[i].parts {
			if err := f.part(ctx, p); err != nil {
				return err
			}
		}
		if err := f.send(ctx); err != nil {
			return err
		}
	}
}

// take waits for a buffer.
func (f *loader) take(ctx context.Context) error {
	select {
	case f.loaded = <-f.free:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// begin begins split seq of a task.
func (f *loader) begin(task, seq int) (err error) {
	f.split, err = f.splits.begin(task, seq)
	f.buf = slices.Grow(f.buf[:0], front)[:front]
	f.parts, f.rows = f.parts[:0], 0
	return err
}

// send hands the split under way to the workers.
func (f *loader) send(ctx context.Context) error {
	f.buf = resize(f.buf, pad)
	select {
	case f.out <- f.loaded:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// more ends the split under way and begins the next one of the task, which goes
// on with an object if goesOn is set.
func (f *loader) more(ctx context.Context, goesOn bool) error {
	task, seq := f.task, f.seq+1
	if err := f.send(ctx); err != nil {
		return err
	}
	if err := f.take(ctx); err != nil {
		return err
	}
	err := f.begin(task, seq)
	if err == nil {
		f.goesOn = goesOn
	}
	return err
}

// add adds a part of an object to the split.
func (f *loader) add(object int, p loadedPart, rows int64) {
	if n := len(f.objects); n == 0 || f.objects[n-1] != object {
		f.objects = append(f.objects, object)
	}
	p.index = len(f.objects) - 1
	f.parts = append(f.parts, p)
	f.rows += rows
}

// reserve makes room for the text of a task that is one split.
func (f *loader) reserve(t task) {
	need := front + pad
	for _, p := range t.parts {
		if p.end-p.start <= f.plan.size {
			from, to := f.reach(p)
			need += int(to-from) + 1 // a line feed may be added
		}
	}
	f.buf = slices.Grow(f.buf, need-len(f.buf))
}

// part loads a part of a task.
func (f *loader) part(ctx context.Context, p part) error {
	o := f.plan.objects[p.object]
	lay := f.layouts[p.object]
	switch {
	case lay == nil:
		return f.small(ctx, p)
	case lay.format == formatParquet:
		return f.rowGroups(ctx, p.object, nil)
	case lay.packing != packingNone:
		raw, err := f.source.Open(ctx, o, 0, o.Size)
		if err != nil {
			return err
		}
		return errors.Join(f.stream(ctx, p.object, lay.packing, &counted{r: raw, object: o, n: &f.progress.BytesDone}), raw.Close())
	}
	start, end, err := f.text(ctx, p, lay.returns)
	if err != nil {
		return err
	}
	f.goesOn = p.start > 0
	f.addText(p.object, lay, start, end, p.start == 0)
	return nil
}

// small loads a whole object and finds out what it is.
func (f *loader) small(ctx context.Context, p part) error {
	o := f.plan.objects[p.object]
	if f.rows+mostRows(int(o.Size)) >= maxSplitRows {
		if err := f.more(ctx, false); err != nil {
			return err
		}
	}
	base := len(f.buf)
	f.buf = resize(f.buf, int(o.Size))
	err := readAt(ctx, f.source, o, 0, f.buf[base:])
	f.progress.BytesDone.Add(o.Size)
	if err != nil {
		return err
	}
	b := f.buf[base:]
	packed, parquet := packingOf(b), formatOf(b) == formatParquet
	if f.csvOnly || packed == packingNone && !parquet {
		lay, err := f.textLayout(o, b, packingNone)
		if err != nil {
			return err
		}
		if lay.returns {
			lineFeeds(b)
		}
		if len(b) > 0 && b[len(b)-1] != '\n' {
			f.buf = append(f.buf, '\n')
		}
		f.addText(p.object, lay, base, len(f.buf), true)
		return nil
	}
	f.buf = f.buf[:base]
	if parquet {
		return f.rowGroups(ctx, p.object, slices.Clone(b))
	}
	f.raw = append(f.raw[:0], b...)
	return f.stream(ctx, p.object, packed, bytes.NewReader(f.raw))
}
