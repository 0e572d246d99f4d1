package ingest

import (
	"context"
	"fmt"
	"math"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"bespoke/ingest/internal/parquet"
)

// existing adds the keys of the table's rows to the log, though only of those
// that may have the same key as a new row, by news. It returns where the rows
// are; paths is extended by their files.
func (r *run) existing(ctx context.Context, news *bloom) error {
	w := keyWriter{log: r.log}
	h := &hasher{seeds: r.seeds, prints: new(prints)}
	columns := r.cfg.keyColumns()
	files := map[string]int{}
	ordinal := uint64(0)
	for b, err := range r.cfg.Existing(ctx, columns) {
		if err != nil {
			return fmt.Errorf("read existing rows: %w", err)
		}
		if err := h.begin(b.Record, columns); err != nil {
			return fmt.Errorf("read existing rows of %s: %w", b.Path, err)
		}
		file, ok := files[b.Path]
		if !ok {
			file = len(r.paths)
			files[b.Path] = file
			r.paths = append(r.paths, b.Path)
		}
		n := int(b.Record.NumRows())
		r.addSpan(span{ordinal, file, b.First}, n)
		for from := 0; from < n; from += batchRows {
			k := min(n-from, batchRows)
			h.hash(from, k)
			for i := range k {
				x, y := h.prints.a[i], h.prints.b[i]
				if !news.has(x, y) || b.Dead.Has(from+i) {
					continue
				}
				if err := w.one(newKey(x, y, ordinal+uint64(from+i))); err != nil {
					return err
				}
			}
		}
		ordinal += uint64(n)
	}
	return w.flush()
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
		for r := range n {
			h.value(r, c, row+r)
		}
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
		second := h.seeds.word(&h.word, h.scratch, 0, len(v))
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
