// Package vector has the float32 kernels of the recipes. Each adds in one fixed
// order, that of 8 lanes, so that machines with and without vector
// instructions compute the same bits.
package vector

import (
	"slices"
	"strconv"
)

// Dot returns the inner product of two vectors of one length.
func Dot(x, y []float32) float32 {
	y = y[:len(x)]
	whole := len(x) &^ 7
	sum := dot(x[:whole], y[:whole])
	for i := whole; i < len(x); i++ {
		sum += float32(x[i] * y[i])
	}
	return sum
}

// Dots sets out[i] to the inner product of x and row index[i] of a matrix whose
// rows have the length of x and lie one after another.
func Dots(out, x, rows []float32, index []uint32) {
	out = out[:len(index)]
	k := len(x)
	if len(index) == 0 || k == 0 {
		clear(out)
		return
	}
	mustHave(rows, index, k)
	whole := k &^ 7
	dots(out, x[:whole], rows, index, k)
	for i := whole; i < k; i++ {
		for r, j := range index {
			out[r] += float32(x[i] * rows[int(j)*k+i])
		}
	}
}

// Add adds a times x to y, which has the same length.
func Add(y []float32, a float32, x []float32) {
	y = y[:len(x)]
	whole := len(x) &^ 7
	add(y[:whole], a, x[:whole])
	for i := whole; i < len(x); i++ {
		y[i] += float32(a * x[i])
	}
}

// AddProducts adds the products of a's and b's elements to y's, all of one length.
func AddProducts(y, a, b []float32) {
	a, b = a[:len(y)], b[:len(y)]
	whole := len(y) &^ 7
	addProducts(y[:whole], a, b)
	plainAddProducts(y[whole:], a[whole:], b[whole:])
}

// DotRows sets out[i] to Dot of x and row i of rows, which has len(x) elements.
func DotRows(out, rows, x []float32) {
	rows = rows[:len(out)*len(x)]
	if len(x)%8 == 0 {
		dotRows(out, rows, x)
		return
	}
	for i := range out {
		out[i] = Dot(rows[i*len(x):(i+1)*len(x)], x)
	}
}

// AddRows does Add of y, c[i] and row i of rows, which has len(y) elements, for
// every i in turn.
func AddRows(y, c, rows []float32) {
	rows = rows[:len(c)*len(y)]
	if len(y)%8 == 0 {
		addRows(y, c, rows)
		return
	}
	for i, a := range c {
		Add(y, a, rows[i*len(y):(i+1)*len(y)])
	}
}

// Scale multiplies the elements of x by a.
func Scale(x []float32, a float32) {
	whole := len(x) &^ 7
	scale(x[:whole], a)
	plainScale(x[whole:], a)
}

// Gather copies row index[i] of rows, which has k elements, to row i of out.
func Gather(out, rows []float32, index []uint32, k int) {
	out = out[:len(index)*k]
	if len(index) == 0 || k == 0 {
		return
	}
	mustHave(rows, index, k)
	if k%8 == 0 {
		gather(out, rows, index, k)
	} else {
		plainGather(out, rows, index, k)
	}
}

// Scatter does Add of row index[i] of rows, c and x[i], for every i in turn: rows
// have 8 elements and lie one after another.
func Scatter(rows []float32, c *[8]float32, x []float32, index []uint32) {
	x = x[:len(index)]
	if done := scatter(rows[:len(rows)&^7], c, x, index); done < len(index) {
		panic("vector: no row " + strconv.Itoa(int(index[done])))
	}
}

// mustHave panics if not all of index, which is not empty, are rows of length k:
// the vector instructions do not look.
func mustHave(rows []float32, index []uint32, k int) {
	if n := int(slices.Max(index)); n >= len(rows)/k {
		panic("vector: no row " + strconv.Itoa(n))
	}
}

// plainDot is Dot for lengths that are multiples of 8.
func plainDot(x, y []float32) float32 {
	y = y[:len(x)]
	var s0, s1, s2, s3, s4, s5, s6, s7 float32
	for len(x) >= 8 {
		a, b := (*[8]float32)(x), (*[8]float32)(y)
		s0 += float32(a[0] * b[0])
		s1 += float32(a[1] * b[1])
		s2 += float32(a[2] * b[2])
		s3 += float32(a[3] * b[3])
		s4 += float32(a[4] * b[4])
		s5 += float32(a[5] * b[5])
		s6 += float32(a[6] * b[6])
		s7 += float32(a[7] * b[7])
		x, y = x[8:], y[8:]
	}
	return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))
}

// plainDots is Dots of rows that are stride long, of which the beginning counts.
func plainDots(out, x, rows []float32, index []uint32, stride int) {
	for i, j := range index {
		out[i] = plainDot(x, rows[int(j)*stride:int(j)*stride+len(x)])
	}
}

// plainAdd is Add.
func plainAdd(y []float32, a float32, x []float32) {
	y = y[:len(x)]
	for i, xi := range x {
		y[i] += float32(a * xi)
	}
}

// plainAddProducts is AddProducts.
func plainAddProducts(y, a, b []float32) {
	a, b = a[:len(y)], b[:len(y)]
	for i := range y {
		y[i] += float32(a[i] * b[i])
	}
}

// plainDotRows is DotRows for rows whose length is a multiple of 8.
func plainDotRows(out, rows, x []float32) {
	for i := range out {
		out[i] = plainDot(rows[i*len(x):(i+1)*len(x)], x)
	}
}

// plainAddRows is AddRows.
func plainAddRows(y, c, rows []float32) {
	for i, a := range c {
		plainAdd(y, a, rows[i*len(y):(i+1)*len(y)])
	}
}

// plainScale is Scale.
func plainScale(x []float32, a float32) {
	for i := range x {
		x[i] *= a
	}
}

// plainGather is Gather.
func plainGather(out, rows []float32, index []uint32, k int) {
	for i, j := range index {
		copy(out[i*k:(i+1)*k], rows[int(j)*k:(int(j)+1)*k])
	}
}

// plainScatter is Scatter up to the first index of no row. It returns how many came
// before it.
func plainScatter(rows []float32, c *[8]float32, x []float32, index []uint32) int {
	for i, j := range index {
		if int(j) >= len(rows)/8 {
			return i
		}
		plainAdd(rows[8*int(j):8*int(j)+8], x[i], c[:])
	}
	return len(index)
}
