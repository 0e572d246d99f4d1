package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"bespoke/history"
	"bespoke/recipe/als"
	"bespoke/recipe/vector"
)

const (
	factors    = 64
	iterations = 15
	asked      = 2000 // users whose held-out item is looked for
)

// compareALS runs both on one generated matrix with the same number of factors
// and iterations, both with three steps of conjugate gradients for each row.
func compareALS(ctx context.Context, python string, rows int) error {
	s, items, truth := generate(rows)
	dir, err := os.MkdirTemp("", "bespoke-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := save(filepath.Join(dir, "starts"), s.Start32()); err != nil {
		return err
	}
	if err := save(filepath.Join(dir, "items"), s.Item); err != nil {
		return err
	}
	fmt.Printf("\n| ALS of %d interactions, %d users, %d items | time | NDCG@10 |\n|---|---|---|\n", len(s.Item), s.Users(), items)
	workers := runtime.GOMAXPROCS(0)
	start := time.Now()
	m, err := als.Fit(ctx, s.Sequences, items, als.Config{Factors: factors, Iterations: iterations, Seed: 1, Workers: workers})
	if err != nil {
		return err
	}
	took := time.Since(start)
	ours := ndcg(s.Sequences, truth, m.Items, func(u int) []float32 {
		past, _ := s.Of(uint32(u))
		ones := make([]float32, len(past))
		for i := range ones {
			ones[i] = 1
		}
		return m.Fold(past, ones)
	})
	fmt.Printf("| ours | %.1f s | %.4f |\n", took.Seconds(), ours)
	cmd := exec.CommandContext(ctx, python, "models/implicit_als.py", dir, strconv.Itoa(items), strconv.Itoa(factors), strconv.Itoa(iterations), strconv.Itoa(workers))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", cmd, err)
	}
	var seconds float64
	if _, err := fmt.Sscan(string(out), &seconds); err != nil {
		return fmt.Errorf("%s printed %q: %w", cmd, out, err)
	}
	users, err := load(filepath.Join(dir, "user_factors"))
	if err != nil {
		return err
	}
	theirs, err := load(filepath.Join(dir, "item_factors"))
	if err != nil {
		return err
	}
	fmt.Printf("| implicit | %.1f s | %.4f |\n", seconds, ndcg(s.Sequences, truth, theirs, func(u int) []float32 { return users[u*factors : (u+1)*factors] }))
	return nil
}

// matrix is histories, whose times and rows are empty: ALS does not read them.
type matrix struct{ *history.Sequences }

// Start32 returns the bounds of the users as Python reads them.
func (m matrix) Start32() []uint32 {
	out := make([]uint32, len(m.Start))
	for i, s := range m.Start {
		out[i] = uint32(s)
	}
	return out
}

// generate makes users of 100 interactions each with 20,000 items in 200
// groups: four of five are from the user's three groups, all skewed to the first
// items of a group. truth is one more item of each user.
func generate(rows int) (m matrix, items int, truth []uint32) {
	const groups, size, each = 200, 100, 100
	r := rand.New(rand.NewPCG(1, 1))
	s := &history.Sequences{Start: []int{0}}
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
			s.Item = append(s.Item, draw())
		}
		truth = append(truth, draw())
		s.Start = append(s.Start, len(s.Item))
	}
	s.Time, s.Row = make([]int64, len(s.Item)), make([]uint32, len(s.Item))
	return matrix{s}, groups * size, truth
}

// ndcg is the mean NDCG@10 of the first users, items of the history left out.
func ndcg(s *history.Sequences, truth []uint32, items []float32, user func(int) []float32) float64 {
	sum, n := 0.0, min(asked, s.Users())
	for u := range n {
		x, seen := user(u), map[uint32]bool{}
		past, _ := s.Of(uint32(u))
		for _, it := range past {
			seen[it] = true
		}
		score := func(it uint32) float32 { return vector.Dot(x, items[int(it)*factors:(int(it)+1)*factors]) }
		want, rank := score(truth[u]), 1
		for it := range uint32(len(items) / factors) {
			if !seen[it] && it != truth[u] && score(it) >= want {
				rank++
			}
		}
		if rank <= 10 {
			sum += 1 / math.Log2(1+float64(rank))
		}
	}
	return sum / float64(n)
}

func save(path string, a []uint32) error {
	b := make([]byte, 0, 4*len(a))
	for _, x := range a {
		b = binary.LittleEndian.AppendUint32(b, x)
	}
	return os.WriteFile(path, b, 0o600)
}

func load(path string) ([]float32, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	out := make([]float32, len(b)/4)
	_, err = binary.Decode(b, binary.LittleEndian, out)
	return out, err
}
