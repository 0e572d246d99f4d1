package neural

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
