package blend

import (
	"cmp"
	"slices"
	"sync"

	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/popularity"
	"bespoke/recipe/sequence"
)

// Model scores items by what tends to follow the user's newest ones, by vectors
// of the history and of items, by what is popular, and by affinities.
type Model struct {
	Blend
	items      *history.Dictionary
	window     int
	users      []uint32 // distinct users of each item
	prior      []float32
	follow     *sequence.Followers // heaviest first
	latent     latent
	affinities affinities
	objective  []float32 // what it adds to each item's score; nil if there is none

	// What follows from the above.
	popular    *popularity.Model
	likely     []uint32 // items that have users, by prior and objective, most first
	weights    []float32
	traitFades []float32
	prospects  sync.Pool // of *prospect
}

// finish computes what follows from the rest.
func (m *Model) finish() {
	m.popular = popularity.New(m.items, m.users)
	m.order()
	m.weights = m.Blend.weights(m.window)
	m.traitFades = weightsOf(fadeTraits, folded)
	m.prospects.New = func() any { return m.newProspect() }
}

// order finds the likely items, by what a score has of an item whoever asks.
func (m *Model) order() {
	standing := slices.Clone(m.prior)
	for j, w := range m.objective {
		standing[j] += w
	}
	m.likely = byPrior(m.popular, standing)
}

// byPrior returns the items that have users, by prior, most first.
func byPrior(popular *popularity.Model, prior []float32) []uint32 {
	items := slices.Clone(popular.Order())
	slices.SortFunc(items, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(prior[b], prior[a]), cmp.Compare(a, b))
	})
	return items
}

// ContextColumns returns the columns that contexts are looked at for.
func (m *Model) ContextColumns() []string { return columns(m.affinities.contexts) }

// UserColumns returns those that users' attributes are looked at for.
func (m *Model) UserColumns() []string { return columns(m.affinities.users) }

// Items returns the catalogue.
func (m *Model) Items() *history.Dictionary { return m.items }

// Encode writes the model.
func (m *Model) Encode(e *recipe.Encoder) {
	recipe.PutIDs(e, m.items)
	e.Int(int64(m.window))
	for _, x := range []float64{m.Decay, m.Back, m.Norm.From, m.Norm.To, m.Norm.Shrink, m.Slow, m.Fade, m.Factors, m.Network, m.Prior} {
		e.Float(x)
	}
	e.Int(flag(m.Repeats))
	recipe.Put(e, m.users)
	recipe.Put(e, m.prior)
	m.follow.Encode(e)
	m.latent.encode(e)
	m.affinities.encode(e)
	recipe.Put(e, m.objective)
}

func decode(d *recipe.Decoder) (recipe.Model, error) {
	m := &Model{items: recipe.GetIDs(d), window: int(d.Int())}
	for _, x := range []*float64{&m.Decay, &m.Back, &m.Norm.From, &m.Norm.To, &m.Norm.Shrink, &m.Slow, &m.Fade, &m.Factors, &m.Network, &m.Prior} {
		*x = d.Float()
	}
	m.Repeats = d.Int() == 1
	n := m.items.Len()
	if m.window < 1 || m.window > 1024 {
		d.Fail("it has a window of %d", m.window)
	}
	m.users = recipe.Get[uint32](d, n)
	m.prior = recipe.Get[float32](d, n)
	m.follow = sequence.DecodeFollowers(d, n)
	m.latent = decodeLatent(d, n)
	m.affinities = decodeAffinities(d, n)
	if m.objective = recipe.Get[float32](d, -1); m.objective != nil && len(m.objective) != n {
		d.Fail("it has an objective of %d items, but %d items", len(m.objective), n)
	}
	if d.Err() != nil {
		return nil, d.Err()
	}
	m.finish()
	return m, nil
}
