package recipe

import (
	"slices"

	"bespoke"
	"bespoke/history"
)

// Catalogue returns the items of a model that learns from in: those of the
// interactions under their numbers, then those of the Items dataset that nobody
// has interacted with.
func Catalogue(in Input) *history.Dictionary {
	known := in.Interactions.Items
	if in.Items == nil {
		return known
	}
	var extra []string
	for n := range in.Items.IDs.Len() {
		id := in.Items.IDs.ID(uint32(n))
		if _, ok := known.Lookup(id); !ok {
			extra = append(extra, id)
		}
	}
	if extra == nil {
		return known
	}
	return history.NewDictionary(slices.Concat(known.IDs(), extra)...)
}

// Rows returns, for each number of a catalogue, the row of m that describes it,
// or -1.
func Rows(catalogue *history.Dictionary, m *history.Metadata) []int {
	rows := make([]int, catalogue.Len())
	for n := range rows {
		rows[n] = -1
		if m != nil {
			if row, ok := m.IDs.Lookup(catalogue.ID(uint32(n))); ok {
				rows[n] = int(row)
			}
		}
	}
	return rows
}

// Empty returns the error of a training without interactions.
func Empty(in Input) error {
	if in.Interactions.Len() > 0 {
		return nil
	}
	return bespoke.Errorf(bespoke.InvalidInput, "There are no interactions to learn from. Import interactions, or choose another event type or value threshold.")
}
