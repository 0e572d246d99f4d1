//go:build !amd64

package vector

import "unsafe"

func sumProducts(y, a, rows []float32, index []uint32) { plainSumProducts(y, a, rows, index) }

func fetch(rows unsafe.Pointer, index []uint32, stride, size int) {}
