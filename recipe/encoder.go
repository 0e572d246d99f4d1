package recipe

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash"
	"hash/crc64"
	"io"
	"slices"

	"bespoke/history"
)

// magic begins every model file. Its digit is the version of what is common to
// all of them: the header, the arrays and the checksum.
const magic = "bespoke model 1\n"

var crcTable = crc64.MakeTable(crc64.ECMA)

// Save writes a model of r: magic, recipe name, version, what the model
// encodes, and a CRC-64 of all that.
func (r Recipe) Save(w io.Writer, m Model) error {
	e := newEncoder(w)
	e.text(magic)
	e.String(r.Name)
	e.Int(int64(r.Version))
	m.Encode(e)
	return e.close()
}

// Encoder writes numbers little-endian and remembers the first error.
type Encoder struct {
	w   *bufio.Writer
	to  io.Writer
	sum hash.Hash64
	err error
}

func newEncoder(w io.Writer) *Encoder {
	sum := crc64.New(crcTable)
	return &Encoder{w: bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<16), to: w, sum: sum}
}

func (e *Encoder) close() error {
	if err := e.w.Flush(); e.err == nil {
		e.err = err
	}
	if e.err == nil {
		e.err = binary.Write(e.to, binary.LittleEndian, e.sum.Sum64())
	}
	return e.err
}

func (e *Encoder) text(s string) {
	if e.err == nil {
		_, e.err = e.w.WriteString(s)
	}
}

// Int writes one integer.
func (e *Encoder) Int(n int64) { write(e, n) }

// Float writes one number.
func (e *Encoder) Float(x float64) { write(e, x) }

// longest is the length of the longest text in bytes: more than what a column of
// 20,000 characters can hold.
const longest = 1 << 17

// String writes a text of up to 128 KiB.
func (e *Encoder) String(s string) {
	if len(s) > longest && e.err == nil {
		e.err = fmt.Errorf("recipe: a text has %d bytes, more than %d", len(s), longest)
	}
	e.Int(int64(len(s)))
	e.text(s)
}

func write(e *Encoder, v any) {
	if e.err == nil {
		e.err = binary.Write(e.w, binary.LittleEndian, v)
	}
}

// number is an element of the arrays that models consist of.
type number interface {
	uint8 | uint16 | uint32 | int64 | float32 | float64
}

const chunk = 1 << 14 // elements written or read at once

// Put writes an array.
func Put[T number](e *Encoder, a []T) {
	e.Int(int64(len(a)))
	for part := range slices.Chunk(a, chunk) {
		write(e, part)
	}
}

// PutEach is Put for arrays that are kept otherwise: of n elements, at returns the
// i-th.
func PutEach[T number](e *Encoder, n int, at func(i int) T) {
	e.Int(int64(n))
	part := make([]T, 0, min(n, chunk))
	for i := range n {
		if part = append(part, at(i)); len(part) == cap(part) || i == n-1 {
			write(e, part)
			part = part[:0]
		}
	}
}

// PutIDs writes a dictionary.
func PutIDs(e *Encoder, d *history.Dictionary) {
	e.Int(int64(d.Len()))
	for n := range d.Len() {
		e.String(d.ID(uint32(n)))
	}
}

// Header is the beginning of a model file.
type Header struct {
	Recipe  string
	Version uint32
}

// Open reads the header and returns a Decoder for the rest.
func Open(r io.Reader) (Header, *Decoder, error) {
	d := newDecoder(r)
	if got := d.text(len(magic)); d.err != nil || got != magic {
		if d.err == nil {
			d.err = fmt.Errorf("it begins with %q, not with %q", got, magic)
		}
		return Header{}, nil, fmt.Errorf("model file: %w", d.err)
	}
	h := Header{Recipe: d.String(), Version: uint32(d.Int())}
	if d.err != nil {
		return Header{}, nil, fmt.Errorf("model file: %w", d.err)
	}
	return h, d, nil
}

// Load reads a model of r from a file whose header was read already. It refuses
// files of another version, damaged files and files with something behind.
func (r Recipe) Load(h Header, d *Decoder) (Model, error) {
	if h.Recipe != r.Name {
		return nil, fmt.Errorf("model file: it is of recipe %.100q, not of %s", h.Recipe, r.Name)
	}
	if h.Version != r.Version {
		return nil, fmt.Errorf("model file: it has version %d of %s and this program reads version %d; train again or use the program that wrote it", h.Version, r.Name, r.Version)
	}
	m, err := r.Decode(d)
	if err == nil {
		err = d.close()
	}
	if err != nil {
		return nil, fmt.Errorf("model file of %s: %w", r.Name, err)
	}
	return m, nil
}
