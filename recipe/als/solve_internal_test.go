package als

import (
	"math"
	"math/rand/v2"
	"testing"
)

// A row whose matrix is added up at once gets the answer of one whose vectors
// are read in each step, whether or not vectors fill whole registers. Its
// interactions weigh from 0 to 1.5.
func TestLongRows(t *testing.T) {
	t.Parallel()
	for _, k := range []int{3, 8, 13} {
		r := rand.New(rand.NewPCG(uint64(k), 1))
		given := make([]float32, 5000*k)
		for i := range given {
			given[i] = float32(r.NormFloat64() / 8)
		}
		// Beyond a flush of the float32 sums of each part.
		columns := make([]uint32, 2*parts*exact*chunk+77)
		for i := range columns {
			columns[i] = r.Uint32N(5000)
		}
		sums := &moments{k: k, workers: 2}
		square, _, err := sums.ofAll(t.Context(), given)
		if err != nil {
			t.Fatal(err)
		}
		gram := scale(square, 0.1)
		weights := make([]float32, len(columns))
		for i := range weights {
			weights[i] = float32(r.IntN(4)) / 2
		}
		short, full := make([]float32, k), make([]float32, k)
		sv := newSolver(k)
		sv.system(gram, 5, given, columns, weights)
		sv.improve(short, 20)

		square, sum, err := sums.of(t.Context(), given, columns, weights)
		if err != nil {
			t.Fatal(err)
		}
		matrix := scale(square, 1)
		for i, g := range gram {
			matrix[i] += g
		}
		sv.system(matrix, 5, nil, nil, nil)
		sv.improveFor(full, scale(sum, 1), 20)
		for i := range short {
			if math.Abs(float64(short[i]-full[i])) > 1e-4*math.Abs(float64(full[i]))+1e-6 {
				t.Errorf("of %d factors, factor %d is %v and %v", k, i, short[i], full[i])
			}
		}
	}
}
