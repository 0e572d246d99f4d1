package neural

import (
	"context"
	"math"
	"math/rand/v2"

	"bespoke/history"
)

// Config says how to learn. Zero values stand for the defaults.
type Config struct {
	Factors int // length of the vectors, default 64, rounded up to a multiple of 8
	Window  int // newest items of a history that count, default 20
	Steps   int // positions to learn from; default as by stepsFor
	// From is vectors of the items to begin with, one row of Factors for each,
	// as another factorization has found them; noise if it is nil.
	From    []float32
	Seed    uint64
	Workers int
	// Progress, if set, hears the share of the work that is done.
	Progress func(share float64)
}

func (c Config) withDefaults() Config {
	def := func(x *int, v int) {
		if *x == 0 {
			*x = v
		}
	}
	def(&c.Factors, 64)
	def(&c.Window, 20)
	c.Factors = (c.Factors + 7) &^ 7
	return c
}

const (
	batch     = 256 // positions between two changes of the model
	shard     = 32  // of them that are worked on together
	negatives = 256 // items that stand for all others in a batch
	begin     = 0.2 // root mean square of the items' vectors before training

	rate      = 0.1  // of the rows, by Adagrad
	rateDense = 2e-3 // of the rest, by Adam
)

// Trainer makes a model, in one or more goes. It holds Factors+6 numbers of 4 bytes for
// each item. It must not be used by two goroutines at a time.
type Trainer struct {
	m     *Model
	cfg   Config
	pass  *pass
	rows  *rows
	dense *adam
}

// NewTrainer returns a Trainer of a model of so many items.
func NewTrainer(items int, cfg Config) *Trainer {
	cfg = cfg.withDefaults()
	m := start(items, cfg)
	return &Trainer{m: m, cfg: cfg, pass: newPass(m, batch, cfg.Workers), rows: newRows(m), dense: newAdam(m)}
}

// Model returns the model, which changes when the Trainer goes on learning.
func (t *Trainer) Model() *Model { return t.m }

// Learn learns from every position of every history: what came before it is to
// tell the item there. The softmax over all items is estimated from negatives,
// drawn by the square root of their frequency and weighed accordingly (Bengio
// and Senécal 2008); half of each history's sum is left out, by chance. part is how much of the usual work is done, and how fast it
// begins: 1 for the first go, less to take in what a later one adds. It takes
// 8 bytes for each interaction beside s.
func (t *Trainer) Learn(ctx context.Context, s *history.Sequences, part float64) error {
	positions := newPositions(s, t.cfg.Seed)
	if positions.len() == 0 {
		return ctx.Err()
	}
	negatives := newSampler(s, len(t.m.Bias), t.cfg.Seed)
	n := t.cfg.Steps
	if n == 0 {
		n = stepsFor(positions.len())
	}
	steps := (int(part*float64(n)) + batch - 1) / batch
	for step := range steps {
		share := float64(step) / float64(steps)
		fade := float32(part * (0.02 + 0.98*(1+math.Cos(math.Pi*share))/2))
		if err := t.step(ctx, s, positions, negatives, fade); err != nil {
			return err
		}
		if t.cfg.Progress != nil && step%64 == 0 {
			t.cfg.Progress(share)
		}
	}
	return ctx.Err()
}

// stepsFor returns how many positions to learn from where there are n: each sixteen
// times, but 4 million at most, falling to 2 million where n is 1 million, or half
// of them if that is more.
func stepsFor(n int) int { return min(16*n, max(4_000_000-2*n, 2_000_000, n/2)) }

// start returns the model before training.
func start(items int, cfg Config) *Model {
	m := &Model{Factors: cfg.Factors, Window: cfg.Window, Hidden: 2 * cfg.Factors}
	for i, n := range m.lengths(items) {
		*m.parts()[i] = make([]float32, n)
	}
	r := rand.New(rand.NewPCG(cfg.Seed, 0x6e6575))
	noise := func(a []float32, deviation float64) {
		for i := range a {
			a[i] = float32(r.NormFloat64() * deviation)
		}
	}
	noise(m.Items, begin)
	if cfg.From != nil {
		m.begin(cfg.From)
	}
	noise(m.In, 1/math.Sqrt(float64(cfg.Factors)))
	noise(m.Out, 0.01)
	for d := range m.Window {
		for k := range cfg.Factors {
			m.place(d)[k] = float32(math.Exp(-float64(d) / reach))
		}
	}
	return m
}

// begin takes vectors of items over, scaled.
func (m *Model) begin(from []float32) {
	square := 0.0
	for _, x := range from {
		square += float64(x) * float64(x)
	}
	if square == 0 {
		return
	}
	by := float32(begin / math.Sqrt(square/float64(len(from))))
	for i, x := range from {
		m.Items[i] = by * x
	}
}

// step learns from one batch at a part of the full rates.
func (t *Trainer) step(ctx context.Context, s *history.Sequences, p *positions, negatives *sampler, fade float32) error {
	p.next(t.pass.at)
	t.pass.draw(negatives)
	if err := t.pass.learn(ctx, s); err != nil {
		return err
	}
	// The items' slopes need the places as they were.
	if err := t.rows.change(ctx, t.pass, rate*fade); err != nil {
		return err
	}
	return t.dense.change(ctx, t.pass, rateDense*fade)
}
