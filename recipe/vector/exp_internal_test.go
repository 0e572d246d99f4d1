package vector

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestExp(t *testing.T) {
	t.Parallel()
	for x := float32(-79); x <= 0; x += 0.37 {
		if want := math.Exp(float64(x)); math.Abs(float64(exp(x))-want) > 1e-7*(1-float64(x))*want {
			t.Errorf("exp(%v) = %v, want %v", x, exp(x), want)
		}
	}
	if got := exp(float32(math.Inf(-1))); got != 0 {
		t.Errorf("exp(-∞) = %v", got)
	}
}

func TestExps(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 6))
	for n := range 40 {
		x := noise(r, n)
		for i := range x {
			x[i] *= 40
		}
		if n > 2 {
			x[n/2] = float32(math.Inf(-1))
		}
		best := Max(x)
		if n > 0 && best != slices.Max(x) {
			t.Errorf("Max of %v = %v", x, best)
		}
		got, sum := slices.Clone(x), 0.0
		total := Exps(got, best)
		for i, v := range got {
			if want := exp(x[i] - best); v != want {
				t.Errorf("Exps makes %v of %v, want %v", v, x[i]-best, want)
			}
			sum += float64(v)
		}
		if math.Abs(float64(total)-sum) > 1e-6*sum {
			t.Errorf("Exps returns %v, want %v", total, sum)
		}
		whole := n &^ 7
		plain, twin := slices.Clone(x[:whole]), slices.Clone(x[:whole])
		if a, b := plainExps(plain, best), exps(twin, best); a != b || !slices.Equal(plain, twin) {
			t.Errorf("exps differs from the plain one: %v, %v", a, b)
		}
		plainScale(plain, 0.3)
		if scale(twin, 0.3); !slices.Equal(plain, twin) {
			t.Errorf("scale differs from the plain one")
		}
		plain = noise(r, whole)
		twin = slices.Clone(plain)
		plainRectify(plain)
		if rectify(twin); !slices.Equal(plain, twin) {
			t.Errorf("rectify makes %v, the plain one %v", twin, plain)
		}
		other := noise(r, whole)
		same := slices.Clone(other)
		plainMask(other, plain)
		if mask(same, plain); !slices.Equal(other, same) {
			t.Errorf("mask makes %v, the plain one %v", same, other)
		}
	}
}
