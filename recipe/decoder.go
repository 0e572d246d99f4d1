package recipe

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc64"
	"io"
	"iter"

	"bespoke/history"
)

// Decoder reads what an Encoder wrote. After its first error it returns zero
// values; Err tells the error. It allocates no more than the file holds,
// whatever lengths the file claims.
type Decoder struct {
	r   *bufio.Reader
	sum hash.Hash64
	err error
}

func newDecoder(r io.Reader) *Decoder {
	return &Decoder{r: bufio.NewReaderSize(r, 1<<16), sum: crc64.New(crcTable)}
}

// Err returns the first error.
func (d *Decoder) Err() error { return d.err }

// Fail sets the error, if there is none yet.
func (d *Decoder) Fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

func (d *Decoder) close() error {
	if d.err != nil {
		return d.err
	}
	want := d.sum.Sum64()
	if got := binary.LittleEndian.Uint64(d.bytes(8)); d.err == nil && got != want {
		d.err = errors.New("it is damaged: its checksum is wrong")
	}
	if _, err := d.r.ReadByte(); d.err == nil && err != io.EOF {
		d.err = errors.New("something follows its end")
	}
	return d.err
}

// bytes reads n bytes; after an error it returns zeros.
func (d *Decoder) bytes(n int) []byte {
	b := make([]byte, n)
	if d.err == nil {
		if _, d.err = io.ReadFull(d.r, b); d.err != nil {
			d.err = fmt.Errorf("it is cut short: %w", d.err)
			clear(b)
		}
		d.sum.Write(b)
	}
	return b
}

func (d *Decoder) text(n int) string { return string(d.bytes(n)) }

// Int reads one integer.
func (d *Decoder) Int() int64 {
	return int64(binary.LittleEndian.Uint64(d.bytes(8)))
}

// Float reads one number.
func (d *Decoder) Float() (x float64) {
	d.decode(8, &x)
	return x
}

// String reads a text of up to 128 KiB.
func (d *Decoder) String() string {
	n := d.Int()
	if n < 0 || n > longest {
		d.Fail("it has a text of %d bytes", n)
		return ""
	}
	return d.text(int(n))
}

// length reads the length of an array.
func (d *Decoder) length() int {
	n := d.Int()
	if n < 0 || n > 1<<40 {
		d.Fail("it has an array of %d elements", n)
		return 0
	}
	return int(n)
}

func (d *Decoder) decode(size int, into any) {
	if _, err := binary.Decode(d.bytes(size), binary.LittleEndian, into); err != nil {
		d.Fail("decode: %w", err)
	}
}

// Get reads an array. If want is not negative, another length is an error.
func Get[T number](d *Decoder, want int) (a []T) {
	for part := range parts[T](d, want) {
		a = append(a, part...)
	}
	return a
}

// GetEach is Get for arrays that are kept otherwise: each hears the elements in turn,
// up to the first error.
func GetEach[T number](d *Decoder, want int, each func(i int, x T)) {
	i := 0
	for part := range parts[T](d, want) {
		for _, x := range part {
			if d.err == nil {
				each(i, x)
			}
			i++
		}
	}
}

// parts yields an array piece by piece. A piece is of use until the next.
func parts[T number](d *Decoder, want int) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		n := d.length()
		if want >= 0 && n != want {
			d.Fail("it has an array of %d elements where %d are due", n, want)
		}
		var zero T
		size := binary.Size(zero)
		part := make([]T, min(n, chunk))
		for d.err == nil && n > 0 {
			part = part[:min(n, chunk)]
			if d.decode(len(part)*size, part); d.err != nil || !yield(part) {
				return
			}
			n -= len(part)
		}
	}
}

// GetNumbers is Get for item numbers, which must be below limit.
func GetNumbers(d *Decoder, want, limit int) []uint32 {
	a := Get[uint32](d, want)
	for _, n := range a {
		if int(n) >= limit {
			d.Fail("it speaks of number %d of %d", n, limit)
			return nil
		}
	}
	return a
}

// GetIDs reads a dictionary.
func GetIDs(d *Decoder) *history.Dictionary {
	n := d.length()
	ids := history.NewDictionary()
	for i := 0; i < n && d.err == nil; i++ {
		if id := d.String(); d.err == nil && ids.Add(id) != uint32(i) {
			d.Fail("it lists %.100q twice", id)
		}
	}
	return ids
}
