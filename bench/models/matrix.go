package main

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"

	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/vector"
)

// asked is how many users' held-out items are looked for, at most.
const asked = 10_000

// matrix says who interacted with what: the items of user u are
// column[start[u]:start[u+1]].
type matrix struct {
	items         int
	start, column []uint32
	truth         []uint32 // of each user, one more item
}

func (m *matrix) users() int        { return len(m.start) - 1 }
func (m *matrix) of(u int) []uint32 { return m.column[m.start[u]:m.start[u+1]] }

// sequences returns histories whose times and rows are empty: ALS does not read
// them.
func (m *matrix) sequences() *history.Sequences {
	s := &history.Sequences{Item: m.column, Time: make([]int64, len(m.column)), Row: make([]uint32, len(m.column))}
	for _, x := range m.start {
		s.Start = append(s.Start, int(x))
	}
	return s
}

// generate makes users of 100 interactions each with 20,000 items in 200
// groups: four of five are from the user's three groups, all skewed to the first
// items of a group.
func generate(rows int) *matrix {
	const groups, size, each = 200, 100, 100
	r := rand.New(rand.NewPCG(1, 1))
	m := &matrix{items: groups * size, start: []uint32{0}}
	for range rows / each {
		mine := [3]int{r.IntN(groups), r.IntN(groups), r.IntN(groups)}
		seen := map[uint32]bool{}
		draw := func() uint32 {
			for {
				g := mine[r.IntN(3)]
				if r.IntN(5) == 0 {
					g = r.IntN(groups)
				}
				it := uint32(g*size + int(size*math.Pow(r.Float64(), 2)))
				if !seen[it] {
					seen[it] = true
					return it
				}
			}
		}
		for range each {
			m.column = append(m.column, draw())
		}
		m.truth = append(m.truth, draw())
		m.start = append(m.start, uint32(len(m.column)))
	}
	return m
}

// ndcg is the mean NDCG@10 of the first users by the inner products of their
// vectors with the items', items of the history left out.
func (m *matrix) ndcg(users, items []float32) float64 {
	gains := make([]float64, min(asked, m.users()))
	// The context is never done.
	_ = recipe.Blocks(context.Background(), runtime.GOMAXPROCS(0), len(gains), 64, func(from, to int) {
		for u := from; u < to; u++ {
			x, seen := users[u*factors:(u+1)*factors], make([]bool, m.items)
			for _, it := range m.of(u) {
				seen[it] = true
			}
			seen[m.truth[u]] = true
			score := func(it int) float32 { return vector.Dot(x, items[it*factors:(it+1)*factors]) }
			want, rank := score(int(m.truth[u])), 1
			for it := range m.items {
				if !seen[it] && score(it) >= want {
					rank++
				}
			}
			if rank <= 10 {
				gains[u] = 1 / math.Log2(1+float64(rank))
			}
		}
	})
	sum := 0.0
	for _, g := range gains {
		sum += g
	}
	return sum / float64(len(gains))
}

// save writes what either side reads.
func (m *matrix) save(dir string) error {
	return errors.Join(save(filepath.Join(dir, "starts"), m.start), save(filepath.Join(dir, "items"), m.column))
}

func open(dir string, items int) (*matrix, error) {
	start, err := load[uint32](filepath.Join(dir, "starts"))
	column, other := load[uint32](filepath.Join(dir, "items"))
	return &matrix{items: items, start: start, column: column}, errors.Join(err, other)
}

func save[T uint32 | float32](path string, a []T) error {
	b, err := binary.Append(nil, binary.LittleEndian, a)
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o600)
}

func load[T uint32 | float32](path string) ([]T, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	out := make([]T, len(b)/4)
	_, err = binary.Decode(b, binary.LittleEndian, out)
	return out, err
}
