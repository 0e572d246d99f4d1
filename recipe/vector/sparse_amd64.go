package vector

import "unsafe"

func sumProducts(y, a, rows []float32, index []uint32) {
	if !haveAVX {
		plainSumProducts(y, a, rows, index)
		return
	}
	sumProductsAVX(&y[0], &a[0], &rows[0], &index[0], len(index), len(y))
}

func fetch(rows unsafe.Pointer, index []uint32, stride, size int) {
	prefetch(rows, &index[0], len(index), stride, size)
}

// sumProductsAVX is plainSumProducts of n rows, at least one, of k elements, a
// positive multiple of 8.
//
//go:noescape
func sumProductsAVX(y, a, rows *float32, index *uint32, n, k int)

// prefetch has size bytes of n rows, at least one, which are stride bytes apart,
// brought into the first cache. It does not matter whether they exist.
//
//go:noescape
func prefetch(rows unsafe.Pointer, index *uint32, n, stride, size int)
