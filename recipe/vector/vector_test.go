package vector_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"bespoke/recipe/vector"
)

func TestAgreesWithFloat64(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 1))
	for n := range 150 {
		x, y := make([]float32, n), make([]float32, n)
		dot, sum := 0.0, make([]float64, n)
		a := float32(r.NormFloat64())
		for i := range n {
			x[i], y[i] = float32(r.NormFloat64()), float32(r.NormFloat64())
			dot += float64(x[i]) * float64(y[i])
			sum[i] = float64(y[i]) + float64(a)*float64(x[i])
		}
		if got := vector.Dot(x, y); math.Abs(float64(got)-dot) > 1e-4 {
			t.Errorf("Dot of length %d = %v, want %v", n, got, dot)
		}
		rows := slices.Concat(y, x, y)
		if got, want := make([]float32, 3), []float32{vector.Dot(x, y), vector.Dot(x, x), vector.Dot(x, y)}; n > 0 {
			if vector.Dots(got, x, rows, []uint32{2, 1, 0}); !slices.Equal(got, want) {
				t.Errorf("Dots of length %d = %v, want %v", n, got, want)
			}
		}
		vector.Add(y, a, x)
		for i := range n {
			if math.Abs(float64(y[i])-sum[i]) > 1e-5 {
				t.Errorf("Add of length %d: element %d is %v, want %v", n, i, y[i], sum[i])
			}
		}
	}
}

// Whatever the length of the rows, many of them are what one after another is.
func TestRows(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	for k := range 70 {
		const n = 11
		rows, x, c := make([]float32, n*k), make([]float32, k), make([]float32, n)
		for _, v := range [][]float32{rows, x, c} {
			for i := range v {
				v[i] = float32(r.NormFloat64())
			}
		}
		out, sum, want := make([]float32, n), slices.Clone(x), slices.Clone(x)
		vector.DotRows(out, rows, x)
		vector.AddRows(sum, c, rows)
		gathered := make([]float32, 3*k)
		vector.Gather(gathered, rows, []uint32{n - 1, 0, n - 1}, k)
		if last := rows[(n-1)*k:]; !slices.Equal(gathered, slices.Concat(last, rows[:k], last)) {
			t.Errorf("Gather of length %d gives %v", k, gathered)
		}
		for i := range n {
			row := rows[i*k : (i+1)*k]
			if want := vector.Dot(row, x); out[i] != want {
				t.Errorf("DotRows: row %d of length %d gives %v, want %v", i, k, out[i], want)
			}
			vector.Add(want, c[i], row)
		}
		if !slices.Equal(sum, want) {
			t.Errorf("AddRows of length %d gives %v, want %v", k, sum, want)
		}
	}
}

func BenchmarkDot(b *testing.B) {
	x, y := make([]float32, 64), make([]float32, 64)
	for b.Loop() {
		vector.Dot(x, y)
	}
}

func BenchmarkDotRows(b *testing.B) {
	rows, x, out := make([]float32, 32*64), make([]float32, 64), make([]float32, 32)
	for b.Loop() {
		vector.DotRows(out, rows, x)
	}
}

func BenchmarkAddRows(b *testing.B) {
	rows, y, c := make([]float32, 32*64), make([]float32, 64), make([]float32, 32)
	for b.Loop() {
		vector.AddRows(y, c, rows)
	}
}
