package lake

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"bespoke/parquet"
)

// rowColumn is one column of a Writer.
type rowColumn interface {
	// take makes a record's column the one that append adds rows of.
	take(rec arrow.RecordBatch) error
	// append adds these rows, pieceRows at most.
	append(rows []int32) error
}

// named returns the column of that name, nil where there is none.
func named(rec arrow.RecordBatch, name string) (arrow.Array, error) {
	switch i := rec.Schema().FieldIndices(name); len(i) {
	case 0:
		return nil, nil
	case 1:
		return rec.Column(i[0]), nil
	default:
		return nil, fmt.Errorf("column %s occurs %d times", name, len(i))
	}
}

// presence tells which of a piece's rows are null.
type presence struct {
	present [pieceRows]byte
	nulls   int
	some    []int32 // never the rows that mark was given: all columns share those
}

// mark returns the rows that are not null, valid until the next call, and notes the
// others.
func (p *presence) mark(name string, a arrow.Array, rows []int32, optional bool) ([]int32, error) {
	p.nulls = 0
	if a != nil && a.NullN() == 0 {
		return rows, nil
	}
	p.some = p.some[:0]
	for i, r := range rows {
		if a != nil && a.IsValid(int(r)) {
			p.present[i] = 1
			p.some = append(p.some, r)
			continue
		}
		if !optional {
			return nil, fmt.Errorf("column %s: row %d is null, which the table does not allow: give it a value", name, r)
		}
		p.present[i] = 0
		p.nulls++
	}
	return p.some, nil
}

// bytes returns the presence of n rows for the Parquet writer.
func (p *presence) bytes(n int) []byte {
	if p.nulls == 0 {
		return nil
	}
	return p.present[:n]
}

// numberRows is a column of numbers.
type numberRows[T parquet.Number] struct {
	name  string
	out   *parquet.Numbers[T]
	from  arrow.Array
	vals  []T
	piece []T
	presence
}

func (c *numberRows[T]) take(rec arrow.RecordBatch) (err error) {
	if c.from, err = named(rec, c.name); err != nil || c.from == nil {
		return err
	}
	var ok bool
	if c.vals, ok = numbers(c.from).([]T); !ok {
		return fmt.Errorf("column %s is of type %s, not what the table has", c.name, c.from.DataType())
	}
	return nil
}

// numbers returns the values of an array of numbers, nil for another.
func numbers(a arrow.Array) any {
	switch a := a.(type) {
	case *array.Int32:
		return a.Int32Values()
	case *array.Int64:
		return a.Int64Values()
	case *array.Float32:
		return a.Float32Values()
	case *array.Float64:
		return a.Float64Values()
	}
	return nil
}

func (c *numberRows[T]) append(rows []int32) error {
	some, err := c.mark(c.name, c.from, rows, c.out.Optional())
	if err != nil {
		return err
	}
	c.piece = c.piece[:0]
	for _, r := range some {
		c.piece = append(c.piece, c.vals[r])
	}
	c.out.Append(c.piece, c.bytes(len(rows)))
	return nil
}

// boolRows is a column of booleans.
type boolRows struct {
	name  string
	out   *parquet.Bools
	from  arrow.Array
	piece []byte
	presence
}

func (c *boolRows) take(rec arrow.RecordBatch) (err error) {
	if c.from, err = named(rec, c.name); err != nil || c.from == nil {
		return err
	}
	if _, ok := c.from.(*array.Boolean); !ok {
		return fmt.Errorf("column %s is of type %s, not what the table has", c.name, c.from.DataType())
	}
	return nil
}

func (c *boolRows) append(rows []int32) error {
	some, err := c.mark(c.name, c.from, rows, c.out.Optional())
	if err != nil {
		return err
	}
	c.piece = c.piece[:0]
	for _, r := range some {
		v := byte(0)
		if c.from.(*array.Boolean).Value(int(r)) {
			v = 1
		}
		c.piece = append(c.piece, v)
	}
	c.out.Append(c.piece, c.bytes(len(rows)))
	return nil
}

// stringRows is a column of strings, plain ones or a dictionary's.
type stringRows struct {
	name  string
	out   *parquet.Strings
	seeds parquet.Seeds
	from  arrow.Array
	value func(i int) string
	presence

	text    []byte // the piece's values, one behind the other
	ends    []int  // of each
	words   []parquet.Word
	indices []uint32
	rest    []uint32
}

func (c *stringRows) take(rec arrow.RecordBatch) (err error) {
	if c.from, err = named(rec, c.name); err != nil || c.from == nil {
		return err
	}
	switch a := c.from.(type) {
	case array.StringLike:
		c.value = a.Value
		return nil
	case *array.Dictionary:
		if words, ok := a.Dictionary().(array.StringLike); ok {
			c.value = func(i int) string { return words.Value(a.GetValueIndex(i)) }
			return nil
		}
	}
	return fmt.Errorf("column %s is of type %s, not what the table has", c.name, c.from.DataType())
}

func (c *stringRows) append(rows []int32) error {
	some, err := c.mark(c.name, c.from, rows, c.out.Optional())
	if err != nil {
		return err
	}
	c.text, c.ends = c.text[:0], c.ends[:0]
	for _, r := range some {
		c.text = append(c.text, c.value(int(r))...)
		c.ends = append(c.ends, len(c.text))
	}
	size := len(c.text)
	if dict := c.out.Dict(len(some), size); dict != nil {
		c.find(dict)
		c.out.AppendIndices(c.indices, c.bytes(len(rows)))
		return nil
	}
	at := 0
	for _, end := range c.ends {
		c.out.AppendText(c.text[at:end])
		at = end
	}
	c.out.AppendRows(len(rows), c.bytes(len(rows)))
	return nil
}

// find sets indices to the numbers of the piece's values in dict, which gets those
// that are new.
func (c *stringRows) find(dict *parquet.Dict) {
	n := len(c.ends)
	c.words, c.indices = resize(c.words, n), resize(c.indices, n)
	c.text = append(c.text, make([]byte, parquet.Pad)...)
	at := 0
	for i, end := range c.ends {
		c.seeds.Word(&c.words[i], c.text, at, end-at)
		at = end
	}
	c.rest = dict.FindAll(c.words, c.indices, c.rest[:0])
	for _, i := range c.rest {
		at = 0
		if i > 0 {
			at = c.ends[i-1]
		}
		text := c.text[at:c.ends[i]]
		k, ok := dict.Find(&c.words[i], text)
		if !ok {
			k = dict.Add(&c.words[i], text)
		}
		c.indices[i] = k
	}
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
