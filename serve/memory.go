package serve

import (
	"encoding/binary"
	"math/rand/v2"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/zeebo/xxh3"

	"bespoke"
	"bespoke/awsapi/wire"
)

// memory keeps the newest answers, at most so many. An answer's ID says where it
// is, to those who know the secret. Safe for concurrent use.
type memory struct {
	secret uint64
	given  atomic.Uint64 // how many answers were
	ring   []atomic.Pointer[given]
}

// given is an answer that was given: what an event's recommendationId refers to.
type given struct {
	id       uuid.UUID
	campaign bespoke.ARN
	items    []itemKey // in the order of the answer
}

// itemKey stands for an item's ID. Of two items one in 2^32 has the other's.
type itemKey uint32

func keyOf(item string) itemKey { return itemKey(xxh3.HashString(item)) }

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

// add remembers the answer of an ID that has a place, in 4 bytes for each item. The
// oldest gives way.
func (m *memory) add(id uuid.UUID, campaign bespoke.ARN, items []wire.PredictedItem) {
	keys := make([]itemKey, len(items))
	for i := range items {
		keys[i] = keyOf(items[i].ItemId)
	}
	m.slot(&id).Store(&given{id, campaign, keys})
}

// get returns the answer of an ID, nil if it is not known any more.
func (m *memory) get(id uuid.UUID) *given {
	if g := m.slot(&id).Load(); g != nil && g.id == id {
		return g
	}
	return nil
}

// items returns what the answer with this ID, as the API has it, showed; nil if that is
// not known any more.
func (m *memory) items(recommendationID string) []itemKey {
	if id, ok := parseID(recommendationID); ok {
		if g := m.get(id); g != nil {
			return g.items
		}
	}
	return nil
}
