package ingest

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"

	"bespoke/parquet"
)

// seeds are the random multipliers of one job's hashes. Nobody can choose
// values that collide without knowing them. Equal within a job only.
type seeds [8]uint64

func newSeeds() seeds {
	var b [8 * 8]byte
	rand.Read(b[:])
	var s seeds
	for i := range s {
		s[i] = binary.LittleEndian.Uint64(b[8*i:]) | 1
	}
	return s
}

// fold multiplies to 128 bits and folds the halves into one.
func fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// shape is how a short string of some length becomes a word: which bytes of two
// little-endian words are its own, and what the highest byte says.
type shape struct{ low, high, top uint64 }

var shapes = func() (s [parquet.MaxInline + 1]shape) {
	for n := range s {
		s[n] = shape{^uint64(0), 0, uint64(n) << 56}
		if n < 8 {
			s[n].low = 1<<(8*n) - 1
		} else {
			s[n].high = 1<<(8*(n-8)) - 1
		}
	}
	s[0].top = parquet.Single << 56 // it may stand for null
	return s
}()

// pad is how many readable bytes must follow a value given to word.
const pad = 16

// word prepares the string of n bytes at buf[at] for a dictionary and returns
// a second hash of it, independent of the word's own. At least pad bytes must
// follow at in buf, whatever n is.
//
// The hash is the product of the two halves of a short string, each masked
// by a random word, as in wyhash; longer strings chain such products.
// Source: Wang Yi et al., "Modern Non-Cryptographic Hash Function", 2019.
func (s *seeds) word(w *parquet.Word, buf []byte, at, n int) uint64 {
	if n <= parquet.MaxInline {
		b, m := buf[at:at+16], &shapes[n]
		w.A = binary.LittleEndian.Uint64(b) & m.low
		w.B = binary.LittleEndian.Uint64(b[8:])&m.high | m.top
		w.Hash = fold(w.A^s[0], w.B^s[1])
		return fold(w.A^s[2], w.B^s[3])
	}
	a, b := s[0]^uint64(n), s[2]^uint64(n)
	for v := buf[at : at+n]; len(v) > 0; v = v[min(16, len(v)):] {
		if len(v) < 16 { // the last 16 bytes, some of them again
			v = buf[at+n-16 : at+n]
		}
		x, y := binary.LittleEndian.Uint64(v), binary.LittleEndian.Uint64(v[8:])
		a = fold(x^a, y^s[1])
		b = fold(x^b, y^s[3])
	}
	w.A, w.B, w.Hash = a, b|parquet.Single<<56, a
	return b
}

// prints are the fingerprints of a batch's rows under way: 128 bits each, into
// which column after column is mixed.
type prints struct {
	a, b [batchRows]uint64
}

// start begins the fingerprints of n rows.
func (p *prints) start(n int) {
	clear(p.a[:n])
	clear(p.b[:n])
}

// drop leaves bad rows out of the first n and returns how many remain.
func (p *prints) drop(n int, bad []bool) int {
	k := 0
	for r := range n {
		if !bad[r] {
			p.a[k], p.b[k] = p.a[r], p.b[r]
			k++
		}
	}
	return k
}

// nullMark and numberMark tell a null and a number from strings.
const (
	nullMark   = 0x9E3779B97F4A7C15
	numberMark = 0xC2B2AE3D27D4EB4F
)

// mix mixes the two hashes of row r's next value into its fingerprint.
func (p *prints) mix(s *seeds, r int, x, y uint64) {
	p.a[r] = fold(p.a[r]^x^s[4], s[5])
	p.b[r] = fold(p.b[r]^y^s[6], s[7])
}

// number mixes in a number, given as its 64 bits.
func (p *prints) number(s *seeds, r int, v uint64) { p.mix(s, r, v, v^numberMark) }

// null mixes in a null.
func (p *prints) null(s *seeds, r int) { p.mix(s, r, nullMark, nullMark) }
