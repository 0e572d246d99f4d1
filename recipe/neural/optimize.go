package neural

import (
	"context"
	"math"
	"slices"

	"bespoke/recipe"
	"bespoke/recipe/vector"
)

// rows changes the items' vectors and biases by Adagrad (Duchi, Hazan and Singer
// 2011) with one rate for each row.
type rows struct {
	squares    []float32 // sum of the mean squares of each row's slopes
	biasSquare []float32

	slot  []int32  // of each item, plus 1 if the batch is about it
	items []uint32 // of the slots
	from  []int32  // where each slot's parts begin
	next  []int32  // where each slot's next part goes
	parts []part   // by slot
}

// part is what one thing in a batch adds to the slopes of an item.
type part struct {
	i    int32 // negative or position
	what int32 // negative, target, or how new an item of the history is
}

const (
	asNegative = -2
	asTarget   = -1
)

func newRows(m *Model) *rows {
	n := len(m.Bias)
	return &rows{squares: make([]float32, n), biasSquare: make([]float32, n), slot: make([]int32, n)}
}

// change adds up the slopes of the items that the batch is about and changes them.
func (r *rows) change(ctx context.Context, p *pass, rate float32) error {
	r.collect(p)
	m, k := p.m, p.m.Factors
	return recipe.Blocks(ctx, p.workers, len(r.items), 128, func(from, to int) {
		g := make([]float32, k)
		for s := from; s < to; s++ {
			item, bias := r.items[s], p.slopes(g, r.parts[r.from[s]:r.from[s+1]])
			r.squares[item] += vector.Dot(g, g) / float32(k)
			vector.Add(m.Item(item), -rate*inverse(r.squares[item]), g)
			if bias != 0 {
				r.biasSquare[item] += bias * bias
				m.Bias[item] -= rate * bias * inverse(r.biasSquare[item])
			}
		}
	})
}

// collect sorts the parts of the batch by item, each item's in the order of the
// batch.
func (r *rows) collect(p *pass) {
	for _, item := range r.items {
		r.slot[item] = 0
	}
	r.items, r.from = r.items[:0], append(r.from[:0], 0)
	count := func(item uint32) {
		if r.slot[item] == 0 {
			r.items, r.from = append(r.items, item), append(r.from, 0)
			r.slot[item] = int32(len(r.items))
		}
		r.from[r.slot[item]]++
	}
	r.each(p, func(item uint32, _ part) { count(item) })
	for s := range r.items {
		r.from[s+1] += r.from[s]
	}
	n := int(r.from[len(r.items)])
	r.parts = slices.Grow(r.parts[:0], n)[:n]
	r.next = append(r.next[:0], r.from...)
	r.each(p, func(item uint32, a part) {
		s := r.slot[item] - 1
		r.parts[r.next[s]] = a
		r.next[s]++
	})
}

// each calls do for all parts of a batch.
func (r *rows) each(p *pass, do func(item uint32, a part)) {
	for j, item := range p.negative {
		do(item, part{int32(j), asNegative})
	}
	for i := range p.items {
		do(p.target[i], part{int32(i), asTarget})
		for d, item := range p.items[i] {
			do(item, part{int32(i), int32(d)})
		}
	}
}

// slopes sets g to the slopes by an item's vector and returns the one by its bias.
func (p *pass) slopes(g []float32, parts []part) (bias float32) {
	k := p.m.Factors
	clear(g)
	for _, a := range parts {
		i := int(a.i)
		switch a.what {
		case asNegative:
			vector.Add(g, 1, p.toVectors[i*k:(i+1)*k])
			bias += p.toOffset[i]
		case asTarget:
			vector.Add(g, p.lack[i], p.x[i*k:(i+1)*k])
			bias += p.lack[i]
		default:
			vector.AddProducts(g, p.toMean[i*k:(i+1)*k], p.m.place(int(a.what)))
		}
	}
	return bias
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

func (m *Model) dense() [][]float32 { return [][]float32{m.Places, m.In, m.Lift, m.Out} }
func (p *pass) dense() [][]float32  { return [][]float32{p.toPlaces, p.toIn, p.toLift, p.toOut} }

func (a *adam) change(ctx context.Context, p *pass, rate float32) error {
	const slow, slower = 0.9, 0.999
	a.step++
	rate *= float32(math.Sqrt(1-math.Pow(slower, float64(a.step))) / (1 - math.Pow(slow, float64(a.step))))
	for n, part := range p.m.dense() {
		slopes, mean, square := p.dense()[n], a.mean[n], a.square[n]
		err := recipe.Blocks(ctx, p.workers, len(part), 2048, func(from, to int) {
			for i := from; i < to; i++ {
				g := slopes[i] / float32(len(p.at))
				mean[i] += (1 - slow) * (g - mean[i])
				square[i] += (1 - slower) * (float32(g*g) - square[i])
				part[i] -= rate * mean[i] / (float32(math.Sqrt(float64(square[i]))) + 1e-8)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}
