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

// thought is what a history is on its way to its vector.
type thought struct {
	items  []uint32  // the newest first
	mean   []float32 // weighted sum of the items' vectors
	normal []float32 // mean, shifted and scaled to mean 0 and deviation 1
	scale  float32   // of normal
	units  []float32 // hidden, 0 where they are off
	x      []float32 // the vector
}

func newThought(factors, hidden int) *thought {
	return &thought{
		mean: make([]float32, factors), normal: make([]float32, factors),
		units: make([]float32, hidden), x: make([]float32, factors),
	}
}

// Thinker passes one history after another in memory of its own.
type Thinker struct {
	m *Model
	t *thought
}

// Thinker returns a Thinker. It must not be used by two goroutines at a time.
func (m *Model) Thinker() *Thinker { return &Thinker{m, newThought(m.Factors, m.Hidden)} }

// Vector returns the vector of a history, the newest item first. It is the
// caller's until the next one.
func (th *Thinker) Vector(past []uint32) []float32 {
	th.t.items = append(th.t.items[:0], past[:min(th.m.Window, len(past))]...)
	th.m.sum(th.t)
	th.m.think(th.t)
	return th.t.x
}

// Fetch asks memory for the vectors of a history that is to be passed soon.
func (m *Model) Fetch(past []uint32) {
	vector.Fetch(m.Items, past[:min(m.Window, len(past))], m.Factors)
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

// look takes the newest items of a history, the oldest first.
func (t *thought) look(past []uint32, window int) {
	t.items = t.items[:0]
	for d := range min(window, len(past)) {
		t.items = append(t.items, past[len(past)-1-d])
	}
}

// sum adds up the items.
func (m *Model) sum(t *thought) {
	clear(t.mean)
	vector.SumProducts(t.mean, m.Places, m.Items, t.items)
	size := size(len(t.items))
	for k := range t.mean {
		t.mean[k] *= size
	}
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

// think passes the sum through the hidden layer and adds what comes out to it.
func (m *Model) think(t *thought) {
	k := float32(m.Factors)
	mean, square := float32(0), float32(0)
	for _, x := range t.mean {
		mean += x
	}
	mean /= k
	for i, x := range t.mean {
		x -= mean
		t.normal[i] = x
		square += float32(x * x)
	}
	t.scale = float32(1 / math.Sqrt(float64(square/k)+1e-6))
	for i := range t.normal {
		t.normal[i] *= t.scale
	}
	vector.DotRows(t.units, m.In, t.normal)
	for i, u := range t.units {
		t.units[i] = max(u+m.Lift[i], 0)
	}
	copy(t.x, t.mean)
	vector.AddRows(t.x, t.units, m.Out)
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
