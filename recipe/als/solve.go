package als

import (
	"math"

	"bespoke/recipe/vector"
)

// chunk is how many gathered vectors are worked on at a time: what their inner
// products are taken of is still in the first cache when they are added up.
const chunk = 32

// width returns the length that vectors of k numbers have in computations, the
// rest being zeros: whole vector registers.
func width(k int) int { return (k + 7) &^ 7 }

// solver solves (gram + ridge I + Σ w v vᵀ) x = b by conjugate gradients, where
// gram has the width of vectors.
type solver struct {
	k           int
	x, r, p, ap []float32 // of the width
	rows        []float32 // the v, one after the other
	weights     []float32 // nil means that all are 1
	scores      [chunk]float32
	gram        []float32
	ridge       float32
}

func newSolver(k int) *solver {
	w := width(k)
	return &solver{k: k, x: make([]float32, w), r: make([]float32, w), p: make([]float32, w), ap: make([]float32, w)}
}

// system says what to solve: the v are the given vectors of columns. It copies
// them, as each is read several times.
func (s *solver) system(gram []float32, ridge float32, given []float32, columns []uint32, weights []float32) {
	s.gram, s.ridge, s.weights = gram, ridge, weights
	s.rows = gather(s.rows, given, s.k, columns)
}

// gather appends the given vectors of columns to into[:0].
func gather(into, given []float32, k int, columns []uint32) []float32 {
	w := width(k)
	if n := len(columns) * w; n > cap(into) {
		into = make([]float32, n, n+n/2)
	} else {
		into = into[:n]
	}
	if w == k {
		vector.Gather(into, given, columns, k)
		return into
	}
	for i, c := range columns {
		row := into[i*w : (i+1)*w]
		clear(row[copy(row, given[int(c)*k:(int(c)+1)*k]):])
	}
	return into
}

// improve moves x closer to the solution for b = Σ w v.
func (s *solver) improve(x []float32, steps int) {
	s.begin(x)
	s.addRows(s.r, s.x, 1, -1)
	s.descend(steps)
	copy(x, s.x)
}

// improveFor moves x closer to the solution for b where there are no v.
func (s *solver) improveFor(x, b []float32, steps int) {
	s.begin(x)
	vector.Add(s.r[:len(b)], 1, b)
	s.descend(steps)
	copy(x, s.x)
}

// begin sets s.x to x and s.r to -(gram + ridge I) x.
func (s *solver) begin(x []float32) {
	copy(s.x, x)
	s.multiplyDense(s.r, s.x)
	for i, r := range s.r {
		s.r[i] = -r
	}
}

// solve returns the solution for b.
func (s *solver) solve(b []float32, steps int) []float32 {
	clear(s.x)
	clear(s.r[copy(s.r, b):])
	s.descend(steps)
	return append([]float32(nil), s.x[:s.k]...)
}

// descend takes steps from s.x, of which s.r is b - Ax.
func (s *solver) descend(steps int) {
	copy(s.p, s.r)
	norm := vector.Dot(s.r, s.r)
	for range steps {
		if norm < 1e-20 {
			return
		}
		s.multiplyDense(s.ap, s.p)
		s.addRows(s.ap, s.p, 0, 1)
		alpha := norm / vector.Dot(s.p, s.ap)
		vector.Add(s.x, alpha, s.p)
		vector.Add(s.r, -alpha, s.ap)
		next := vector.Dot(s.r, s.r)
		for i := range s.p {
			s.p[i] = s.r[i] + float32(next/norm*s.p[i])
		}
		norm = next
	}
}

// multiplyDense sets y to (gram + ridge I) x; the matrix is symmetric.
func (s *solver) multiplyDense(y, x []float32) {
	clear(y)
	vector.AddRows(y, x, s.gram)
	vector.Add(y, s.ridge, x)
}

// addRows adds Σ w (a + b v·x) v to y.
func (s *solver) addRows(y, x []float32, a, b float32) {
	w, n := len(x), len(s.rows)/len(x)
	for from := 0; from < n; from += chunk {
		to := min(from+chunk, n)
		rows, scores := s.rows[from*w:to*w], s.scores[:to-from]
		vector.DotRows(scores, rows, x)
		for i, d := range scores {
			scores[i] = a + float32(b*d)
			if s.weights != nil {
				scores[i] *= s.weights[from+i]
			}
		}
		vector.AddRows(y, scores, rows)
	}
}

// spread returns the root of xᵀ gram x.
func spread(gram, x []float32) float64 {
	w, sum := width(len(x)), 0.0
	for i, xi := range x {
		sum += float64(xi) * float64(vector.Dot(gram[i*w:i*w+len(x)], x))
	}
	return math.Sqrt(max(sum, 0))
}
