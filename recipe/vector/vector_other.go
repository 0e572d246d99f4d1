//go:build !amd64

package vector

func dot(x, y []float32) float32 { return plainDot(x, y) }

func add(y []float32, a float32, x []float32) { plainAdd(y, a, x) }
