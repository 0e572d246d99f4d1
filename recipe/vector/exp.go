package vector

import "math"

// Max returns the greatest element of x, none of which is NaN, or -Inf if there is
// none.
func Max(x []float32) float32 {
	whole := len(x) &^ 7
	best := maximum(x[:whole])
	for _, v := range x[whole:] {
		best = max(best, v)
	}
	return best
}

// Exps replaces each element x of a vector by e^(x-shift), with a relative error
// below (1-x+shift)/10⁷, and returns their sum. None may be greater than shift; 0
// stands for what is below e^-80.
func Exps(x []float32, shift float32) float32 {
	whole := len(x) &^ 7
	sum := exps(x[:whole], shift)
	for i := whole; i < len(x); i++ {
		x[i] = exp(x[i] - shift)
		sum += x[i]
	}
	return sum
}

// Rectify replaces what is below 0 in x by 0.
func Rectify(x []float32) {
	whole := len(x) &^ 7
	rectify(x[:whole])
	plainRectify(x[whole:])
}

// Mask replaces the elements of x by 0 where those of on are 0.
func Mask(x, on []float32) {
	on = on[:len(x)]
	whole := len(x) &^ 7
	mask(x[:whole], on)
	plainMask(x[whole:], on[whole:])
}

// Floats from here on have no fraction.
const wholes = 3 << 22

// exp returns 2^n times a polynomial of the rest.
func exp(x float32) float32 {
	if x < -80 {
		return 0
	}
	y := float32(x * math.Log2E)
	up := y + wholes
	n := up - wholes
	f := (y - n) * math.Ln2
	p := float32(1.0/720*f) + 1.0/120
	p = float32(p*f) + 1.0/24
	p = float32(p*f) + 1.0/6
	p = float32(p*f) + 0.5
	p = float32(p*f) + 1
	p = float32(p*f) + 1
	return p * math.Float32frombits((math.Float32bits(up)-math.Float32bits(wholes)+127)<<23)
}

// plainMax is Max.
func plainMax(x []float32) float32 {
	best := float32(math.Inf(-1))
	for _, v := range x {
		if v > best {
			best = v
		}
	}
	return best
}

// plainExps is Exps for lengths that are multiples of 8.
func plainExps(x []float32, shift float32) float32 {
	var s [8]float32
	for i, v := range x {
		x[i] = exp(v - shift)
		s[i%8] += x[i]
	}
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
}

// plainRectify is Rectify.
func plainRectify(x []float32) {
	for i, v := range x {
		if v < 0 {
			x[i] = 0
		}
	}
}

// plainMask is Mask.
func plainMask(x, on []float32) {
	for i := range x {
		if on[i] == 0 {
			x[i] = 0
		}
	}
}
