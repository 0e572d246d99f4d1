package catalog

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Kind is the type of a parameter's values, which travel as text.
type Kind int

// The kinds. Boolean and categorical parameters both have Values.
const (
	Integer Kind = iota
	Continuous
	Categorical
)

// Parameter is one setting of an algorithm or a feature transformation.
type Parameter struct {
	Name     string
	Aliases  []string // earlier and internal spellings that clients send
	Kind     Kind
	Default  string
	Min, Max float64  // of numbers, both allowed
	Values   []string // of categories
	Tunable  bool     // hpoConfig may give a range for it
	// RangesOnly says that the parameter can be given as a range of hpoConfig
	// and not as a value.
	RangesOnly bool
}

// Is reports whether a client means the parameter by name.
func (p Parameter) Is(name string) bool { return p.Name == name || slices.Contains(p.Aliases, name) }

// Accepts tells, in a sentence, why a value is none of the parameter's; "" if
// it is one.
func (p Parameter) Accepts(value string) string {
	switch p.Kind {
	case Categorical:
		if _, ok := p.category(value); !ok {
			return fmt.Sprintf("%s must be one of %s; it is %q.", p.Name, strings.Join(p.Values, ", "), cut(value))
		}
	case Integer:
		n, err := strconv.Atoi(value)
		if err != nil || float64(n) < p.Min || float64(n) > p.Max {
			return fmt.Sprintf("%s must be a whole number from %s to %s; it is %q.", p.Name, number(p.Min), number(p.Max), cut(value))
		}
	case Continuous:
		x, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsNaN(x) || x < p.Min || x > p.Max {
			return fmt.Sprintf("%s must be a number from %s to %s; it is %q.", p.Name, number(p.Min), number(p.Max), cut(value))
		}
	}
	return ""
}

// category returns the parameter's spelling of a value: case does not matter.
func (p Parameter) category(value string) (string, bool) {
	i := slices.IndexFunc(p.Values, func(v string) bool { return strings.EqualFold(v, value) })
	if i < 0 {
		return "", false
	}
	return p.Values[i], true
}

// Spelled returns a value in the parameter's own spelling.
func (p Parameter) Spelled(value string) string {
	if c, ok := p.category(value); ok {
		return c
	}
	return value
}

// Named returns the parameter that a client means by name.
func Named(all []Parameter, name string) (Parameter, bool) {
	i := slices.IndexFunc(all, func(p Parameter) bool { return p.Is(name) })
	if i < 0 {
		return Parameter{}, false
	}
	return all[i], true
}

// Values returns what each parameter is, by name: as given, under whichever
// spelling, or by default. What is given has been checked.
func Values(all []Parameter, given map[string]string) map[string]string {
	out := make(map[string]string, len(all))
	for _, p := range all {
		out[p.Name] = p.Default
	}
	for name, v := range given {
		if p, ok := Named(all, name); ok {
			out[p.Name] = p.Spelled(v)
		}
	}
	return out
}

// Names lists the parameters that can be given as values.
func Names(all []Parameter) string {
	var names []string
	for _, p := range all {
		if !p.RangesOnly {
			names = append(names, p.Name)
		}
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ", ")
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// cut shortens what a client sent to what a message can hold.
func cut(s string) string {
	const most = 64
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "..."
	}
	return s
}
