package ingest

import (
	"context"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"golang.org/x/sync/errgroup"

	"bespoke/lake"
	"bespoke/parquet"
)

// existingRows is a batch of existing rows, whose ordinals begin with ordinal.
type existingRows struct {
	lake.Batch
	ordinal uint64
}

// existing adds the keys of the table's rows to the log, though only of those
// that may have the same key as a new row, by news. It notes where the rows
// are; paths is extended by their files. One goroutine reads, the workers make
// fingerprints and look them up; at most one batch for each waits in memory.
func (r *run) existing(ctx context.Context, news *bloom) error {
	g, ctx := errgroup.WithContext(ctx)
	parts := make(chan existingRows)
	g.Go(func() error {
		defer close(parts)
		return r.readExisting(ctx, parts)
	})
	for range r.cfg.Workers {
		g.Go(func() error {
			m := matcher{news: news, keys: keyWriter{log: r.log}, columns: r.cfg.keyColumns(), hasher: hasher{seeds: r.seeds, prints: new(prints)}}
			for p := range parts {
				err := m.match(p)
				p.Record.Release()
				if err != nil {
					return err
				}
			}
			return m.keys.flush()
		})
	}
	return g.Wait()
}

// readExisting hands over the table's rows batch by batch, each to be released
// by who takes it.
func (r *run) readExisting(ctx context.Context, parts chan<- existingRows) error {
	files := map[string]int{}
	ordinal := uint64(0)
	for b, err := range r.cfg.Existing(ctx, r.cfg.keyColumns()) {
		if err != nil {
			return fmt.Errorf("read existing rows: %w", err)
		}
		file, ok := files[b.Path]
		if !ok {
			file = len(r.paths)
			files[b.Path] = file
			r.paths = append(r.paths, b.Path)
		}
		n := int(b.Record.NumRows())
		r.addSpan(span{ordinal, file, b.First}, n)
		b.Record.Retain()
		select {
		case parts <- existingRows{b, ordinal}:
		case <-ctx.Done():
			b.Record.Release()
			return context.Cause(ctx)
		}
		ordinal += uint64(n)
	}
	return nil
}

// matcher finds the existing rows that may have the key of a new one.
type matcher struct {
	news    *bloom
	columns []string
	keys    keyWriter
	hasher  hasher
}

// match adds the keys of such rows of p to the log.
func (m *matcher) match(p existingRows) error {
	if err := m.hasher.begin(p.Record, m.columns); err != nil {
		return fmt.Errorf("read existing rows of %s: %w", p.Path, err)
	}
	n := int(p.Record.NumRows())
	for from := 0; from < n; from += batchRows {
		k := min(n-from, batchRows)
		m.hasher.hash(from, k)
		for i := range k {
			x, y := m.hasher.prints.a[i], m.hasher.prints.b[i]
			if !m.news.has(x, y) || p.Dead.Has(from+i) {
				continue
			}
			if err := m.keys.one(newKey(x, y, p.ordinal+uint64(from+i))); err != nil {
				return err
			}
		}
	}
	return nil
}

// addSpan notes where n existing rows are.
func (r *run) addSpan(s span, n int) {
	if k := len(r.spans) - 1; k >= 0 {
		last := r.spans[k]
		if last.ordinal < r.firstNew && last.file == s.file && s.row-last.row == int64(s.ordinal-last.ordinal) {
			return // goes on where the last one ends
		}
	}
	if n > 0 {
		r.spans = append(r.spans, s)
	}
}

// hasher makes the fingerprints of Arrow rows, the same as decoding the values
// from CSV makes.
type hasher struct {
	seeds   seeds
	prints  *prints
	columns []arrow.Array
	word    parquet.Word
	scratch []byte
}

// begin takes the columns of rec by name.
func (h *hasher) begin(rec arrow.RecordBatch, names []string) error {
	h.columns = h.columns[:0]
	for _, name := range names {
		i := rec.Schema().FieldIndices(name)
		if len(i) != 1 {
			return fmt.Errorf("column %s occurs %d times", name, len(i))
		}
		c := rec.Column(i[0])
		if !hashable(c) {
			return fmt.Errorf("column %s has the unexpected type %s", name, c.DataType())
		}
		h.columns = append(h.columns, c)
	}
	return nil
}

func hashable(a arrow.Array) bool {
	switch a := a.(type) {
	case array.StringLike, *array.Int32, *array.Int64, *array.Float32, *array.Float64, *array.Boolean, *array.Null:
		return true
	case *array.Dictionary:
		return hashable(a.Dictionary())
	}
	return false
}

// hash makes the fingerprints of n rows from row on.
func (h *hasher) hash(row, n int) {
	h.prints.start(n)
	for _, c := range h.columns {
		if s, ok := c.(*array.String); ok {
			h.strings(s, row, n)
			continue
		}
		for r := range n {
			h.value(r, c, row+r)
		}
	}
}

// strings mixes n elements of a from row on into the fingerprints. They are
// read where they are, but for the last, behind which there is too little.
func (h *hasher) strings(a *array.String, row, n int) {
	buf, base := a.ValueBytes(), a.ValueOffset(0)
	for r := range n {
		start := a.ValueOffset(row+r) - base
		if a.IsNull(row+r) || start+pad > len(buf) {
			h.value(r, a, row+r)
			continue
		}
		second := h.seeds.Word(&h.word, buf, start, a.ValueLen(row+r))
		h.prints.mix(&h.seeds, r, h.word.Hash, second)
	}
}

// value mixes element i of a into fingerprint r.
func (h *hasher) value(r int, a arrow.Array, i int) {
	if a.IsNull(i) {
		h.prints.null(&h.seeds, r)
		return
	}
	switch a := a.(type) {
	case array.StringLike:
		v := a.Value(i)
		h.scratch = append(append(h.scratch[:0], v...), make([]byte, pad)...)
		second := h.seeds.Word(&h.word, h.scratch, 0, len(v))
		h.prints.mix(&h.seeds, r, h.word.Hash, second)
	case *array.Int32:
		h.prints.number(&h.seeds, r, uint64(a.Value(i)))
	case *array.Int64:
		h.prints.number(&h.seeds, r, uint64(a.Value(i)))
	case *array.Float32:
		h.prints.number(&h.seeds, r, math.Float64bits(float64(a.Value(i))))
	case *array.Float64:
		h.prints.number(&h.seeds, r, math.Float64bits(a.Value(i)))
	case *array.Boolean:
		v := uint64(0)
		if a.Value(i) {
			v = 1
		}
		h.prints.number(&h.seeds, r, v)
	case *array.Dictionary:
		h.value(r, a.Dictionary(), a.GetValueIndex(i))
	}
}
