package ingest

import (
	"bytes"

	"bespoke/parquet"
)

// boolColumn decodes true and false, in any case.
type boolColumn struct {
	vector
	vals [batchRows]byte
	n    int
	out  *parquet.Bools
}

const reasonBool = "expected true or false"

func (c *boolColumn) decode(d *decoder, b *batch, f int) {
	c.start(b.n)
	n := 0
	for r := range b.n {
		start, end := b.at(r, f)
		if start == end {
			c.empty(d, r)
			continue
		}
		v, ok := parseBool(b.buf[start:end])
		if !ok {
			d.refuse(r, &c.vector, b.buf[start:end], reasonBool)
		}
		c.vals[n] = v
		n++
		if c.key {
			d.prints.number(&d.seeds, r, uint64(v))
		}
	}
	c.n = n
}

// parseBool returns 1 for true and 0 for false.
func parseBool(v []byte) (byte, bool) {
	if bytes.EqualFold(v, []byte("true")) {
		return 1, true
	}
	return 0, bytes.EqualFold(v, []byte("false"))
}

func (c *boolColumn) drop(bad []bool) {
	c.n = len(dropValues(&c.vector, c.vals[:c.n], bad))
	c.dropRows(bad)
}

func (c *boolColumn) append() { c.out.Append(c.vals[:c.n], c.presence()) }
