package neural

import "math"

// noise is a source of random words: SplitMix64 (Steele, Lea and Flood 2014).
type noise uint64

func (n *noise) word() uint64 {
	*n += 0x9e3779b97f4a7c15
	z := uint64(*n)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// dropOut leaves out half of the elements, as the noise has it, and doubles the
// others (Srivastava et al. 2014).
func dropOut(x []float32, n noise) {
	for len(x) > 0 {
		bits, part := n.word(), x[:min(64, len(x))]
		for i := range part {
			part[i] *= float32(2 * (bits >> i & 1))
		}
		x = x[len(part):]
	}
}

// exp returns e^x for x up to 0 with a relative error below (1-x)/10⁷: 2^n times
// a polynomial of the rest.
func exp(x float32) float32 {
	if x < -80 {
		return 0
	}
	const round = 3 << 22 // floats from here on have no fraction
	y := float32(x * math.Log2E)
	up := y + round
	n := up - round
	f := (y - n) * math.Ln2
	p := float32(1.0/720*f) + 1.0/120
	p = float32(p*f) + 1.0/24
	p = float32(p*f) + 1.0/6
	p = float32(p*f) + 0.5
	p = float32(p*f) + 1
	p = float32(p*f) + 1
	return p * math.Float32frombits((math.Float32bits(up)-math.Float32bits(round)+127)<<23)
}
