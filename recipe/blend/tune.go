package blend

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/affinity"
	"bespoke/recipe/als"
	"bespoke/recipe/neural"
	"bespoke/recipe/popularity"
	"bespoke/recipe/sequence"
	"bespoke/recipe/vector"
)

// Blend is what training chooses by how well it predicts the newest
// interaction of a sample of users, which nothing else has seen until then.
type Blend struct {
	Decay, Back float64 // of the transitions
	Norm        sequence.Norm
	// Slow is how the history of a query weighs: the d-th newest item counts
	// d^-Slow, or exp(-(d-1)/Decay) where Slow is 0.
	Slow    float64
	Fade    float64 // of the history that is folded into the factors
	Factors float64 // weight of the factors' score beside the transitions' 1
	Network float64 // of the network's
	Prior   float64 // of the prior's
	// Repeats says that users take items again. Otherwise an item of the
	// history comes behind all others.
	Repeats bool
}

// unseen is the choice if there are too few users to choose by.
var unseen = Blend{Decay: 8, Back: 0.3, Norm: sequence.Norm{From: 0.7, To: 0.4, Shrink: 50}, Fade: 16, Factors: 0.5, Prior: 0.1}

// What is tried.
var (
	decays = []float64{4, 8, 16, 32}
	backs  = []float64{0, 0.6}
	norms  = [...]sequence.Norm{{From: 0.5, To: 0.3, Shrink: 20}, {From: 0.7, To: 0.4, Shrink: 50}, {From: 1, To: 0.5, Shrink: 100}, {From: 1, To: 0, Shrink: 5}}
	slows  = [...]float64{0, 0.75}
	fades  = []float64{8, 16, 32}
	shares = []float64{0, 0.25, 0.5, 1, 1.5}
	priors = []float64{0, 0.1, 0.2, 0.4}
)

const (
	fewest  = 20   // users to choose by, at least
	folded  = 50   // newest items of a history that the factors see
	already = 0.02 // share of repeated items from which users do repeat
)

// sample is how many users to choose by, at most: 12,000, fewer where so many items
// follow those of a history that trying choices would take longer than training.
func sample(users, items, interactions int) int {
	length := interactions / max(users, 1)
	followers := min(items, length*length*(interactions/max(items, 1)))
	return min(12_000, max(4000, 20_000_000/max(followers, 1)))
}

func (b Blend) config(window, workers int) sequence.Config {
	return sequence.Config{Window: window, Decay: b.Decay, Back: b.Back, Entries: entries, Workers: workers}
}

// weights returns the weights of a history's items for the transitions, the
// newest first.
func (b Blend) weights(n int) []float32 {
	if b.Slow == 0 {
		return weightsOf(b.Decay, n)
	}
	w := make([]float32, n)
	for d := range w {
		w[d] = float32(math.Pow(float64(d+1), -b.Slow))
	}
	return w
}

// tuner holds the sample: the history without the newest items of some users.
type tuner struct {
	in        recipe.Input
	o         options
	catalogue *history.Dictionary
	items     int // of the catalogue

	history *history.History // as shown
	shown   *history.Sequences
	users   []uint32 // of each item, as shown
	prior   []float32
	likely  []uint32            // some items that have users, by prior, most first
	tests   []uint32            // users
	targets []uint32            // their newest items
	asked   []map[string]string // and the contexts in which they took them
	worth   []float64           // of finding each, nil where all are worth the same
	wanted  []bool              // items that occur in the tests' histories

	best    Blend
	value   float64 // of best
	counts  *sequence.Counts
	latent  latent
	trainer *neural.Trainer // of the network
	terms   affinities
}

func newTuner(in recipe.Input, h *history.History, o options, catalogue *history.Dictionary) *tuner {
	items := catalogue.Len()
	t := &tuner{in: in, o: o, catalogue: catalogue, items: items, best: unseen}
	s := h.Sequences()
	var fresh, again []uint32
	for u := range s.Users() {
		past, _ := s.Of(uint32(u))
		switch n := len(past); {
		case n < 3, s.Weight != nil && s.Weight[s.Start[u+1]-1] == 0:
		case slices.Contains(past[:n-1], past[n-1]):
			again = append(again, uint32(u))
		default:
			fresh = append(fresh, uint32(u))
		}
	}
	t.best.Repeats = float64(len(again)) > already*float64(len(again)+len(fresh))
	// New items are what there is to learn about, unless hardly any user
	// takes one.
	pool := fresh
	if len(fresh) < fewest {
		pool = slices.Sorted(slices.Values(slices.Concat(fresh, again)))
	}
	r := rand.New(rand.NewPCG(in.Seed, 0x74756e65))
	r.Shuffle(len(pool), func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
	if len(pool) < fewest {
		pool = nil
	}
	t.tests = slices.Sorted(slices.Values(pool[:min(len(pool), sample(s.Users(), items, len(s.Item)))]))
	hidden := make(map[uint32]bool, len(t.tests)) // rows
	for _, u := range t.tests {
		row := s.Row[s.Start[u+1]-1]
		hidden[row] = true
		t.targets = append(t.targets, h.Item[row])
		t.asked = append(t.asked, askedOf(h, int(row)))
		if h.Weight != nil {
			t.worth = append(t.worth, float64(h.Weight[row]))
		}
	}
	shown := h.Select(func(row int) bool { return !hidden[uint32(row)] })
	t.history, t.shown = shown, shown.Sequences()
	t.users = popularity.Count(t.shown, items)
	t.prior = prior(shown, t.users, o.recency)
	t.likely = byPrior(popularity.New(catalogue, t.users), t.prior)
	if items > small {
		t.likely = t.likely[:min(wider*likely, len(t.likely))]
	}
	t.wanted = make([]bool, items)
	for _, u := range t.tests {
		past, _ := t.shown.Of(u)
		for _, it := range past {
			t.wanted[it] = true
		}
	}
	return t
}

// askedOf returns an interaction's context, its event type included.
func askedOf(h *history.History, row int) map[string]string {
	values := h.ContextOf(row)
	if h.Event != nil && h.Event[row] > 0 {
		if values == nil {
			values = map[string]string{}
		}
		values[affinity.EventType] = h.EventTypes[h.Event[row]]
	}
	return values
}

// factors factorizes and chooses how much to listen to the factors and to the
// prior.
func (t *tuner) factors(ctx context.Context) (err error) {
	if t.latent.factors, err = t.factorize(ctx, t.shown); err != nil || len(t.tests) == 0 {
		return err
	}
	if err := t.normalized(ctx); err != nil {
		return err
	}
	choices, weights := len(fades)*len(shares)*len(priors), t.best.weights(t.o.window)
	values, err := t.measure(ctx, choices, func(_ int, tr *trial, gains []float64) {
		tr.follow(t.counts, tr.past, weights)
		spread := tr.spread()
		candidates := t.candidates(tr.scratch)
		latent, first, likely := make([]float32, len(candidates)), pick(tr.sum, candidates), pick(t.prior, candidates)
		vector.Scale(first, spread)
		gains = gains[:0]
		for _, fade := range fades {
			w := weightsOf(fade, folded)
			n := min(len(tr.past), len(w))
			x := t.latent.factors.Fold(tr.past[:n], w[:n])
			scale := float32(1 / max(t.latent.factors.Spread(x), 1e-12))
			t.latent.factors.Scores(latent, x, candidates)
			vector.Scale(latent, scale)
			tr.consider(candidates, terms{1}, terms{1, float32(slices.Max(shares)), float32(slices.Max(priors))}, latent, likely)
			tr.enter(first)
			for _, share := range shares {
				for _, prior := range priors {
					gains = append(gains, tr.gain(terms{1, float32(share), float32(prior)}))
				}
			}
		}
		tr.clear()
	})
	for i, v := range values {
		if v > t.value || i == 0 {
			t.value = v
			t.best.Fade = fades[i/(len(shares)*len(priors))]
			t.best.Factors = shares[i/len(priors)%len(shares)]
			t.best.Prior = priors[i%len(priors)]
		}
	}
	return err
}

func (t *tuner) factorize(ctx context.Context, s *history.Sequences) (*als.Model, error) {
	return als.Fit(ctx, s, t.items, als.Config{
		Factors: t.o.factors, Seed: t.in.Seed, Workers: t.in.Workers,
		Progress: func(share float64) {
			t.in.Report(recipe.Progress{Phase: "factors", Share: share, Metric: metric, Value: t.value})
		},
	})
}

func (t *tuner) candidates(sc *scratch) []uint32 {
	if t.items <= small {
		return upTo(t.items)
	}
	return sc.touched
}

// pick returns what items have of all.
func pick(all []float32, items []uint32) []float32 {
	out := make([]float32, len(items))
	for i, j := range items {
		out[i] = all[j]
	}
	return out
}

// past returns the items that are shown of a user, newest first.
func (t *tuner) past(u uint32) []uint32 {
	items, _ := t.shown.Of(u)
	items = slices.Clone(items)
	slices.Reverse(items)
	return items
}

// measure returns the mean NDCG@10 of so many choices, each test counting as much
// as what is to be found weighs. ask is to set the gain of each choice in a test.
func (t *tuner) measure(ctx context.Context, choices int, ask func(test int, tr *trial, gains []float64)) ([]float64, error) {
	gains := make([]float64, len(t.tests)*choices)
	pool := sync.Pool{New: func() any { return newTrial(t.items) }}
	err := recipe.Blocks(ctx, t.in.Workers, len(t.tests), 32, func(from, to int) {
		tr := pool.Get().(*trial)
		defer pool.Put(tr)
		for i := from; i < to; i++ {
			tr.begin(t.past(t.tests[i]), t.targets[i])
			ask(i, tr, gains[i*choices:(i+1)*choices])
			tr.end()
		}
	})
	values, all := make([]float64, choices), 0.0
	for i := range t.tests {
		w := t.worthOf(i)
		all += w
		for c, g := range gains[i*choices : (i+1)*choices] {
			values[c] += w * g
		}
	}
	for c := range values {
		values[c] /= all
	}
	return values, err
}

func (t *tuner) worthOf(test int) float64 {
	if t.worth == nil {
		return 1
	}
	return t.worth[test]
}
