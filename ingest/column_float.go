package ingest

import (
	"math"

	"bespoke"
	"bespoke/parquet"
)

// floatColumn decodes numbers with fractions.
type floatColumn[T float32 | float64] struct {
	vector
	dataset   bespoke.DatasetType
	parse     func([]byte) (T, bool)
	low, high T
	vals      [batchRows]T
	n         int
	out       *parquet.Numbers[T]
}

func newFloatColumn[T float32 | float64](t bespoke.DatasetType, v vector, out *parquet.Numbers[T], parse func([]byte) (T, bool)) column {
	c := &floatColumn[T]{vector: v, dataset: t, parse: parse, low: T(math.Inf(-1)), high: T(math.Inf(1)), out: out}
	if l, h, ok := bounds(t, v.Column); ok {
		c.low, c.high = T(l), T(h)
	}
	return c
}

func (c *floatColumn[T]) decode(d *decoder, b *batch, f int) {
	c.start(b.n)
	n := 0
	for r := range b.n {
		start, end := b.at(r, f)
		if start == end {
			c.empty(d, r)
			continue
		}
		value := b.buf[start:end]
		v, ok := c.parse(value)
		if !ok || v < c.low || v > c.high {
			d.refuse(r, &c.vector, value, numberReason(c.dataset, c.Column, value))
		}
		c.vals[n] = v
		n++
		if c.key {
			d.prints.number(&d.seeds, r, math.Float64bits(float64(v)))
		}
	}
	c.n = n
}

func (c *floatColumn[T]) drop(bad []bool) {
	c.n = len(dropValues(&c.vector, c.vals[:c.n], bad))
	c.dropRows(bad)
}

func (c *floatColumn[T]) append() { c.out.Append(c.vals[:c.n], c.presence()) }
