package parquet

import (
	"crypto/rand"
	"encoding/binary"
	"math/bits"
)

// Word is a string prepared for looking it up in a Dict. For at most MaxInline
// bytes, A and B are the bytes themselves, little-endian and filled up with
// zeros, and the highest byte of B is their number. For more, A and B are two
// independent hashes and that byte is Single; so it is for any string that
// FindAll is to leave alone. Equal strings have equal words. Hash decides the
// place in the table only.
type Word struct {
	A, B, Hash uint64
}

// MaxInline is how many bytes of a string A and B of its Word hold, and Single
// what is in the highest byte of B for strings that are looked up one by one.
const (
	MaxInline = 15
	Single    = 0xFF
)

// single reports whether w may not hold the string itself.
func (w *Word) single() bool { return w.B>>56 == Single }

// Seeds are the random multipliers that words are hashed with. Nobody can
// choose strings that collide without knowing them. Words of one Dict must be
// made with the same seeds.
type Seeds [4]uint64

// NewSeeds returns random seeds.
func NewSeeds() Seeds {
	var b [8 * len(Seeds{})]byte
	rand.Read(b[:])
	var s Seeds
	for i := range s {
		s[i] = binary.LittleEndian.Uint64(b[8*i:]) | 1
	}
	return s
}

// Fold multiplies to 128 bits and folds the halves into one.
func Fold(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// shape is how a short string of some length becomes a word: which bytes of two
// little-endian words are its own, and what the highest byte says.
type shape struct{ low, high, top uint64 }

var shapes = func() (s [MaxInline + 1]shape) {
	for n := range s {
		s[n] = shape{^uint64(0), 0, uint64(n) << 56}
		if n < 8 {
			s[n].low = 1<<(8*n) - 1
		} else {
			s[n].high = 1<<(8*(n-8)) - 1
		}
	}
	s[0].top = Single << 56 // it may stand for null
	return s
}()

// Pad is how many readable bytes must follow the beginning of a string given
// to Seeds.Word.
const Pad = 16

// Word prepares the string of n bytes at buf[at] for a dictionary and returns
// a second hash of it, independent of the word's own. At least Pad bytes must
// follow at in buf, whatever n is.
//
// The hash is the product of the two halves of a short string, each masked
// by a random word, as in wyhash; longer strings chain such products.
// Source: Wang Yi et al., "Modern Non-Cryptographic Hash Function", 2019.
func (s *Seeds) Word(w *Word, buf []byte, at, n int) uint64 {
	if n <= MaxInline {
		b, m := buf[at:at+16], &shapes[n]
		w.A = binary.LittleEndian.Uint64(b) & m.low
		w.B = binary.LittleEndian.Uint64(b[8:])&m.high | m.top
		w.Hash = Fold(w.A^s[0], w.B^s[1])
		return Fold(w.A^s[2], w.B^s[3])
	}
	a, b := s[0]^uint64(n), s[2]^uint64(n)
	for v := buf[at : at+n]; len(v) > 0; v = v[min(16, len(v)):] {
		if len(v) < 16 { // the last 16 bytes, some of them again
			v = buf[at+n-16 : at+n]
		}
		x, y := binary.LittleEndian.Uint64(v), binary.LittleEndian.Uint64(v[8:])
		a = Fold(x^a, y^s[1])
		b = Fold(x^b, y^s[3])
	}
	w.A, w.B, w.Hash = a, b|Single<<56, a
	return b
}
