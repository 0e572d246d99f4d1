package history

import (
	"slices"
)

// History is a set of interactions as parallel columns, one row each, in the
// order in which they were read. Training treats it as immutable.
type History struct {
	Users, Items *Dictionary

	User, Item []uint32 // numbers in Users and Items
	Time       []int64  // Unix seconds

	// Event is nil where no interaction has an event type. Otherwise each
	// entry is an index of EventTypes, whose name "" means none.
	Event      []uint16
	EventTypes []string

	// Value is nil where no interaction has an EVENT_VALUE. NaN means none.
	Value []float32

	// Context has the metadata columns of the interactions, as far as they
	// were read and some interaction has a value.
	Context []ContextColumn

	// Weight is how much each interaction counts, 0 or more; nil where all count
	// the same.
	Weight []float32
}

// Len returns the number of interactions.
func (h *History) Len() int { return len(h.User) }

// Newest returns the latest time of all interactions, 0 if there are none.
func (h *History) Newest() int64 {
	if len(h.Time) == 0 {
		return 0
	}
	return slices.Max(h.Time)
}

// Select returns the interactions for whose rows keep reports true, in the same
// order. The dictionaries are shared, so all numbers stay what they are.
func (h *History) Select(keep func(row int) bool) *History {
	s := &History{Users: h.Users, Items: h.Items, EventTypes: h.EventTypes}
	rows := make([]uint32, 0, h.Len())
	for row := range h.Len() {
		if keep(row) {
			rows = append(rows, uint32(row))
		}
	}
	s.User, s.Item, s.Time = pick(h.User, rows), pick(h.Item, rows), pick(h.Time, rows)
	s.Event, s.Value, s.Weight = pick(h.Event, rows), pick(h.Value, rows), pick(h.Weight, rows)
	for _, c := range h.Context {
		s.Context = append(s.Context, ContextColumn{Name: c.Name, Values: c.Values, Code: pick(c.Code, rows), Number: pick(c.Number, rows)})
	}
	return s
}

// pick returns the given rows of a column, nil of a nil column.
func pick[T any](column []T, rows []uint32) []T {
	if column == nil {
		return nil
	}
	out := make([]T, len(rows))
	for i, row := range rows {
		out[i] = column[row]
	}
	return out
}
