package vector

import "golang.org/x/sys/cpu"

var haveAVX = cpu.X86.HasAVX

func dot(x, y []float32) float32 {
	if !haveAVX || len(x) == 0 {
		return plainDot(x, y)
	}
	return dotAVX(&x[0], &y[0], len(x))
}

func dots(out, x, rows []float32, index []uint32, stride int) {
	if !haveAVX || len(x) == 0 {
		plainDots(out, x, rows, index, stride)
		return
	}
	dotsAVX(&out[0], &x[0], &rows[0], &index[0], len(index), len(x), stride)
}

func add(y []float32, a float32, x []float32) {
	if !haveAVX || len(x) == 0 {
		plainAdd(y, a, x)
		return
	}
	addAVX(&y[0], &x[0], a, len(x))
}

// dotAVX is plainDot of n elements, a multiple of 8.
//
//go:noescape
func dotAVX(x, y *float32, n int) float32

// dotsAVX is plainDots of count rows, n a multiple of 8 and both above 0.
//
//go:noescape
func dotsAVX(out, x, rows *float32, index *uint32, count, n, stride int)

// addAVX is plainAdd of n elements, a multiple of 8.
//
//go:noescape
func addAVX(y, x *float32, a float32, n int)
