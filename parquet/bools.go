package parquet

// Bools is a column of booleans.
type Bools struct {
	chunk
	vals []byte // of the page under way, 0 or 1, nulls left out
	some [2]bool
}

// Append adds len(present) rows, those whose byte in present is 0 being null,
// the others having the next of vals, 0 or 1; without present, each of vals is
// a row.
func (c *Bools) Append(vals, present []byte) {
	n := len(vals)
	if present != nil {
		n = len(present)
	}
	c.mark(n, present)
	c.vals = append(c.vals, vals...)
	for _, v := range vals {
		c.some[v] = true
	}
}

func (c *Bools) head() *chunk { return &c.chunk }

func (c *Bools) pageBytes() int { return len(c.vals) / 8 }

func (c *Bools) flush(scratch []byte) []byte {
	out := appendBits(scratch[:0], 0, c.vals)
	c.endPage(out, encPlain, true)
	c.vals = c.vals[:0]
	return out
}

func (c *Bools) finish(scratch []byte) []byte { return scratch }

func (c *Bools) bounds() (low, high []byte, ok bool) {
	low, high = []byte{1}, []byte{0}
	if c.some[0] {
		low[0] = 0
	}
	if c.some[1] {
		high[0] = 1
	}
	return low, high, c.some[0] || c.some[1]
}

func (c *Bools) reset() {
	c.chunk.reset()
	c.some = [2]bool{}
}
