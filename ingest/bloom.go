package ingest

import "sync/atomic"

// bloom is a set of fingerprints that may contain more than was added: one in
// a few hundred where it has eight bits for each that was. It is split into
// blocks of a cache line, so that a look-up misses the cache once. Adding and
// asking are safe for concurrent use. Source: Putze, Sanders and Singler,
// "Cache-, Hash- and Space-Efficient Bloom Filters", WEA 2007.
type bloom struct {
	words []uint64 // eight to a block
	mask  uint64
}

// newBloom returns an empty set for about n fingerprints that takes at most so
// many bytes.
func newBloom(n, bytes int64) *bloom {
	size := int64(64)
	for size < n*2 && size*2 <= bytes {
		size *= 2
	}
	return &bloom{words: make([]uint64, size/8), mask: uint64(size/64 - 1)}
}

// bits calls f for each of the six bits that stand for a fingerprint, which
// are all in one block, until f returns false.
func (b *bloom) bits(x, y uint64, f func(word *uint64, bit uint64) bool) bool {
	block := b.words[(x&b.mask)*8:][:8]
	for range 6 {
		if !f(&block[y&7], 1<<(y>>3&63)) {
			return false
		}
		y >>= 9
	}
	return true
}

func (b *bloom) add(x, y uint64) {
	b.bits(x, y, func(w *uint64, bit uint64) bool {
		atomic.OrUint64(w, bit)
		return true
	})
}

func (b *bloom) has(x, y uint64) bool {
	return b.bits(x, y, func(w *uint64, bit uint64) bool { return *w&bit != 0 })
}
