package history

import (
	"math"
	"strconv"
	"strings"
)

// ContextColumn is a metadata column of interactions: what was known of the
// moment, and what an application can say of the moment in which it asks. Code
// or Number is set, the other nil.
type ContextColumn struct {
	Name string
	// Code is, for a column of strings, the index of each interaction's value
	// in Values. The first of Values is "", which means none. Several categories
	// of one value are joined by "|".
	Code   []uint32
	Values []string
	Number []float32 // of each interaction, NaN means none
}

// Text returns an interaction's value as text, "" where it has none.
func (c *ContextColumn) Text(row int) string {
	if c.Number == nil {
		return c.Values[c.Code[row]]
	}
	if x := c.Number[row]; x == x {
		return strconv.FormatFloat(float64(x), 'g', -1, 32)
	}
	return ""
}

// ContextOf returns the values that an interaction has, by column; nil where it
// has none.
func (h *History) ContextOf(row int) map[string]string {
	var values map[string]string
	for i := range h.Context {
		if text := h.Context[i].Text(row); text != "" {
			if values == nil {
				values = make(map[string]string, len(h.Context))
			}
			values[h.Context[i].Name] = text
		}
	}
	return values
}

// empty reports whether no interaction has a value.
func (c *ContextColumn) empty() bool {
	if c.Number == nil {
		return len(c.Values) <= 1
	}
	for _, x := range c.Number {
		if x == x {
			return false
		}
	}
	return true
}

// GuessContext decides, where there is no schema, what the context columns are
// for: one whose values are all numbers becomes one of numbers, and one of mostly
// distinct texts goes, as a string that is not categorical.
func (h *History) GuessContext() {
	var kept []ContextColumn
	for _, c := range h.Context {
		if c.Number == nil {
			several, filled := false, 0
			for _, v := range c.Values {
				several = several || strings.Contains(v, "|")
			}
			for _, code := range c.Code {
				if code > 0 {
					filled++
				}
			}
			if numbers := numbersOf(c.Values); numbers != nil {
				c.Number = make([]float32, len(c.Code))
				for row, code := range c.Code {
					c.Number[row] = numbers[code]
				}
				c.Code, c.Values = nil, nil
			} else if !several && 10*(len(c.Values)-1) > filled {
				continue
			}
		}
		kept = append(kept, c)
	}
	h.Context = kept
}

// numbersOf returns texts as numbers, NaN for "", or nil if some are none.
func numbersOf(texts []string) []float32 {
	numbers := make([]float32, len(texts))
	for i, text := range texts {
		numbers[i] = float32(math.NaN())
		if text == "" {
			continue
		}
		x, err := strconv.ParseFloat(text, 32)
		if err != nil {
			return nil
		}
		numbers[i] = float32(x)
	}
	return numbers
}
