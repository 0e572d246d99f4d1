package vector

import "unsafe"

// SumProducts does AddProducts of y, row i of a and row index[i] of rows, for every
// i in turn: rows have the length of y and lie one after another.
func SumProducts(y, a, rows []float32, index []uint32) {
	k := len(y)
	if len(index) == 0 || k == 0 {
		return
	}
	a = a[:len(index)*k]
	mustHave(rows, index, k)
	if k%8 == 0 {
		sumProducts(y, a, rows, index)
	} else {
		plainSumProducts(y, a, rows, index)
	}
}

// Fetch asks memory for k elements, at least one, from each row index[i] on, of which
// it is certain that they will be needed soon. A row begins every stride elements.
// Those that there are not it leaves out.
func Fetch[T any](rows []T, index []uint32, stride, k int) {
	if len(index) > 0 && len(rows) > 0 {
		size := int(unsafe.Sizeof(rows[0]))
		fetch(unsafe.Pointer(&rows[0]), index, stride*size, k*size)
	}
}

// plainSumProducts is SumProducts.
func plainSumProducts(y, a, rows []float32, index []uint32) {
	k := len(y)
	for i, j := range index {
		plainAddProducts(y, a[i*k:(i+1)*k], rows[int(j)*k:(int(j)+1)*k])
	}
}
