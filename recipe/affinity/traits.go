package affinity

import (
	"math"
	"slices"

	"bespoke/history"
	"bespoke/recipe"
)

const (
	// most is how many values of a column an item has at most, the rarest.
	most = 16
	// doubt is how many items of a history everybody is given for nothing, with
	// the values that are usual, and rare the least share at which a value is
	// usual.
	doubt = 5
	rare  = 0.002
)

// Traits is a column of an Items dataset. A user's history gives each of its
// values a weight, log(1 + taken/(5 usual)): taken is the history's items that have
// the value, newer ones counting more, and usual the share that it has of all
// interactions. It is, but for what is the same for all values, the logarithm of
// how much more often than others the user takes it, smoothed as by five items of
// an average user. An item scores the mean of its values' weights, so that items
// which few have taken are told apart too. Traits are immutable.
type Traits struct {
	*Values
	start []int // of each item's values
	value []uint32
	usual []float32
}

// Items returns the traits of an Items dataset's columns, but for opaque strings.
// The catalogue may have items that h lacks; metadata may be nil.
func Items(h *history.History, catalogue *history.Dictionary, metadata *history.Metadata) (traits []*Traits) {
	if metadata == nil {
		return nil
	}
	rows := recipe.Rows(catalogue, metadata)
	for i := range metadata.Columns {
		if v, of := read(&metadata.Columns[i], rows); v != nil {
			traits = append(traits, newTraits(h, v, of))
		}
	}
	return traits
}

func newTraits(h *history.History, v *Values, of [][]uint32) *Traits {
	t := &Traits{Values: v, start: make([]int, 1, len(of)+1), usual: make([]float32, v.Len())}
	shared := make([]int, v.Len()) // by how many items
	for _, values := range of {
		for _, value := range values {
			shared[value]++
		}
	}
	for _, values := range of {
		// What one item alone has likens it to none.
		values = slices.DeleteFunc(values, func(value uint32) bool { return shared[value] < 2 })
		if len(values) > most {
			slices.SortStableFunc(values, func(a, b uint32) int { return shared[a] - shared[b] })
			values = values[:most]
		}
		t.value = append(t.value, values...)
		t.start = append(t.start, len(t.value))
	}
	taken := make([]int, v.Len())
	for _, it := range h.Item {
		for _, value := range t.of(it) {
			taken[value]++
		}
	}
	for value, n := range taken {
		t.usual[value] = max(float32(n)/float32(max(h.Len(), 1)), rare)
	}
	return t
}

func (t *Traits) of(item uint32) []uint32 { return t.value[t.start[item]:t.start[item+1]] }

// Profile is what a history says of the values of one column. Its memory can be
// used again.
type Profile struct {
	t       *Traits
	weight  []float32 // of each value; zero outside touched
	touched []uint32
}

// NewProfile returns the profile of an empty history.
func (t *Traits) NewProfile() *Profile { return &Profile{t: t, weight: make([]float32, t.Len())} }

// Look takes in a history, which has items with their weights.
func (p *Profile) Look(items []uint32, weights []float32) {
	for _, value := range p.touched {
		p.weight[value] = 0
	}
	p.touched = p.touched[:0]
	for d, it := range items[:min(len(items), len(weights))] {
		for _, value := range p.t.of(it) {
			if p.weight[value] == 0 {
				p.touched = append(p.touched, value)
			}
			p.weight[value] += weights[d]
		}
	}
	for _, value := range p.touched {
		p.weight[value] = float32(math.Log1p(float64(p.weight[value] / (doubt * p.t.usual[value]))))
	}
}

// Score returns the mean weight of an item's values, 0 if it has none.
func (p *Profile) Score(item uint32) float32 {
	values, sum := p.t.of(item), float32(0)
	for _, value := range values {
		sum += p.weight[value]
	}
	return sum / float32(max(len(values), 1))
}

// AddScores adds weight times the scores of items to sums.
func (p *Profile) AddScores(sums []float32, items []uint32, weight float32) {
	if weight == 0 || len(p.touched) == 0 {
		return
	}
	for i, j := range items {
		sums[i] += weight * p.Score(j)
	}
}

// Parts calls f with an item's values and the part that each has in its score.
func (p *Profile) Parts(item uint32, f func(value uint32, part float32)) {
	values := p.t.of(item)
	for _, value := range values {
		f(value, p.weight[value]/float32(len(values)))
	}
}

// Encode writes the traits.
func (t *Traits) Encode(e *recipe.Encoder) {
	t.Values.encode(e)
	lengths := make([]uint32, len(t.start)-1)
	for i := range lengths {
		lengths[i] = uint32(t.start[i+1] - t.start[i])
	}
	recipe.Put(e, lengths)
	recipe.Put(e, t.value)
	recipe.Put(e, t.usual)
}

// DecodeTraits reads the traits of so many items, nil after an error.
func DecodeTraits(d *recipe.Decoder, items int) *Traits {
	t := &Traits{Values: decodeValues(d)}
	lengths := recipe.Get[uint32](d, items)
	if d.Err() != nil {
		return nil
	}
	t.start = starts(lengths)
	t.value = recipe.GetNumbers(d, t.start[items], t.Len())
	t.usual = recipe.Get[float32](d, t.Len())
	if d.Err() != nil {
		return nil
	}
	return t
}
