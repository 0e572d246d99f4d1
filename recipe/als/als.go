// Package als factorizes who interacted with what by alternating least squares:
// every user and every item is a short vector, and their inner product says how
// likely the two are to meet.
//
// The loss is that of Hu, Koren and Volinsky (ICDM 2008) in the form of Rendle et
// al. (iALS, 2021): an interaction should give 1, every pair of the matrix is
// pulled to 0 with a small weight, and the regularization of a row grows with
// what the row weighs. Rows are solved by a few steps of conjugate gradients
// from where they were (Takács, Pilászy and Tikk, RecSys 2011).
//
// In Hu et al. an interaction has confidence c, any other pair 1, and all rows are
// regularized by the same λ. That is Unobserved = 1/(c-1), Lambda = λ/c and Even =
// 1 here: it gives their vectors times the root of (c-1)/c, and so the same order
// of items.
package als

import (
	"context"
	"math"

	"bespoke/recipe"
	"bespoke/recipe/vector"
)

// mostFactors is how long vectors may be. Reading a model takes as many bytes as 192
// times the square of its vectors' length, whatever the file's own length.
const mostFactors = 512

// Config says how to factorize. Zero values stand for the defaults.
type Config struct {
	Factors    int     // length of the vectors, at most 512, default 64
	Iterations int     // default 12
	Unobserved float64 // weight of every pair, an interaction weighs 1; default 150/items, at most 0.1
	Lambda     float64 // regularization, default 0.005
	// Even is how little the regularization of a row grows with the row's weight:
	// it is Lambda times weight^(1-Even). The default 0 is the scaling of Rendle
	// et al., 1 regularizes all rows alike.
	Even    float64
	Seed    uint64
	Workers int
	// Progress, if set, hears the share of the work that is done.
	Progress func(share float64)
}

func (c Config) withDefaults(items int) Config {
	def := func(x *float64, v float64) {
		if *x == 0 {
			*x = v
		}
	}
	def(&c.Unobserved, min(0.1, 150/float64(max(items, 1))))
	def(&c.Lambda, 0.005)
	if c.Factors == 0 {
		c.Factors = 64
	}
	if c.Iterations == 0 {
		c.Iterations = 12
	}
	return c
}

// Model is the items' vectors, and what is needed to find the vector of a
// history. It is immutable.
type Model struct {
	Factors                  int
	Unobserved, Lambda, Even float64   // as in Config
	Items                    []float32 // one row of Factors for each item
	gram                     []float32 // Unobserved times the rows' Gram matrix
}

// Vector returns an item's vector, which is not to be changed.
func (m *Model) Vector(item uint32) []float32 {
	return m.Items[int(item)*m.Factors : (int(item)+1)*m.Factors]
}

// Score returns the inner product of x and an item's vector.
func (m *Model) Score(x []float32, item uint32) float32 { return vector.Dot(x, m.Vector(item)) }

// Scores sets out, which has the length of items, to the items' scores.
func (m *Model) Scores(out, x []float32, items []uint32) { vector.Dots(out, x, m.Items, items) }

// Fold returns the vector of a history whose items weigh what weights says.
func (m *Model) Fold(items []uint32, weights []float32) []float32 {
	return m.Folder().Fold(items, weights)
}

// Folder folds one history after another in memory of its own.
type Folder struct {
	m  *Model
	x  []float32
	sv *solver
}

// Folder returns a Folder. It must not be used by two goroutines at a time.
func (m *Model) Folder() *Folder {
	return &Folder{m: m, x: make([]float32, m.Factors), sv: newSolver(m.Factors)}
}

// Fold is Model.Fold. What it returns is the caller's until the next Fold.
func (f *Folder) Fold(items []uint32, weights []float32) []float32 {
	clear(f.x)
	if len(items) > 0 {
		f.sv.system(f.m.gram, f.m.ridge(total(weights), len(f.m.Items)/f.m.Factors), f.m.Items, items, weights)
		f.sv.improve(f.x, 3*steps)
	}
	return f.x
}

// ridge returns what is added to the diagonal of a row whose interactions weigh
// so much and which has so many pairs.
func (m *Model) ridge(interactions float64, pairs int) float32 {
	return float32(m.Lambda * math.Pow(interactions+m.Unobserved*float64(pairs), 1-m.Even))
}

func total(weights []float32) float64 {
	sum := 0.0
	for _, w := range weights {
		sum += float64(w)
	}
	return sum
}

// Spread returns the standard deviation of x's scores over all items, taking
// their mean for 0, which is nearly true. It costs no pass over the items.
func (m *Model) Spread(x []float32) float64 {
	return spread(m.gram, x) / math.Sqrt(m.Unobserved*float64(len(m.Items)/m.Factors))
}

// Shares returns how much each item of a history adds to the score of an item:
// x(w) is linear in the interactions' ones, so the score is a sum over them
// (Hu, Koren and Volinsky, section 5).
func (m *Model) Shares(item uint32, items []uint32, weights []float32) []float32 {
	sv := newSolver(m.Factors)
	sv.system(m.gram, m.ridge(total(weights), len(m.Items)/m.Factors), m.Items, items, weights)
	x := sv.solve(m.Vector(item), 3*steps)
	shares := make([]float32, len(items))
	for i, it := range items {
		shares[i] = weights[i] * vector.Dot(x, m.Vector(it))
	}
	return shares
}

// finish computes what queries need.
func (m *Model) finish(ctx context.Context, workers int) error {
	square, _, err := (&moments{k: m.Factors, workers: workers}).ofAll(ctx, m.Items)
	if err == nil {
		m.gram = scale(square, m.Unobserved)
	}
	return err
}

// Encode writes the model.
func (m *Model) Encode(e *recipe.Encoder) {
	e.Int(int64(m.Factors))
	e.Float(m.Unobserved)
	e.Float(m.Lambda)
	e.Float(m.Even)
	recipe.Put(e, m.Items)
}

// Decode reads the model of so many items.
func Decode(d *recipe.Decoder, items int) *Model {
	m := &Model{Factors: int(d.Int()), Unobserved: d.Float(), Lambda: d.Float(), Even: d.Float()}
	if m.Factors < 1 || m.Factors > mostFactors || !(m.Unobserved > 0) {
		d.Fail("it has vectors of length %d and weight %v", m.Factors, m.Unobserved)
		return nil
	}
	if m.Items = recipe.Get[float32](d, items*m.Factors); d.Err() != nil {
		return nil
	}
	if err := m.finish(context.Background(), 1); err != nil {
		d.Fail("%w", err)
	}
	return m
}
