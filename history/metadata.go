package history

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Metadata is what a dataset of items or users says about each of them: rows
// numbered by IDs, and columns parallel to those rows.
type Metadata struct {
	IDs     *Dictionary
	Columns []Column
}

// Column is one attribute. Text or Number is set, the other nil.
type Column struct {
	Name string
	// Categorical says that Text holds categories, several of them separated
	// by "|". Textual says that it is free text. Neither: an opaque string.
	Categorical, Textual bool
	Text                 []string  // "" where a row has none
	Number               []float64 // NaN where a row has none; timestamps are Unix seconds
}

// Creation returns the CREATION_TIMESTAMP of a row in Unix seconds, and whether
// it has one. A nil Metadata, and the row -1, have none.
func (m *Metadata) Creation(row int) (int64, bool) {
	c, ok := m.Column("CREATION_TIMESTAMP")
	if !ok || row < 0 || c.Number == nil || math.IsNaN(c.Number[row]) {
		return 0, false
	}
	return int64(c.Number[row]), true
}

// Column returns the column of that name and whether there is one. A nil
// Metadata has none.
func (m *Metadata) Column(name string) (Column, bool) {
	if m != nil {
		for _, c := range m.Columns {
			if c.Name == name {
				return c, true
			}
		}
	}
	return Column{}, false
}

// Only returns the metadata with the named columns and no others; nil of a nil one.
func (m *Metadata) Only(names []string) *Metadata {
	if m == nil {
		return nil
	}
	return &Metadata{IDs: m.IDs, Columns: slices.DeleteFunc(slices.Clone(m.Columns), func(c Column) bool { return !slices.Contains(names, c.Name) })}
}

// Parts returns the categories of a row's text, or its words in lower case where it
// is free text.
func (c *Column) Parts(row int) []string {
	if c.Text == nil {
		return nil
	}
	if c.Categorical {
		return Categories(c.Text[row])
	}
	return strings.FieldsFunc(strings.ToLower(c.Text[row]), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// Categories returns the categories of a value, which "|" separates.
func Categories(value string) []string {
	return slices.DeleteFunc(strings.Split(value, "|"), func(s string) bool { return s == "" })
}

// Value returns a row's value as text, "" where it has none.
func (c *Column) Value(row int) string {
	if c.Number == nil {
		return c.Text[row]
	}
	if x := c.Number[row]; x == x {
		return strconv.FormatFloat(x, 'f', -1, 64)
	}
	return ""
}

// Of returns the values that an item or user has, by column; nil for an unknown
// one and where it has none. A nil Metadata knows none.
func (m *Metadata) Of(id string) map[string]string {
	if m == nil {
		return nil
	}
	row, ok := m.IDs.Lookup(id)
	if !ok {
		return nil
	}
	var values map[string]string
	for i := range m.Columns {
		if v := m.Columns[i].Value(int(row)); v != "" {
			if values == nil {
				values = make(map[string]string, len(m.Columns))
			}
			values[m.Columns[i].Name] = v
		}
	}
	return values
}
