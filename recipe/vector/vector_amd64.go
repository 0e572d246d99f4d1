package vector

import "golang.org/x/sys/cpu"

var haveAVX = cpu.X86.HasAVX

func dot(x, y []float32) float32 {
	if !haveAVX || len(x) == 0 {
		return plainDot(x, y)
	}
	return dotAVX(&x[0], &y[0], len(x))
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

// addAVX is plainAdd of n elements, a multiple of 8.
//
//go:noescape
func addAVX(y, x *float32, a float32, n int)
