package serve

import (
	"strings"
	"sync"

	"bespoke"
)

// answer is one answer that was given: what an event's recommendationId refers
// to.
type answer struct {
	campaign bespoke.ARN
	items    []string // in the order of the answer
}

// memory keeps the newest answers, at most so many. Safe for concurrent use.
type memory struct {
	mu   sync.Mutex
	ring []given
	next int
	byID map[string]int // where in ring
}

// given is an answer as it is kept, in few allocations: its items are one text.
type given struct {
	id       string
	campaign bespoke.ARN
	items    string
	ends     []uint32 // of each item in items
}

func newMemory(n int) *memory { return &memory{ring: make([]given, n), byID: make(map[string]int, n)} }

// add remembers an answer in place of the oldest one.
func (m *memory) add(id string, campaign bespoke.ARN, n int, item func(i int) string) {
	if len(m.ring) == 0 {
		return
	}
	var b strings.Builder
	size := 0
	for i := range n {
		size += len(item(i))
	}
	b.Grow(size)
	g := given{id: id, campaign: campaign, ends: make([]uint32, n)}
	for i := range n {
		b.WriteString(item(i))
		g.ends[i] = uint32(b.Len())
	}
	g.items = b.String()
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.byID, m.ring[m.next].id)
	m.ring[m.next] = g
	m.byID[id] = m.next
	m.next = (m.next + 1) % len(m.ring)
}

func (m *memory) get(id string) (answer, bool) {
	m.mu.Lock()
	i, ok := m.byID[id]
	var g given
	if ok {
		g = m.ring[i]
	}
	m.mu.Unlock()
	if !ok {
		return answer{}, false
	}
	out := answer{campaign: g.campaign, items: make([]string, len(g.ends))}
	from := uint32(0)
	for i, to := range g.ends {
		out.items[i], from = g.items[from:to], to
	}
	return out, true
}
