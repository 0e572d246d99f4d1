package neural

import (
	"math"

	"bespoke/recipe/vector"
)

// rows changes the items' vectors and biases by Adagrad (Duchi, Hazan and Singer
// 2011) with one rate for each row.
type rows struct {
	squares    []float32 // sum of the mean squares of each row's slopes
	biasSquare []float32
	slot       []int32 // of each item in the batch, -1 without
	items      []uint32
	slopes     []float32
	biases     []float32
}

func newRows(m *Model) *rows {
	r := &rows{squares: make([]float32, len(m.Bias)), biasSquare: make([]float32, len(m.Bias)), slot: make([]int32, len(m.Bias))}
	for i := range r.slot {
		r.slot[i] = -1
	}
	return r
}

// of returns where the slopes of an item are.
func (r *rows) of(item uint32, k int) int {
	if r.slot[item] < 0 {
		r.slot[item] = int32(len(r.items))
		r.items = append(r.items, item)
		r.biases = append(r.biases, 0)
		n := len(r.slopes)
		if cap(r.slopes) < n+k {
			r.slopes = append(r.slopes, make([]float32, n+k)...)
		}
		r.slopes = r.slopes[:n+k]
		clear(r.slopes[n:])
	}
	return int(r.slot[item])
}

// change adds up what the shards found and changes the rows that it is about.
func (r *rows) change(m *Model, n *round, shards []*worker, rate float32) {
	r.add(m, n, shards)
	k := m.Factors
	for s, item := range r.items {
		g := r.slopes[s*k : (s+1)*k]
		r.squares[item] += vector.Dot(g, g) / float32(k)
		vector.Add(m.Item(item), -rate*inverse(r.squares[item]), g)
		if b := r.biases[s]; b != 0 {
			r.biasSquare[item] += b * b
			m.Bias[item] -= rate * b * inverse(r.biasSquare[item])
		}
		r.slot[item] = -1
	}
	r.items, r.slopes, r.biases = r.items[:0], r.slopes[:0], r.biases[:0]
}

// add adds up the slopes of all items that the shards are about.
func (r *rows) add(m *Model, n *round, shards []*worker) {
	k := m.Factors
	add := func(item uint32, by float32, x []float32, bias float32) {
		s := r.of(item, k)
		vector.Add(r.slopes[s*k:(s+1)*k], by, x)
		r.biases[s] += bias
	}
	for _, w := range shards {
		for j, item := range n.item {
			add(item, 1, w.vectors[j*k:(j+1)*k], w.biases[j])
		}
		for i := range shard {
			add(w.targets[i], w.lack[i], w.x[i*k:(i+1)*k], w.lack[i])
			for d, item := range w.at[i].items {
				s := r.of(item, k)
				vector.AddProducts(r.slopes[s*k:(s+1)*k], w.toMean[i*k:(i+1)*k], m.place(d))
			}
		}
	}
}

func inverse(square float32) float32 { return float32(1 / math.Sqrt(float64(square)+1e-12)) }

// adam changes the rest of the model (Kingma and Ba 2015).
type adam struct {
	step         int
	mean, square [][]float32
}

func newAdam(m *Model) *adam {
	a := &adam{}
	for _, p := range m.dense() {
		a.mean, a.square = append(a.mean, make([]float32, len(p))), append(a.square, make([]float32, len(p)))
	}
	return a
}

func (m *Model) dense() [][]float32  { return [][]float32{m.Places, m.In, m.Lift, m.Out} }
func (w *worker) dense() [][]float32 { return [][]float32{w.places, w.in, w.lift, w.out} }

func (a *adam) change(m *Model, shards []*worker, rate float32) {
	const slow, slower = 0.9, 0.999
	a.step++
	rate *= float32(math.Sqrt(1-math.Pow(slower, float64(a.step))) / (1 - math.Pow(slow, float64(a.step))))
	for p, part := range m.dense() {
		sum := shards[0].dense()[p]
		for _, w := range shards[1:] {
			vector.Add(sum, 1, w.dense()[p])
		}
		mean, square := a.mean[p], a.square[p]
		for i, g := range sum {
			g /= batch
			mean[i] += (1 - slow) * (g - mean[i])
			square[i] += (1 - slower) * (float32(g*g) - square[i])
			part[i] -= rate * mean[i] / float32(math.Sqrt(float64(square[i]))+1e-8)
		}
	}
}
