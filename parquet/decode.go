package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/klauspost/compress/s2"
)

// ErrForeign means that a column chunk is of a form that the Writer of this package
// does not write: a general reader may know it.
var ErrForeign = errors.New("parquet: not written by this package")

// NoValue is the index of a row without a value.
const NoValue = math.MaxUint32

// Chunk is one column of one row group, decoded.
type Chunk struct {
	// Indices has, for a column of strings, what each row's is in Words; NoValue for
	// null.
	Indices []uint32
	Words   Words
	// Ints or Floats has each row's number, 0 for null.
	Ints   []int64
	Floats []float32
	// Null says which rows are null; nil where none is.
	Null []bool
}

// Words are strings by number. Some may be equal.
type Words struct {
	Text []byte
	End  []uint32 // where each ends in Text
}

// Len returns how many there are.
func (w *Words) Len() int { return len(w.End) }

// Word returns the string with number k, as a part of Text.
func (w *Words) Word(k uint32) []byte {
	start := uint32(0)
	if k > 0 {
		start = w.End[k-1]
	}
	return w.Text[start:w.End[k]]
}

func (w *Words) add(s []byte) {
	w.Text = append(w.Text, s...)
	w.End = append(w.End, uint32(len(w.Text)))
}

// Shape is what must be known of a column chunk to decode it.
type Shape struct {
	Kind     Kind // String, Int64 or Float32
	Optional bool
	Rows     int
	Snappy   bool // else not compressed
}

// Decode decodes a column chunk: its pages with their headers, the dictionary's
// first. The error wraps [ErrForeign] where the chunk may be right and is of another
// form; other errors mean that it is damaged, and say which page is, counted from 1.
func Decode(raw []byte, s Shape) (*Chunk, error) {
	if s.Kind != String && s.Kind != Int64 && s.Kind != Float32 {
		return nil, fmt.Errorf("%w: kind %d", ErrForeign, s.Kind)
	}
	d := decoding{shape: s, out: &Chunk{}}
	for page := 1; len(raw) > 0 && d.rows < s.Rows; page++ {
		var h pageHeader
		n, err := h.read(raw)
		if err != nil {
			return nil, fmt.Errorf("parquet: page %d: %w", page, err)
		}
		raw = raw[n:]
		if h.stored < 0 || h.plain < 0 || int(h.stored) > len(raw) {
			return nil, fmt.Errorf("parquet: page %d: %d bytes, %d are left", page, h.stored, len(raw))
		}
		if err := d.page(&h, raw[:h.stored]); err != nil {
			return nil, fmt.Errorf("parquet: page %d: %w", page, err)
		}
		raw = raw[h.stored:]
	}
	if d.rows != s.Rows {
		return nil, fmt.Errorf("parquet: the pages have %d rows of %d", d.rows, s.Rows)
	}
	return d.out, nil
}

// decoding is a column chunk being decoded.
type decoding struct {
	shape   Shape
	out     *Chunk
	rows    int
	dict    int // how many of the words are the dictionary
	some    bool
	plain   []byte // a decompressed page
	indices []uint32
	ints    []int64
	floats  []float32
	defined []uint32
}

func (d *decoding) page(h *pageHeader, body []byte) error {
	switch {
	case h.kind == pageDictionary && !d.some && d.rows == 0 && d.shape.Kind == String:
		d.some = true
		body, err := d.unpack(body, int(h.plain), d.shape.Snappy)
		if err != nil {
			return err
		}
		d.dict = int(h.values)
		return d.strings(body, int(h.values))
	case h.kind != pageDataV2 || h.repetition != 0:
		return fmt.Errorf("%w: page of type %d", ErrForeign, h.kind)
	}
	levels := int(h.definition)
	if h.values < 0 || h.values != h.rows || h.nulls < 0 || h.nulls > h.values || levels < 0 || levels > len(body) || levels > int(h.plain) ||
		int(h.rows) > d.shape.Rows-d.rows || !d.shape.Optional && h.nulls > 0 {
		return fmt.Errorf("a page of %d values, %d of them null, for %d rows", h.values, h.nulls, d.shape.Rows-d.rows)
	}
	null, err := d.nulls(body[:levels], int(h.rows), int(h.nulls))
	if err != nil {
		return err
	}
	data, err := d.unpack(body[levels:], int(h.plain)-levels, d.shape.Snappy && h.compressed)
	if err != nil {
		return err
	}
	if err := d.values(h.encoding, data, int(h.rows-h.nulls)); err != nil {
		return err
	}
	d.spread(null, int(h.rows))
	d.rows += int(h.rows)
	return nil
}

// unpack decompresses a page, which has size bytes then. It takes no more memory than
// the bytes of the body can come to: a copy of Snappy makes 64 bytes of 3, nothing in it
// makes more, and what compresses better has been encoded in few bytes before.
// Source: format_description.txt of google/snappy.
func (d *decoding) unpack(body []byte, size int, snappy bool) ([]byte, error) {
	if !snappy || len(body) == 0 {
		return body, nil
	}
	n, err := s2.DecodedLen(body)
	if err != nil {
		return nil, fmt.Errorf("decompress a page: %w", err)
	}
	if n != size {
		return nil, fmt.Errorf("a page of %d bytes when decompressed, not %d", n, size)
	}
	if n > len(body)*64/3 {
		return nil, fmt.Errorf("%d bytes of Snappy cannot be %d when decompressed: the page is damaged", len(body), n)
	}
	if cap(d.plain) < n {
		d.plain = make([]byte, n)
	}
	if d.plain, err = s2.Decode(d.plain[:n], body); err != nil {
		return nil, fmt.Errorf("decompress a page: %w", err)
	}
	return d.plain, nil
}

// nulls returns which rows of a page are null, nil where none is.
func (d *decoding) nulls(levels []byte, rows, nulls int) ([]uint32, error) {
	if !d.shape.Optional || nulls == 0 {
		return nil, nil
	}
	d.defined = room(d.defined, rows)
	if err := unpackRuns(levels, 1, d.defined); err != nil {
		return nil, fmt.Errorf("definition levels: %w", err)
	}
	n := 0
	for _, v := range d.defined {
		if v > 1 {
			return nil, fmt.Errorf("definition level %d", v)
		}
		n += int(1 - v)
	}
	if n != nulls {
		return nil, fmt.Errorf("a page with %d nulls, not %d", n, nulls)
	}
	return d.defined, nil
}

// values decodes the n values of a page.
func (d *decoding) values(encoding int32, data []byte, n int) (err error) {
	d.indices, d.ints, d.floats = d.indices[:0], d.ints[:0], d.floats[:0]
	switch k := d.shape.Kind; {
	case n == 0:
	case k == String && (encoding == encDictionary || encoding == encDictionaryV1):
		if len(data) == 0 || data[0] > 32 {
			return errors.New("a page of indices without their width")
		}
		d.indices = room(d.indices, n)
		if err := unpackRuns(data[1:], uint(data[0]), d.indices); err != nil {
			return fmt.Errorf("indices: %w", err)
		}
		for _, k := range d.indices {
			if int(k) >= d.dict {
				return fmt.Errorf("index %d in a dictionary of %d", k, d.dict)
			}
		}
	case k == String && encoding == encPlain:
		from := d.out.Words.Len()
		if err := d.strings(data, n); err != nil {
			return err
		}
		for i := range n {
			d.indices = append(d.indices, uint32(from+i))
		}
	case k == Int64 && encoding == encDelta:
		if d.ints, err = unpackDelta(data, n, d.ints); err != nil {
			return fmt.Errorf("delta-packed numbers: %w", err)
		}
	case k == Int64 && encoding == encPlain:
		if len(data) < 8*n {
			return fmt.Errorf("%d bytes for %d numbers", len(data), n)
		}
		for i := range n {
			d.ints = append(d.ints, int64(binary.LittleEndian.Uint64(data[8*i:])))
		}
	case k == Float32 && encoding == encPlain:
		if len(data) < 4*n {
			return fmt.Errorf("%d bytes for %d numbers", len(data), n)
		}
		for i := range n {
			d.floats = append(d.floats, math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])))
		}
	default:
		return fmt.Errorf("%w: encoding %d", ErrForeign, encoding)
	}
	return nil
}

// strings adds n plain strings to the words.
func (d *decoding) strings(data []byte, n int) error {
	if n < 0 || len(data)/4 < n {
		return fmt.Errorf("%d bytes for %d strings", len(data), n)
	}
	w := &d.out.Words
	if w.End == nil {
		w.End, w.Text = make([]uint32, 0, n), make([]byte, 0, len(data)-4*n)
	}
	for range n {
		if len(data) < 4 {
			return errors.New("a string is cut off")
		}
		size := binary.LittleEndian.Uint32(data)
		if data = data[4:]; uint64(size) > uint64(len(data)) {
			return errors.New("a string is cut off")
		}
		w.add(data[:size])
		data = data[size:]
	}
	if len(w.Text) > math.MaxUint32 {
		return fmt.Errorf("%w: strings of more than 4 GiB", ErrForeign)
	}
	return nil
}

// spread adds the page's values to the chunk, a row each.
func (d *decoding) spread(defined []uint32, rows int) {
	o := d.out
	if defined != nil && o.Null == nil {
		o.Null = make([]bool, d.rows, d.shape.Rows)
	}
	if o.Null != nil {
		for i := range rows {
			o.Null = append(o.Null, defined != nil && defined[i] == 0)
		}
	}
	switch d.shape.Kind {
	case String:
		o.Indices = spread(o.Indices, d.indices, defined, NoValue, d.shape.Rows)
	case Int64:
		o.Ints = spread(o.Ints, d.ints, defined, 0, d.shape.Rows)
	case Float32:
		o.Floats = spread(o.Floats, d.floats, defined, 0, d.shape.Rows)
	}
}

func spread[T any](to, values []T, defined []uint32, none T, rows int) []T {
	if to == nil {
		to = make([]T, 0, rows)
	}
	if defined == nil {
		return append(to, values...)
	}
	k := 0
	for _, v := range defined {
		if v == 0 {
			to = append(to, none)
			continue
		}
		to = append(to, values[k])
		k++
	}
	return to
}

func room[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
