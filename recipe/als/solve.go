package als

import (
	"context"

	"bespoke/recipe"
	"bespoke/recipe/vector"
)

// gramParts is how many partial sums a Gram matrix is added up from, whatever
// the number of workers.
const gramParts = 16

// gramOf returns weight times the Gram matrix of rows of length k.
func gramOf(ctx context.Context, vectors []float32, k int, weight float64, workers int) ([]float32, error) {
	n := len(vectors) / k
	parts := make([][]float32, gramParts)
	err := recipe.Blocks(ctx, workers, gramParts, 1, func(p, _ int) {
		sum := make([]float32, k*k)
		for r := p * n / gramParts; r < (p+1)*n/gramParts; r++ {
			v := vectors[r*k : (r+1)*k]
			for i, vi := range v {
				vector.Add(sum[i*k:(i+1)*k], vi, v)
			}
		}
		parts[p] = sum
	})
	if err != nil {
		return nil, err
	}
	gram := make([]float32, k*k)
	for i := range gram {
		sum := 0.0
		for _, p := range parts {
			sum += float64(p[i])
		}
		gram[i] = float32(weight * sum)
	}
	return gram, nil
}

// solver solves (gram + ridge I + Σ w v vᵀ) x = b by conjugate gradients.
type solver struct {
	k           int
	b, r, p, ap []float32
}

func newSolver(k int) *solver {
	return &solver{k: k, b: make([]float32, k), r: make([]float32, k), p: make([]float32, k), ap: make([]float32, k)}
}

// solve improves x for b = Σ w v, the v being the given columns. weights nil
// means that all are 1.
func (s *solver) solve(x, gram []float32, ridge float32, given []float32, columns []uint32, weights []float32, steps int) {
	clear(s.b)
	for i, c := range columns {
		vector.Add(s.b, weight(weights, i), given[int(c)*s.k:(int(c)+1)*s.k])
	}
	s.solveFor(x, s.b, gram, ridge, given, columns, weights, steps)
}

func (s *solver) solveFor(x, b, gram []float32, ridge float32, given []float32, columns []uint32, weights []float32, steps int) {
	multiply := func(y, x []float32) {
		for i := range y {
			y[i] = vector.Dot(gram[i*s.k:(i+1)*s.k], x) + ridge*x[i]
		}
		for i, c := range columns {
			v := given[int(c)*s.k : (int(c)+1)*s.k]
			vector.Add(y, weight(weights, i)*vector.Dot(v, x), v)
		}
	}
	multiply(s.ap, x)
	for i := range s.r {
		s.r[i] = b[i] - s.ap[i]
	}
	copy(s.p, s.r)
	norm := vector.Dot(s.r, s.r)
	for range steps {
		if norm < 1e-20 {
			return
		}
		multiply(s.ap, s.p)
		alpha := norm / vector.Dot(s.p, s.ap)
		vector.Add(x, alpha, s.p)
		vector.Add(s.r, -alpha, s.ap)
		next := vector.Dot(s.r, s.r)
		for i := range s.p {
			s.p[i] = s.r[i] + next/norm*s.p[i]
		}
		norm = next
	}
}

func weight(weights []float32, i int) float32 {
	if weights == nil {
		return 1
	}
	return weights[i]
}
