// Package neural learns by gradient descent which item comes next: a history
// becomes a vector by way of one hidden layer, an item's score is its product
// with the item's vector, and both are learned for the softmax over all items.
//
// It is the simplest network that knows about order: items are averaged with
// learned weights for each distance from the end and each element, as in
// Covington, Adams and Sargin (RecSys 2016) with places in the manner of Vaswani
// et al. (2017), without attention, which takes far longer to compute.
package neural

import (
	"math"

	"bespoke/recipe"
	"bespoke/recipe/vector"
)

// Model is what was learned. It is immutable.
type Model struct {
	Factors int // length of the vectors, a multiple of 8
	Window  int // newest items of a history that count
	Hidden  int // units of the hidden layer

	Items  []float32 // one row of Factors for each item
	Bias   []float32 // of each item's score
	Places []float32 // one row of Factors for each distance from the end
	In     []float32 // one row of Factors for each hidden unit
	Lift   []float32 // of each hidden unit
	Out    []float32 // one row of Factors for each hidden unit
}

// Thinker passes one history after another in memory of its own.
type Thinker struct {
	m                      *Model
	mean, normal, units, x []float32
}

// Thinker returns a Thinker. It must not be used by two goroutines at a time.
func (m *Model) Thinker() *Thinker {
	k := m.Factors
	return &Thinker{m, make([]float32, k), make([]float32, k), make([]float32, m.Hidden), make([]float32, k)}
}

// Vector returns the vector of a history, the newest item first. It is the
// caller's until the next one.
func (t *Thinker) Vector(past []uint32) []float32 {
	m := t.m
	past = past[:min(m.Window, len(past))]
	m.sum(t.mean, past, size(len(past)))
	normalize(t.normal, t.mean)
	vector.DotRows(t.units, m.In, t.normal)
	vector.Add(t.units, 1, m.Lift)
	vector.Rectify(t.units)
	copy(t.x, t.mean)
	vector.AddRows(t.x, t.units, m.Out)
	return t.x
}

// Fetch asks memory for the vectors of a history that is to be passed soon.
func (m *Model) Fetch(past []uint32) {
	vector.Fetch(m.Items, past[:min(m.Window, len(past))], m.Factors, m.Factors)
}

// Item returns the vector of an item.
func (m *Model) Item(i uint32) []float32 {
	k := m.Factors
	return m.Items[int(i)*k : (int(i)+1)*k]
}

// Scores sets out[n] to the score of the n-th item for a history's vector: up to
// a constant, the logarithm of how likely the item comes next.
func (m *Model) Scores(out, x []float32, items []uint32) {
	vector.Dots(out, x, m.Items, items)
	for n, i := range items {
		out[n] += m.Bias[i]
	}
}

// Score is Scores of one item.
func (m *Model) Score(x []float32, item uint32) float32 {
	return vector.Dot(x, m.Item(item)) + m.Bias[item]
}

// sum sets mean to the weighted sum of the items' vectors, the newest item first.
func (m *Model) sum(mean []float32, items []uint32, size float32) {
	clear(mean)
	vector.SumProducts(mean, m.Places, m.Items, items)
	vector.Scale(mean, size)
}

func (m *Model) place(d int) []float32 { return m.Places[d*m.Factors : (d+1)*m.Factors] }

// reach is how fast the weights of places fall before training: the d-th newest
// item begins with exp(-d/reach).
const reach = 4

// size keeps the sum of n items as long as that of one, were they independent and
// the places' weights as before training.
func size(n int) float32 {
	q := math.Exp(-2.0 / reach)
	return float32(1 / math.Sqrt((1-math.Pow(q, float64(max(n, 1))))/(1-q)))
}

// normalize sets normal to x, shifted and scaled to mean 0 and deviation 1, and
// returns the scale.
func normalize(normal, x []float32) (scale float32) {
	k := float32(len(x))
	mean, square := float32(0), float32(0)
	for _, v := range x {
		mean += v
	}
	mean /= k
	for i, v := range x {
		v -= mean
		normal[i] = v
		square += float32(v * v)
	}
	scale = float32(1 / math.Sqrt(float64(square/k)+1e-6))
	vector.Scale(normal, scale)
	return scale
}

// Encode writes the model.
func (m *Model) Encode(e *recipe.Encoder) {
	e.Int(int64(m.Factors))
	e.Int(int64(m.Window))
	e.Int(int64(m.Hidden))
	for _, p := range m.parts() {
		recipe.Put(e, *p)
	}
}

func (m *Model) parts() []*[]float32 {
	return []*[]float32{&m.Items, &m.Bias, &m.Places, &m.In, &m.Lift, &m.Out}
}

// Decode reads the model of so many items, nil after an error.
func Decode(d *recipe.Decoder, items int) *Model {
	m := &Model{Factors: int(d.Int()), Window: int(d.Int()), Hidden: int(d.Int())}
	if m.Factors < 8 || m.Factors > 4096 || m.Factors%8 != 0 || m.Window < 1 || m.Window > 4096 || m.Hidden < 1 || m.Hidden > 1<<16 {
		d.Fail("it has vectors of length %d, a window of %d and %d hidden units", m.Factors, m.Window, m.Hidden)
		return nil
	}
	for i, want := range m.lengths(items) {
		*m.parts()[i] = recipe.Get[float32](d, want)
	}
	if d.Err() != nil {
		return nil
	}
	return m
}

// lengths is how long each of the parts is.
func (m *Model) lengths(items int) []int {
	k := m.Factors
	return []int{items * k, items, m.Window * k, m.Hidden * k, m.Hidden, m.Hidden * k}
}
