package neural

import (
	"math"
	"math/rand/v2"
	"sort"

	"bespoke/history"
)

// position is an entry of the sequences that something comes before.
type position struct {
	start, at int   // of the user's part, and of the entry
	noise     noise // of what is left out
}

// positions goes through all of them again and again, each time in another
// order.
type positions struct {
	at     []uint32 // entries with something before them
	start  []uint32 // of their users' parts
	r      *rand.Rand
	i      int // next
	offset int
	stride int
}

func newPositions(s *history.Sequences, seed uint64) *positions {
	p := &positions{r: rand.New(rand.NewPCG(seed, 0x706f73))}
	for u := range s.Users() {
		for at := s.Start[u] + 1; at < s.Start[u+1]; at++ {
			p.at = append(p.at, uint32(at))
			p.start = append(p.start, uint32(s.Start[u]))
		}
	}
	return p
}

func (p *positions) len() int { return len(p.at) }

// next fills to with the next ones.
func (p *positions) next(to []position) {
	for n := range to {
		if p.i == 0 {
			p.offset, p.stride = p.r.IntN(p.len()), coprime(p.r, p.len())
		}
		i := (p.offset + p.i*p.stride) % p.len()
		p.i = (p.i + 1) % p.len()
		to[n] = position{start: int(p.start[i]), at: int(p.at[i]), noise: noise(p.r.Uint64())}
	}
}

// newest sets to to the newest of past, the oldest first, at most n: they come
// the newest first.
func newest(to, past []uint32, n int) []uint32 {
	to = to[:0]
	for d := range min(n, len(past)) {
		to = append(to, past[len(past)-1-d])
	}
	return to
}

// coprime returns a stride that visits all of n numbers.
func coprime(r *rand.Rand, n int) int {
	for {
		k := 1 + r.IntN(n)
		a, b := k, n
		for b != 0 {
			a, b = b, a%b
		}
		if a == 1 {
			return k
		}
	}
}

// sampler draws items by the square root of how often they were taken.
type sampler struct {
	upTo []float64 // of the chances, which sum to the last
	r    *rand.Rand
}

func newSampler(s *history.Sequences, items int, seed uint64) *sampler {
	sm := &sampler{upTo: make([]float64, items), r: rand.New(rand.NewPCG(seed, 0x6e6567))}
	for _, it := range s.Item {
		sm.upTo[it]++
	}
	sum := 0.0
	for i, n := range sm.upTo {
		sum += math.Sqrt(n)
		sm.upTo[i] = sum
	}
	return sm
}

// draw returns an item and the logarithm of its chance.
func (sm *sampler) draw() (item uint32, chance float64) {
	all := sm.upTo[len(sm.upTo)-1]
	x := sm.r.Float64() * all
	i := sort.Search(len(sm.upTo)-1, func(i int) bool { return sm.upTo[i] > x })
	mass := sm.upTo[i]
	if i > 0 {
		mass -= sm.upTo[i-1]
	}
	return uint32(i), math.Log(mass / all)
}
