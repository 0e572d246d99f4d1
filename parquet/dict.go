package parquet

import (
	"bytes"
	"math/bits"
	"slices"
)

// entry is what tells one string of a Dict from others. For a long string, its
// bytes must be compared as well.
type entry struct{ a, b uint64 }

// detail is what is needed of a string more rarely.
type detail struct {
	hash     uint64
	off, len uint32 // in the arena
}

const (
	maxWords  = 1 << 20 // strings in a Dict: an index takes 20 bits of a slot
	minSlots  = 1 << 10
	entrySize = 32 // with its detail
)

// Dict numbers distinct strings from 0 on, in the order of their coming: one
// column's dictionary in one row group. Not safe for concurrent use.
//
// It is an open-addressing table of 4-byte slots, at most half full: 12 bits
// of the hash and 20 bits of the entry's number plus one. A look-up that hits
// touches one slot and one entry.
type Dict struct {
	slots   []uint32
	shift   uint // leaves as many high bits of a hash as name a slot
	entries []entry
	details []detail
	arena   []byte // all strings, one behind the other
	limit   int    // bytes that the whole may take
	pool    *pool  // that they come from; may be nil
	held    int    // bytes taken out of it
}

// pool is what some Dicts may take together.
type pool struct{ free int }

// take takes out of the pool what d needs to have so many bytes, if there is as much.
func (p *pool) take(d *Dict, bytes int) bool {
	more := bytes - d.held
	if p == nil || more <= 0 {
		return true
	}
	if more > p.free {
		return false
	}
	p.free, d.held = p.free-more, bytes
	return true
}

// give puts back what d has taken.
func (p *pool) give(d *Dict) {
	if p != nil {
		p.free, d.held = p.free+d.held, 0
	}
}

func newDict(limit int) *Dict {
	d := &Dict{limit: limit}
	d.resize(minSlots)
	return d
}

// Len returns how many strings d holds.
func (d *Dict) Len() int { return len(d.entries) }

// Room reports whether d can take n more strings of so many bytes in all
// without growing beyond its limits.
func (d *Dict) Room(n, size int) bool {
	n += len(d.entries)
	slots := len(d.slots)
	for 2*n > slots {
		slots *= 2
	}
	bytes := entrySize*n + 4*slots + len(d.arena) + size
	return n < maxWords && bytes <= d.limit && d.pool.take(d, bytes)
}

// Find returns the number of the string that w stands for.
func (d *Dict) Find(w *Word, text []byte) (uint32, bool) {
	tag := uint32(w.Hash) & 0xFFF
	mask := uint64(len(d.slots) - 1)
	for i := w.Hash >> d.shift; ; i++ {
		s := d.slots[i&mask]
		if s == 0 {
			return 0, false
		}
		if s>>20 != tag {
			continue
		}
		k := s&(maxWords-1) - 1
		if e := &d.entries[k]; e.a == w.A && e.b == w.B && (!w.single() || bytes.Equal(d.text(k), text)) {
			return k, true
		}
	}
}

// FindAll looks up many strings at once. It sets out[i] to the number of
// the string that words[i] stands for and returns, appended to rest, each i
// for which it has not: strings that are new, single, or not in
// the first slot that their hash leads to.
//
// Loads of one step do not wait for one another, and nothing branches on what
// they bring, so that the cache misses of many strings overlap.
func (d *Dict) FindAll(words []Word, out, rest []uint32) []uint32 {
	out = out[:len(words)]
	if len(d.entries) == 0 {
		for i := range words {
			rest = append(rest, uint32(i))
		}
		return rest
	}
	slots, shift := d.slots, d.shift
	for i := range words {
		out[i] = slots[words[i].Hash>>shift]
	}
	at := len(rest)
	rest = slices.Grow(rest, len(words))[:at+len(words)]
	entries := d.entries
	for i := range words {
		w := &words[i]
		k := out[i] & (maxWords - 1)
		k -= (k | -k) >> 31 // less one, unless the slot is empty
		e := &entries[k]
		diff := (e.a ^ w.A) | (e.b ^ w.B) | w.B>>63 // not 0 where they differ, or w is single
		out[i] = k
		rest[at] = uint32(i)
		at += int((diff | -diff) >> 63)
	}
	return rest[:at]
}

// Add adds a string that Find did not find and returns its number.
func (d *Dict) Add(w *Word, text []byte) uint32 {
	k := uint32(len(d.entries))
	d.entries = append(d.entries, entry{a: w.A, b: w.B})
	d.details = append(d.details, detail{hash: w.Hash, off: uint32(len(d.arena)), len: uint32(len(text))})
	d.arena = append(d.arena, text...)
	if 2*len(d.entries) > len(d.slots) {
		d.resize(2 * len(d.slots))
	} else {
		d.put(w.Hash, k)
	}
	return k
}

// resize makes the table n slots large, n a power of two, and puts all entries
// into it.
func (d *Dict) resize(n int) {
	d.slots = make([]uint32, n)
	d.shift = uint(64 - bits.TrailingZeros(uint(n)))
	for k := range d.details {
		d.put(d.details[k].hash, uint32(k))
	}
}

func (d *Dict) put(hash uint64, k uint32) {
	mask := uint64(len(d.slots) - 1)
	i := hash >> d.shift
	for d.slots[i&mask] != 0 {
		i++
	}
	d.slots[i&mask] = uint32(hash)&0xFFF<<20 | (k + 1)
}

// reset empties d and keeps its memory.
func (d *Dict) reset() {
	clear(d.slots)
	d.entries, d.details, d.arena = d.entries[:0], d.details[:0], d.arena[:0]
}

// text returns the string with number k.
func (d *Dict) text(k uint32) []byte {
	e := &d.details[k]
	return d.arena[e.off : e.off+e.len]
}
