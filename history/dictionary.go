package history

import (
	"hash/maphash"
	"math"
	"strings"
)

// Dictionary numbers distinct IDs from 0 in the order in which they were added.
// It keeps the IDs' bytes in one string and a table of 4 bytes a slot, about a
// quarter of what a Go map would take. The zero Dictionary is empty. Any number of
// goroutines may read it while none adds.
type Dictionary struct {
	text  strings.Builder // all IDs, one after another
	end   []int           // where each ends in text
	slots []uint32        // open addressing, number+1; 0 is a free slot
	seed  maphash.Seed
}

// NewDictionary returns the dictionary of ids; a repeated ID keeps its first
// number, so that the numbers are the indices of ids if none repeats.
func NewDictionary(ids ...string) *Dictionary {
	d := &Dictionary{}
	d.grow(len(ids))
	for _, id := range ids {
		d.Add(id)
	}
	return d
}

// Len returns the number of IDs.
func (d *Dictionary) Len() int { return len(d.end) }

// ID returns the ID of number n, which must be below Len. The string shares the
// dictionary's memory.
func (d *Dictionary) ID(n uint32) string {
	start := 0
	if n > 0 {
		start = d.end[n-1]
	}
	return d.text.String()[start:d.end[n]]
}

// IDs returns all IDs in the order of their numbers.
func (d *Dictionary) IDs() []string {
	ids := make([]string, d.Len())
	for n := range ids {
		ids[n] = d.ID(uint32(n))
	}
	return ids
}

// Lookup returns the number of id and whether there is one.
func (d *Dictionary) Lookup(id string) (uint32, bool) {
	if len(d.slots) == 0 {
		return 0, false
	}
	n, _ := d.find(id)
	return n, n != none
}

// Add returns the number of id, a new one if it has none yet. A dictionary
// holds fewer than 2³¹ IDs.
func (d *Dictionary) Add(id string) uint32 {
	if 4*(len(d.end)+1) > 3*len(d.slots) {
		d.grow(2 * len(d.end))
	}
	n, slot := d.find(id)
	if n != none {
		return n
	}
	n = uint32(len(d.end))
	d.text.WriteString(id)
	d.end = append(d.end, d.text.Len())
	d.slots[slot] = n + 1
	return n
}

const none = math.MaxUint32

// find returns the number of id and its slot, or none and the free slot where
// it belongs.
func (d *Dictionary) find(id string) (n uint32, slot int) {
	mask := len(d.slots) - 1
	slot = int(maphash.String(d.seed, id)) & mask
	for ; d.slots[slot] != 0; slot = (slot + 1) & mask {
		if n := d.slots[slot] - 1; d.ID(n) == id {
			return n, slot
		}
	}
	return none, slot
}

// grow makes the table large enough for n IDs at three quarters of its slots.
func (d *Dictionary) grow(n int) {
	size := 16
	for 3*size < 4*n {
		size *= 2
	}
	if d.slots == nil {
		d.seed = maphash.MakeSeed()
	}
	d.slots = make([]uint32, size)
	for n := range d.end {
		_, slot := d.find(d.ID(uint32(n)))
		d.slots[slot] = uint32(n) + 1
	}
}
