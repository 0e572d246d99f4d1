package vector

func sumProducts(y, a, rows []float32, index []uint32) {
	if !haveAVX {
		plainSumProducts(y, a, rows, index)
		return
	}
	sumProductsAVX(&y[0], &a[0], &rows[0], &index[0], len(index), len(y))
}

func fetch(rows []float32, index []uint32, k int) {
	prefetch(&rows[0], &index[0], len(index), k)
}

// sumProductsAVX is plainSumProducts of n rows, at least one, of k elements, a
// positive multiple of 8.
//
//go:noescape
func sumProductsAVX(y, a, rows *float32, index *uint32, n, k int)

// prefetch has n rows, at least one, of k elements brought into the first cache. It
// does not matter whether they exist.
//
//go:noescape
func prefetch(rows *float32, index *uint32, n, k int)
