package vector

// Left is the left factor of a product of matrices: its element (i, p) is
// Data[i*Down+p*Along], so that a matrix stored in rows can be passed as it is, or
// transposed.
type Left struct {
	Data        []float32
	Rows, Inner int
	Down, Along int
}

// Rows returns a matrix that lies in rows of n elements.
func Rows(data []float32, n int) Left { return Left{data, len(data) / n, n, n, 1} }

// Transposed returns a's transpose.
func (a Left) Transposed() Left { return Left{a.Data, a.Inner, a.Rows, a.Along, a.Down} }

// Part returns rows from to to of a.
func (a Left) Part(from, to int) Left {
	a.Data, a.Rows = a.Data[from*a.Down:], to-from
	return a
}

// AddMatrix adds the product of a and b to c: b has a.Inner rows and c a.Rows, all
// of n elements. Each element of c adds up its products in turn.
func AddMatrix(c []float32, a Left, b []float32, n int) {
	c, b = c[:a.Rows*n], b[:a.Inner*n]
	if len(c) == 0 || len(b) == 0 {
		return
	}
	_ = a.Data[(a.Rows-1)*a.Down+(a.Inner-1)*a.Along]
	rows, columns := a.Rows&^7, n&^7
	for i := 0; i < rows; i += 8 {
		for j := 0; j < columns; j += 8 {
			addTile(c[i*n+j:], a, i, b[j:], n)
		}
	}
	plainAddMatrix(c, a, b, n, 0, rows, columns, n)
	plainAddMatrix(c, a, b, n, rows, a.Rows, 0, n)
}

// plainAddMatrix is AddMatrix of some rows and columns of c.
func plainAddMatrix(c []float32, a Left, b []float32, n, row, rowEnd, column, columnEnd int) {
	if column == columnEnd {
		return
	}
	for i := row; i < rowEnd; i++ {
		y := c[i*n+column : i*n+columnEnd]
		for p := range a.Inner {
			plainAdd(y, a.Data[i*a.Down+p*a.Along], b[p*n+column:p*n+columnEnd])
		}
	}
}

// plainAddTile adds the product of rows row to row+8 of a and the first 8 columns
// of b to the first 8 columns of c.
func plainAddTile(c []float32, a Left, row int, b []float32, n int) {
	for i := range 8 {
		for p := range a.Inner {
			plainAdd(c[i*n:i*n+8], a.Data[(row+i)*a.Down+p*a.Along], b[p*n:p*n+8])
		}
	}
}
