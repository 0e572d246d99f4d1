package parquet

import "encoding/binary"

// Constant is a column of strings that are all the same.
type Constant struct{ chunk }

// Append adds n rows.
func (c *Constant) Append(n int) { c.mark(n, nil) }

func (c *Constant) head() *chunk { return &c.chunk }

func (c *Constant) pageBytes() int { return 0 }

func (c *Constant) flush(scratch []byte) []byte {
	out := repeatRun(append(scratch[:0], byte(width(1))), 0, c.page.rows, width(1))
	c.endPage(out, encDictionary, false)
	return out
}

func (c *Constant) finish(scratch []byte) []byte {
	v := c.field.Constant
	out := append(binary.LittleEndian.AppendUint32(scratch[:0], uint32(len(v))), v...)
	c.endDictionary(out, 1)
	return out
}

func (c *Constant) bounds() (low, high []byte, ok bool) {
	v := []byte(c.field.Constant)
	return v, v, true
}
