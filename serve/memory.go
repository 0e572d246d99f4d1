package serve

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"bespoke"
	"bespoke/awsapi/wire"
)

// answer is one answer that was given: what an event's recommendationId refers
// to.
type answer struct {
	campaign bespoke.ARN
	items    []string // in the order of the answer
}

// memory keeps the newest answers, at most so many. An answer's ID says where it
// is, to those who know the secret. Safe for concurrent use.
type memory struct {
	secret uint64
	given  atomic.Uint64 // how many answers were
	ring   []atomic.Pointer[given]
}

// given is an answer as it is kept. Each of its items is preceded by its length.
type given struct {
	id       uuid.UUID
	campaign bespoke.ARN
	items    string
}

// newMemory returns one for n answers, at least one.
func newMemory(n int) *memory {
	return &memory{secret: rand.Uint64(), ring: make([]atomic.Pointer[given], n)}
}

// place sets the first 48 bits of an ID to the next place, covered by what follows
// from the 32 after them.
func (m *memory) place(id *uuid.UUID) {
	covered := m.given.Add(1) ^ m.cover(id)
	binary.BigEndian.PutUint64(id[:8], covered<<16|uint64(binary.BigEndian.Uint16(id[6:])))
}

func (m *memory) cover(id *uuid.UUID) uint64 { return xxh3.HashSeed(id[6:10], m.secret) }

// slot returns the place of an ID.
func (m *memory) slot(id *uuid.UUID) *atomic.Pointer[given] {
	n := (binary.BigEndian.Uint64(id[:8])>>16 ^ m.cover(id)) & (1<<48 - 1)
	return &m.ring[n%uint64(len(m.ring))]
}

// add remembers the answer of an ID that has a place. The oldest gives way.
func (m *memory) add(id uuid.UUID, campaign bespoke.ARN, items []wire.PredictedItem) {
	size := 0
	for i := range items {
		size += len(items[i].ItemId) + binary.MaxVarintLen16
	}
	var b strings.Builder
	b.Grow(size)
	for i := range items {
		var length [binary.MaxVarintLen64]byte
		b.Write(binary.AppendUvarint(length[:0], uint64(len(items[i].ItemId))))
		b.WriteString(items[i].ItemId)
	}
	m.slot(&id).Store(&given{id, campaign, b.String()})
}

func (m *memory) get(id uuid.UUID) (answer, bool) {
	g := m.slot(&id).Load()
	if g == nil || g.id != id {
		return answer{}, false
	}
	out := answer{campaign: g.campaign}
	for rest := g.items; rest != ""; {
		size, n := binary.Uvarint([]byte(rest[:min(len(rest), binary.MaxVarintLen64)]))
		out.items, rest = append(out.items, rest[n:n+int(size)]), rest[n+int(size):]
	}
	return out, true
}
