package ingest

import "bespoke/parquet"

// stringColumn decodes strings that are kept as they are: IDs, categories,
// impressions. While the Parquet column has a dictionary, a value is checked
// when it is new there; one that is known needs a look-up only.
type stringColumn struct {
	vector
	rule   stringRule
	events bool // event types of action interactions, to be normalised
	out    *parquet.Strings

	words   [batchRows]parquet.Word
	second  [batchRows]uint64
	indices [batchRows]uint32
	n       int      // indices that are of rows with a value
	rest    []uint32 // rows that the dictionary leaves to be looked up singly
	dict    bool     // indices are what append hands over, else texts
	texts   [][]byte // in the batch's buffer
}

func (c *stringColumn) decode(d *decoder, b *batch, f int) {
	c.start(b.n)
	c.hash(d, b, f)
	if dict := c.out.Dict(b.n, b.size); dict != nil {
		c.dict = true
		c.look(d, b, f, dict)
	} else {
		c.dict = false
		c.read(d, b, f)
	}
	if !c.key {
		return
	}
	for r := range b.n {
		if !c.nulls || c.present[r] == 1 {
			d.prints.mix(&d.seeds, r, c.words[r].Hash, c.second[r])
		}
	}
}

// hash makes the words of all values: a loop of its own, so that look-ups can
// follow one another closely and their cache misses overlap.
func (c *stringColumn) hash(d *decoder, b *batch, f int) {
	for r := range b.n {
		start, end := b.at(r, f)
		if c.events && start < end && !normaliseEvent(b.buf[start:end]) {
			d.refuse(r, &c.vector, b.buf[start:end], reasonEvent)
		}
		c.second[r] = d.seeds.Word(&c.words[r], b.buf, start, end-start)
	}
}

// look finds all values in the dictionary: most of them many at a time, then
// one by one those that are new or otherwise special.
func (c *stringColumn) look(d *decoder, b *batch, f int, dict *parquet.Dict) {
	c.rest = dict.FindAll(c.words[:b.n], c.indices[:], c.rest[:0])
	for _, i := range c.rest {
		r := int(i)
		start, end := b.at(r, f)
		if start == end && c.isNull(d, b, r, f) {
			continue
		}
		w := &c.words[r]
		text := b.buf[start:end]
		k, ok := dict.Find(w, text)
		if !ok {
			if reason := c.rule.check(text); reason != "" {
				d.refuse(r, &c.vector, text, reason)
			} else {
				k = dict.Add(w, text)
			}
		}
		c.indices[r] = k
	}
	c.n = b.n
	if c.nulls {
		c.n = 0
		for r := range b.n {
			c.indices[c.n] = c.indices[r]
			c.n += int(c.present[r])
		}
	}
}

// read checks all values, for a column without a dictionary.
func (c *stringColumn) read(d *decoder, b *batch, f int) {
	c.texts = c.texts[:0]
	for r := range b.n {
		start, end := b.at(r, f)
		if start == end && c.isNull(d, b, r, f) {
			continue
		}
		text := b.buf[start:end]
		if reason := c.rule.check(text); reason != "" {
			d.refuse(r, &c.vector, text, reason)
		}
		c.texts = append(c.texts, text)
	}
}

// isNull decides about an empty field: "" in quotes is an empty string, which
// an ID may not be.
func (c *stringColumn) isNull(d *decoder, b *batch, r, f int) bool {
	if b.isNull(r, f) {
		c.empty(d, r)
		return true
	}
	if c.events {
		d.refuse(r, &c.vector, nil, reasonEvent)
	} else if isID(c.Name) {
		d.refuse(r, &c.vector, nil, reasonNoID)
	}
	return false
}

func (c *stringColumn) drop(bad []bool) {
	if c.dict {
		c.n = len(dropValues(&c.vector, c.indices[:c.n], bad))
	} else {
		c.texts = dropValues(&c.vector, c.texts, bad)
	}
	c.dropRows(bad)
}

func (c *stringColumn) append() {
	if c.dict {
		c.out.AppendIndices(c.indices[:c.n], c.presence())
		return
	}
	for _, t := range c.texts {
		c.out.AppendText(t)
	}
	c.out.AppendRows(c.rows, c.presence())
}
