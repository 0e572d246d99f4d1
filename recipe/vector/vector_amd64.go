package vector

import "golang.org/x/sys/cpu"

var (
	haveAVX  = cpu.X86.HasAVX
	haveAVX2 = cpu.X86.HasAVX2
)

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

func addProducts(y, a, b []float32) {
	if !haveAVX || len(y) == 0 {
		plainAddProducts(y, a, b)
		return
	}
	addProductsAVX(&y[0], &a[0], &b[0], len(y))
}

func dotRows(out, rows, x []float32) {
	whole := len(out) &^ 7
	if !haveAVX || whole == 0 || len(x) == 0 {
		whole = 0
	} else {
		dotRowsAVX(&out[0], &rows[0], &x[0], whole, len(x))
	}
	for i := whole; i < len(out); i++ {
		out[i] = dot(rows[i*len(x):(i+1)*len(x)], x)
	}
}

func addRows(y, c, rows []float32) {
	if !haveAVX || len(c) == 0 || len(y) == 0 {
		plainAddRows(y, c, rows)
		return
	}
	addRowsAVX(&y[0], &c[0], &rows[0], len(c), len(y))
}

func gather(out, rows []float32, index []uint32, k int) {
	if !haveAVX || k == 0 || len(index) == 0 {
		plainGather(out, rows, index, k)
		return
	}
	gatherAVX(&out[0], &rows[0], &index[0], len(index), k)
}

func scatter(rows []float32, c *[8]float32, x []float32, index []uint32) int {
	if !haveAVX || len(index) == 0 || len(rows) == 0 {
		return plainScatter(rows, c, x, index)
	}
	return scatterAVX(&rows[0], c, &x[0], &index[0], len(index), len(rows)/8)
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

// addProductsAVX is plainAddProducts of n elements, a positive multiple of 8.
//
//go:noescape
func addProductsAVX(y, a, b *float32, n int)

// dotRowsAVX is plainDotRows of n rows of k elements, both positive multiples of 8.
//
//go:noescape
func dotRowsAVX(out, rows, x *float32, n, k int)

// addRowsAVX is plainAddRows of n rows, at least one, of k elements, a positive
// multiple of 8.
//
//go:noescape
func addRowsAVX(y, c, rows *float32, n, k int)

// gatherAVX is plainGather of n rows, at least one, of k elements, a positive
// multiple of 8.
//
//go:noescape
func gatherAVX(out, rows *float32, index *uint32, n, k int)

// scatterAVX is plainScatter of n indices, at least one, to so many rows.
//
//go:noescape
func scatterAVX(rows *float32, c *[8]float32, x *float32, index *uint32, n, count int) int

// addTile is plainAddMatrix of 8 rows of a, from row on, and 8 columns of b and c,
// those that they begin with.
func addTile(c []float32, a Left, row int, b []float32, n int) {
	if !haveAVX {
		plainAddTile(c, a, row, b, n)
		return
	}
	addTileAVX(&c[0], &a.Data[row*a.Down], &b[0], a.Inner, n, a.Down, a.Along)
}

// addTileAVX is plainAddTile where a begins with the row.
//
//go:noescape
func addTileAVX(c, a, b *float32, inner, n, down, along int)

func scale(x []float32, a float32) {
	if !haveAVX || len(x) == 0 {
		plainScale(x, a)
		return
	}
	scaleAVX(&x[0], a, len(x))
}

func maximum(x []float32) float32 {
	if !haveAVX || len(x) == 0 {
		return plainMax(x)
	}
	return maxAVX(&x[0], len(x))
}

func exps(x []float32, shift float32) float32 {
	if !haveAVX2 || len(x) == 0 {
		return plainExps(x, shift)
	}
	return expsAVX2(&x[0], shift, len(x))
}

// scaleAVX is plainScale of n elements, a positive multiple of 8.
//
//go:noescape
func scaleAVX(x *float32, a float32, n int)

// maxAVX is plainMax of n elements, a positive multiple of 8.
//
//go:noescape
func maxAVX(x *float32, n int) float32

// expsAVX2 is plainExps of n elements, a positive multiple of 8.
//
//go:noescape
func expsAVX2(x *float32, shift float32, n int) float32

func rectify(x []float32) {
	if !haveAVX || len(x) == 0 {
		plainRectify(x)
		return
	}
	rectifyAVX(&x[0], len(x))
}

func mask(x, on []float32) {
	if !haveAVX || len(x) == 0 {
		plainMask(x, on)
		return
	}
	maskAVX(&x[0], &on[0], len(x))
}

// rectifyAVX is plainRectify of n elements, a positive multiple of 8.
//
//go:noescape
func rectifyAVX(x *float32, n int)

// maskAVX is plainMask of n elements, a positive multiple of 8.
//
//go:noescape
func maskAVX(x, on *float32, n int)
