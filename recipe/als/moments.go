package als

import (
	"context"
	"math"

	"bespoke/recipe"
	"bespoke/recipe/vector"
)

const (
	// parts is how many partial sums moments are added up from, whatever the
	// number of workers.
	parts = 16
	// exact is after how many chunks a float32 sum goes into one of float64.
	exact = 64
)

// moments adds up vectors and their squares on several goroutines. It keeps its
// memory for the next sum.
type moments struct {
	k       int
	workers int
	parts   [parts]*part
}

// part is the sums of one part of the vectors.
type part struct {
	square, sum   []float64 // width times width, and width
	square32      []float32
	sum32         []float32
	rows, columns []float32      // of a chunk, and transposed
	roots         [chunk]float32 // of the weights of a chunk
}

// of returns Σ w v vᵀ, which has the width of vectors in both directions, and
// Σ w v, of the given vectors of columns. weights nil means that all w are 1. Both
// are valid until the next call.
func (m *moments) of(ctx context.Context, given []float32, columns []uint32, weights []float32) (square, sum []float64, err error) {
	n := len(columns)
	return m.add(ctx, n, func(p *part, from, to int) {
		p.rows = gather(p.rows, given, m.k, columns[from:to])
		if weights != nil {
			p.weigh(weights[from:to])
		}
	})
}

// ofAll is of for all given vectors.
func (m *moments) ofAll(ctx context.Context, given []float32) (square, sum []float64, err error) {
	var all [chunk]uint32
	for i := range all {
		all[i] = uint32(i)
	}
	return m.add(ctx, len(given)/m.k, func(p *part, from, to int) {
		p.rows = gather(p.rows, given[from*m.k:], m.k, all[:to-from])
	})
}

func (m *moments) add(ctx context.Context, n int, fill func(p *part, from, to int)) (square, sum []float64, err error) {
	err = recipe.Blocks(ctx, m.workers, parts, 1, func(i, _ int) {
		if m.parts[i] == nil {
			m.parts[i] = newPart(width(m.k))
		}
		p := m.parts[i]
		clear(p.square)
		clear(p.sum)
		for j := range p.roots {
			p.roots[j] = 1
		}
		to, chunks := (i+1)*n/parts, 0
		for from := i * n / parts; from < to; from += chunk {
			fill(p, from, min(from+chunk, to))
			p.add()
			if chunks++; chunks%exact == 0 {
				p.flush()
			}
		}
		p.flush()
	})
	if err != nil {
		return nil, nil, err
	}
	total := m.parts[0]
	for _, p := range m.parts[1:] {
		for i, x := range p.square {
			total.square[i] += x
		}
		for i, x := range p.sum {
			total.sum[i] += x
		}
	}
	return total.square, total.sum, nil
}

func newPart(w int) *part {
	return &part{square: make([]float64, w*w), sum: make([]float64, w), square32: make([]float32, w*w), sum32: make([]float32, w), columns: make([]float32, w*chunk)}
}

// weigh multiplies the chunk's vectors by the roots of weights.
func (p *part) weigh(weights []float32) {
	w := len(p.sum)
	for r, weight := range weights {
		p.roots[r] = float32(math.Sqrt(float64(weight)))
		for i := range w {
			p.rows[r*w+i] *= p.roots[r]
		}
	}
}

// add adds the chunk in rows.
func (p *part) add() {
	w := len(p.sum)
	n := len(p.rows) / w
	for r := range n {
		for i, x := range p.rows[r*w : (r+1)*w] {
			p.columns[i*chunk+r] = x
		}
	}
	for i := range w {
		vector.AddRows(p.square32[i*w:(i+1)*w], p.columns[i*chunk:i*chunk+n], p.rows)
	}
	vector.AddRows(p.sum32, p.roots[:n], p.rows)
}

func (p *part) flush() {
	for i, x := range p.square32 {
		p.square[i] += float64(x)
	}
	for i, x := range p.sum32 {
		p.sum[i] += float64(x)
	}
	clear(p.square32)
	clear(p.sum32)
}
