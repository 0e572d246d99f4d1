package ingest

import (
	"unicode/utf8"

	"bespoke/parquet"
)

// textColumn decodes textual values: long, seldom repeated, shortened rather
// than refused. They bypass the dictionary.
type textColumn struct {
	vector
	texts [][]byte // in the batch's buffer
	word  parquet.Word
	out   *parquet.Strings
}

func (c *textColumn) decode(d *decoder, b *batch, f int) {
	c.start(b.n)
	c.texts = c.texts[:0]
	for r := range b.n {
		start, end := b.at(r, f)
		if start == end && b.isNull(r, f) {
			c.empty(d, r)
			continue
		}
		text := b.buf[start:end]
		if !utf8.Valid(text) {
			d.refuse(r, &c.vector, text, reasonUTF8(text))
		} else if short := cutText(text); len(short) < len(text) {
			text = short
			d.cut++
		}
		c.texts = append(c.texts, text)
		if c.key {
			second := d.seeds.Word(&c.word, b.buf, start, len(text))
			d.prints.mix(&d.seeds, r, c.word.Hash, second)
		}
	}
}

func (c *textColumn) drop(bad []bool) {
	c.texts = dropValues(&c.vector, c.texts, bad)
	c.dropRows(bad)
}

func (c *textColumn) append() {
	for _, t := range c.texts {
		c.out.AppendText(t)
	}
	c.out.AppendRows(c.rows, c.presence())
}
