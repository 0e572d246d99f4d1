//go:build !amd64

package vector

func sumProducts(y, a, rows []float32, index []uint32) { plainSumProducts(y, a, rows, index) }

func fetch(rows []float32, index []uint32, k int) {}
