package affinity

import (
	"context"
	"math"
	"slices"

	"bespoke/history"
	"bespoke/recipe"
)

// Table is a column of contexts or of users, and for each of its values the lift
// of items:
//
//	log((n(value, item) + 10) / (n(value) n(item) / n + 10))
//
// n counts interactions in which the column says something, by their weights. The lift is 0 where as
// many come together as do by chance, and near it where few are to be expected:
// the ratio of observed to expected counts shrunk by a gamma prior of mean 1, as in
// DuMouchel, "Bayesian data mining in large frequency tables" (The American
// Statistician, 1999). Summed over columns it is what naive Bayes adds to the
// logarithm of an item's popularity. A Table is immutable.
type Table struct {
	*Values
	start []int // of each value's lifts
	item  []uint32
	lift  []float32
}

// ofContext returns the table of a context column of a history whose items are
// the first of so many.
func ofContext(ctx context.Context, h *history.History, c history.ContextColumn, items, workers int) (*Table, error) {
	if c.Number != nil {
		v := ranges(c.Name, c.Number)
		one := v.singles()
		return count(ctx, v, h, items, workers, func(row int) []uint32 {
			if x := float64(c.Number[row]); x == x {
				return one[v.number(x)]
			}
			return nil
		})
	}
	v := categories(c.Name)
	of := make([][]uint32, len(c.Values))
	for code, text := range c.Values {
		of[code] = v.add(history.Categories(text))
	}
	return count(ctx, v, h, items, workers, func(row int) []uint32 { return of[c.Code[row]] })
}

// EventType is the column of event types, which is context where there are several.
const EventType = "EVENT_TYPE"

// Contexts returns the tables of a history's context columns, and that of
// EventType.
func Contexts(ctx context.Context, h *history.History, items, workers int) (tables []*Table, err error) {
	columns := h.Context
	if h.Event != nil && len(h.EventTypes) > 2 {
		c := history.ContextColumn{Name: EventType, Values: h.EventTypes, Code: make([]uint32, h.Len())}
		for row, e := range h.Event {
			c.Code[row] = uint32(e)
		}
		columns = append(slices.Clone(columns), c)
	}
	for _, c := range columns {
		t, err := ofContext(ctx, h, c, items, workers)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// Users returns the tables of the columns of a Users dataset, but for text and
// opaque strings. users may be nil.
func Users(ctx context.Context, h *history.History, users *history.Metadata, items, workers int) (tables []*Table, err error) {
	if users == nil {
		return nil, nil
	}
	rows := recipe.Rows(h.Users, users)
	for i := range users.Columns {
		v, of := read(&users.Columns[i], rows)
		if v == nil || users.Columns[i].Textual {
			continue
		}
		t, err := count(ctx, v, h, items, workers, func(row int) []uint32 { return of[h.User[row]] })
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// read returns the values of a metadata column and those of each row; nil of an
// opaque string.
func read(c *history.Column, rows []int) (v *Values, of [][]uint32) {
	switch {
	case c.Number != nil:
		v = ranges(c.Name, c.Number)
	case c.Categorical || c.Textual:
		v = categories(c.Name)
	default:
		return nil, nil
	}
	of = make([][]uint32, len(rows))
	one := v.singles()
	for n, row := range rows {
		switch {
		case row < 0:
		case c.Number == nil:
			of[n] = v.add(c.Parts(row))
		case c.Number[row] == c.Number[row]:
			of[n] = one[v.number(c.Number[row])]
		}
	}
	return v, of
}

// Row returns the items that a value lifts, ascending, and how much.
func (t *Table) Row(value uint32) ([]uint32, []float32) {
	from, to := t.start[value], t.start[value+1]
	return t.item[from:to], t.lift[from:to]
}

// each calls f with the values of a text and the weight of each, so that several
// weigh as much as one.
func (t *Table) each(text string, f func(value uint32, weight float32)) {
	n := float32(0)
	t.Values.Each(text, func(uint32) { n++ })
	t.Values.Each(text, func(value uint32) { f(value, 1/n) })
}

// Score returns the lift that a text's values give an item.
func (t *Table) Score(text string, item uint32) (sum float32) {
	t.Parts(text, item, func(_ uint32, lift float32) { sum += lift })
	return sum
}

// Add adds weight times the lifts of a text's values to sum, which has a number
// for each item, and appends the items that were zero before to touched.
func (t *Table) Add(text string, weight float32, sum []float32, touched []uint32) []uint32 {
	if weight == 0 {
		return touched
	}
	t.each(text, func(value uint32, part float32) {
		items, lifts := t.Row(value)
		for e, j := range items {
			if sum[j] == 0 {
				touched = append(touched, j)
			}
			if sum[j] += weight * part * lifts[e]; sum[j] == 0 {
				sum[j] = math.SmallestNonzeroFloat32 // it is touched
			}
		}
	})
	return touched
}

// Parts calls f with the values of a text and the lift that each gives an item, as
// far as it has some.
func (t *Table) Parts(text string, item uint32, f func(value uint32, lift float32)) {
	t.each(text, func(value uint32, part float32) {
		items, lifts := t.Row(value)
		if e, ok := slices.BinarySearch(items, item); ok {
			f(value, part*lifts[e])
		}
	})
}

// Encode writes the table.
func (t *Table) Encode(e *recipe.Encoder) {
	t.Values.encode(e)
	lengths := make([]uint32, t.Len())
	for value := range lengths {
		lengths[value] = uint32(t.start[value+1] - t.start[value])
	}
	recipe.Put(e, lengths)
	recipe.Put(e, t.item)
	recipe.Put(e, t.lift)
}

// DecodeTable reads a table of so many items, nil after an error.
func DecodeTable(d *recipe.Decoder, items int) *Table {
	t := &Table{Values: decodeValues(d)}
	lengths := recipe.Get[uint32](d, t.Len())
	if d.Err() != nil {
		return nil
	}
	t.start = starts(lengths)
	t.item = recipe.GetNumbers(d, t.start[t.Len()], items)
	t.lift = recipe.Get[float32](d, len(t.item))
	if d.Err() != nil {
		return nil
	}
	return t
}

func starts(lengths []uint32) []int {
	start := make([]int, len(lengths)+1)
	for i, n := range lengths {
		start[i+1] = start[i] + int(n)
	}
	return start
}
