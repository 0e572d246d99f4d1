package ingest

import (
	"bespoke"
	"bespoke/parquet"
)

// intColumn decodes whole numbers.
type intColumn[T int32 | int64] struct {
	vector
	dataset   bespoke.DatasetType
	low, high int64
	vals      [batchRows]T
	n         int
	out       *parquet.Numbers[T]
}

func newIntColumn[T int32 | int64](t bespoke.DatasetType, v vector, out *parquet.Numbers[T], low, high int64) column {
	if l, h, ok := bounds(t, v.Column); ok {
		low, high = l, h
	}
	return &intColumn[T]{vector: v, dataset: t, low: low, high: high, out: out}
}

func (c *intColumn[T]) decode(d *decoder, b *batch, f int) {
	c.start(b.n)
	n := 0
	for r := range b.n {
		start, end := b.at(r, f)
		if start == end {
			c.empty(d, r)
			continue
		}
		v, ok := parseInt(b.buf, start, end)
		if !ok || v < c.low || v > c.high {
			value := b.buf[start:end]
			d.refuse(r, &c.vector, value, numberReason(c.dataset, c.Column, value))
		}
		c.vals[n] = T(v)
		n++
		if c.key {
			d.prints.number(&d.seeds, r, uint64(v))
		}
	}
	c.n = n
}

func (c *intColumn[T]) drop(bad []bool) {
	c.n = len(dropValues(&c.vector, c.vals[:c.n], bad))
	c.dropRows(bad)
}

func (c *intColumn[T]) append() { c.out.Append(c.vals[:c.n], c.presence()) }
