// Package affinity learns how much more than others an item is taken in a context
// or by users with an attribute, and how much more than others a user takes items
// with an attribute. Start with [Table] for the first and [Traits] for the second;
// [Fit] says how much such scores are worth beside others.
package affinity

import (
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"bespoke/history"
	"bespoke/recipe"
)

const (
	// buckets is into how many parts, equally full, the numbers of a column are
	// cut, and single how many distinct ones are not cut at all.
	buckets = 10
	single  = 32
)

// Values numbers what a column says: its categories, words or ranges of numbers.
type Values struct {
	Column string
	words  *history.Dictionary // nil for numbers
	// bounds cut numbers: number x has the value of the first bound that is x or
	// more, and the last value beyond all of them.
	bounds []float64
	short  bool // numbers count as float32, which is what is kept of contexts
}

// categories returns the values of a column of strings, none yet.
func categories(name string) *Values {
	return &Values{Column: name, words: history.NewDictionary()}
}

// ranges cuts numbers into ranges; NaN are none.
func ranges[F float32 | float64](name string, numbers []F) *Values {
	sorted := make([]float64, 0, len(numbers))
	for _, x := range numbers {
		if x == x {
			sorted = append(sorted, float64(x))
		}
	}
	slices.Sort(sorted)
	_, short := any(numbers).([]float32)
	v := &Values{Column: name, short: short}
	distinct := slices.Compact(slices.Clone(sorted))
	if len(distinct) <= single {
		v.bounds = distinct[:max(len(distinct)-1, 0)]
		return v
	}
	for b := 1; b < buckets; b++ {
		v.bounds = append(v.bounds, sorted[b*len(sorted)/buckets])
	}
	v.bounds = slices.Compact(v.bounds)
	return v
}

// Len returns how many values there are.
func (v *Values) Len() int {
	if v.words == nil {
		return len(v.bounds) + 1
	}
	return v.words.Len()
}

// number returns the value of a number.
func (v *Values) number(x float64) uint32 {
	if v.short {
		x = float64(float32(x))
	}
	return uint32(sort.SearchFloat64s(v.bounds, x))
}

// singles returns, for numbers, a list of each value alone.
func (v *Values) singles() [][]uint32 {
	if v.words != nil {
		return nil
	}
	one := make([][]uint32, v.Len())
	for n := range one {
		one[n] = []uint32{uint32(n)}
	}
	return one
}

// add returns the values of categories, which may be new, ascending and each once.
func (v *Values) add(parts []string) []uint32 {
	out := make([]uint32, len(parts))
	for i, part := range parts {
		out[i] = v.words.Add(part)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Each calls f with the values that a text has, each once, as requests give it: a
// number, or categories with "|" between them. What was unknown in training, and what is no
// number where one is due, has none.
func (v *Values) Each(text string, f func(value uint32)) {
	if text == "" {
		return
	}
	if v.words == nil {
		if x, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(x) {
			f(v.number(x))
		}
		return
	}
	var few [8]uint32 // as a rule, they are no more
	had := few[:0]
	for part := range strings.SplitSeq(text, "|") {
		if n, ok := v.words.Lookup(part); ok && !slices.Contains(had, n) {
			had = append(had, n)
			f(n)
		}
	}
}

// Label returns the column and a value of it as people read them.
func (v *Values) Label(value uint32) string {
	if v.words != nil {
		return v.Column + "=" + v.words.ID(value)
	}
	show := func(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }
	switch n := int(value); {
	case len(v.bounds) == 0:
		return v.Column
	case n == len(v.bounds):
		return v.Column + ">" + show(v.bounds[n-1])
	case n == 0:
		return v.Column + "<=" + show(v.bounds[0])
	default:
		return v.Column + "=" + show(v.bounds[n-1]) + ".." + show(v.bounds[n])
	}
}

// The kinds of values, as they are written.
const (
	ofNumbers = iota
	ofWords
	ofShortNumbers
)

func (v *Values) encode(e *recipe.Encoder) {
	e.String(v.Column)
	switch {
	case v.words != nil:
		e.Int(ofWords)
		recipe.PutIDs(e, v.words)
		return
	case v.short:
		e.Int(ofShortNumbers)
	default:
		e.Int(ofNumbers)
	}
	recipe.Put(e, v.bounds)
}

func decodeValues(d *recipe.Decoder) *Values {
	v := &Values{Column: d.String()}
	kind := d.Int()
	if kind == ofWords {
		v.words = recipe.GetIDs(d)
		return v
	}
	v.short = kind == ofShortNumbers
	if v.bounds = recipe.Get[float64](d, -1); !slices.IsSorted(v.bounds) {
		d.Fail("it has ranges of %.100q that do not ascend", v.Column)
	}
	return v
}
