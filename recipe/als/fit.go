package als

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"bespoke/history"
	"bespoke/recipe"
)

const (
	// steps is the number of conjugate gradient steps of a row in training.
	steps = 3
	// long is the number of a row's interactions from which its matrix is added up
	// once, on all workers. That takes more arithmetic than reading the vectors for
	// each step, but does not hold a copy of them and leaves no worker behind.
	long = 16384
	// blockWork is what a block of rows weighs, rowWork what a row does beside its
	// interactions, of which each weighs 1.
	blockWork, rowWork = 8192, 32
)

// Fit factorizes. An interaction weighs what s says, or 1. Beside s it holds a vector for each user and item, Factors
// numbers of 4 bytes, 4 bytes for each interaction, 8 with weights, and copies of up to 25,000
// vectors for each worker. Once it returns, the items' vectors are what is left.
func Fit(ctx context.Context, s *history.Sequences, items int, cfg Config) (*Model, error) {
	cfg = cfg.withDefaults(items)
	k := cfg.Factors
	if k > mostFactors {
		return nil, fmt.Errorf("als: vectors of length %d are longer than %d", k, mostFactors)
	}
	m := &Model{Factors: k, Unobserved: cfg.Unobserved, Lambda: cfg.Lambda, Even: cfg.Even, Items: make([]float32, items*k)}
	r := rand.New(rand.NewPCG(cfg.Seed, 0x616c73))
	for i := range m.Items {
		m.Items[i] = float32(r.NormFloat64() * 0.1 / math.Sqrt(float64(k)))
	}
	users := make([]float32, s.Users()*k)
	byItem := transpose(s, items).cut()
	byUser := rows{start: s.Start, column: s.Item, weight: s.Weight}.cut()
	f := &fitting{m: m, sums: moments{k: k, workers: cfg.Workers}, solvers: sync.Pool{New: func() any { return newSolver(k) }}}
	for i := range cfg.Iterations {
		if err := f.half(ctx, byUser, m.Items, users); err != nil {
			return nil, err
		}
		if err := f.half(ctx, byItem, users, m.Items); err != nil {
			return nil, err
		}
		if cfg.Progress != nil {
			cfg.Progress(float64(i+1) / float64(cfg.Iterations))
		}
	}
	return m, m.finish(ctx, cfg.Workers)
}

// fitting is a model in the making and the memory that solving it takes.
type fitting struct {
	m       *Model
	sums    moments
	solvers sync.Pool // of *solver
}

// rows is a sparse matrix: the columns of row r are column[start[r]:start[r+1]], and
// weight, if not nil, is parallel to column.
type rows struct {
	start  []int
	column []uint32
	weight []float32
	long   []int // the rows of at least long columns
	blocks []int // bounds of blocks of rows that are about as much work
}

func (a rows) of(r int) []uint32 { return a.column[a.start[r]:a.start[r+1]] }

// weights returns the weights of a row, nil where all are 1, and their sum.
func (a rows) weights(r int) ([]float32, float64) {
	if a.weight == nil {
		return nil, float64(a.start[r+1] - a.start[r])
	}
	w := a.weight[a.start[r]:a.start[r+1]]
	return w, total(w)
}

// transpose returns the users of each item.
func transpose(s *history.Sequences, items int) rows {
	t := rows{start: make([]int, items+1), column: make([]uint32, len(s.Item))}
	if s.Weight != nil {
		t.weight = make([]float32, len(s.Item))
	}
	for _, it := range s.Item {
		t.start[it+1]++
	}
	for it := range items {
		t.start[it+1] += t.start[it]
	}
	next := append([]int(nil), t.start...)
	for u := range s.Users() {
		for i := s.Start[u]; i < s.Start[u+1]; i++ {
			it := s.Item[i]
			t.column[next[it]] = uint32(u)
			if t.weight != nil {
				t.weight[next[it]] = s.Weight[i]
			}
			next[it]++
		}
	}
	return t
}

// cut returns a with its long rows and blocks.
func (a rows) cut() rows {
	work := 0
	a.blocks = []int{0}
	for r := range len(a.start) - 1 {
		if n := len(a.of(r)); n < long {
			work += n + rowWork
		} else {
			a.long = append(a.long, r)
		}
		if work >= blockWork {
			a.blocks, work = append(a.blocks, r+1), 0
		}
	}
	a.blocks = append(a.blocks, len(a.start)-1)
	return a
}

// half solves the vector of every row of a, given those of its columns.
func (f *fitting) half(ctx context.Context, a rows, given, solve []float32) error {
	m, k, pairs := f.m, f.m.Factors, len(given)/f.m.Factors
	square, _, err := f.sums.ofAll(ctx, given)
	if err != nil {
		return err
	}
	gram := scale(square, m.Unobserved)
	err = recipe.Blocks(ctx, f.sums.workers, len(a.blocks)-1, 1, func(b, _ int) {
		sv := f.solvers.Get().(*solver)
		defer f.solvers.Put(sv)
		for r := a.blocks[b]; r < a.blocks[b+1]; r++ {
			x, columns := solve[r*k:(r+1)*k], a.of(r)
			switch n := len(columns); {
			case n == 0:
				clear(x)
			case n < long:
				weights, sum := a.weights(r)
				sv.system(gram, m.ridge(sum, pairs), given, columns, weights)
				sv.improve(x, steps)
			}
		}
	})
	if err != nil {
		return err
	}
	sv := f.solvers.Get().(*solver)
	defer f.solvers.Put(sv)
	for _, r := range a.long {
		columns := a.of(r)
		weights, weight := a.weights(r)
		square, sum, err := f.sums.of(ctx, given, columns, weights)
		if err != nil {
			return err
		}
		matrix := scale(square, 1)
		for i, g := range gram {
			matrix[i] += g
		}
		sv.system(matrix, m.ridge(weight, pairs), nil, nil, nil)
		sv.improveFor(solve[r*k:(r+1)*k], scale(sum, 1), steps)
	}
	return nil
}

func scale(x []float64, by float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(by * v)
	}
	return y
}
