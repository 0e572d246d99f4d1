//go:build !amd64

package vector

func dot(x, y []float32) float32 { return plainDot(x, y) }

func dots(out, x, rows []float32, index []uint32, stride int) { plainDots(out, x, rows, index, stride) }

func add(y []float32, a float32, x []float32) { plainAdd(y, a, x) }

func addProducts(y, a, b []float32) { plainAddProducts(y, a, b) }

func dotRows(out, rows, x []float32) { plainDotRows(out, rows, x) }

func addRows(y, c, rows []float32) { plainAddRows(y, c, rows) }

func gather(out, rows []float32, index []uint32, k int) { plainGather(out, rows, index, k) }

func scatter(rows []float32, c *[8]float32, x []float32, index []uint32) int {
	return plainScatter(rows, c, x, index)
}

func addTile(c []float32, a Left, row int, b []float32, n int) { plainAddTile(c, a, row, b, n) }

func scale(x []float32, a float32) { plainScale(x, a) }

func maximum(x []float32) float32 { return plainMax(x) }

func exps(x []float32, shift float32) float32 { return plainExps(x, shift) }

func rectify(x []float32) { plainRectify(x) }

func mask(x, on []float32) { plainMask(x, on) }
