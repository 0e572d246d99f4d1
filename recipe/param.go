package recipe

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"bespoke"
)

// Kind is the place of a setting in the API.
type Kind uint8

// The places of settings.
const (
	Hyperparameter Kind = iota // algorithmHyperParameters
	Featurization              // featureTransformationParameters
)

func (k Kind) String() string {
	return [...]string{"algorithmHyperParameters", "featureTransformationParameters"}[k]
}

// Domain is the set of values that a setting may have.
type Domain uint8

// The domains.
const (
	Integer Domain = iota
	Continuous
	Categorical
)

// Param describes one setting of a recipe.
type Param struct {
	Name    string
	Kind    Kind
	Domain  Domain
	Default string
	// Min and Max bound Integer and Continuous, both included.
	Min, Max float64
	Values   []string // of Categorical
	Tunable  bool     // by HPO
	// OnlyTuned says that it may be given as a range for HPO, not as a value.
	OnlyTuned bool
	// Unused says that it is accepted for clients that send it and changes nothing.
	Unused bool
	// Aliases are other names that Amazon's service accepts or shows.
	Aliases []string
}

// Settings holds a value for every setting of a recipe, by name.
type Settings map[string]string

// Settings checks what a solution gives for one kind of settings and returns
// them with the defaults of all that are missing, those of the other kind
// included. Its error names the setting, the value and what is allowed.
func (r Recipe) Settings(given map[Kind]map[string]string) (Settings, error) {
	s := Settings{}
	for _, p := range r.Params {
		s[p.Name] = p.Default
	}
	for kind, values := range given {
		for name, value := range values {
			p, ok := r.Param(kind, name)
			if !ok {
				return nil, bespoke.Errorf(bespoke.InvalidInput, "Provide a hyperparameter that is used in the algorithm: arn:aws:personalize:::algorithm/%s. %s has no %.100q in its %s; it has %s.",
					r.Algorithm, r.Name, name, kind, r.names(kind))
			}
			if err := p.Check(value); err != nil {
				return nil, bespoke.Errorf(bespoke.InvalidInput, "%s.%s: %w", kind, name, err)
			}
			s[p.Name] = value
		}
	}
	return s, nil
}

// Param returns the setting of that name or alias.
func (r Recipe) Param(kind Kind, name string) (Param, bool) {
	i := slices.IndexFunc(r.Params, func(p Param) bool {
		return p.Kind == kind && (p.Name == name || slices.Contains(p.Aliases, name))
	})
	if i < 0 {
		return Param{}, false
	}
	return r.Params[i], true
}

func (r Recipe) names(kind Kind) string {
	var names []string
	for _, p := range r.Params {
		if p.Kind == kind {
			names = append(names, p.Name)
		}
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ", ")
}

// Check returns an error that says what is allowed if value is not.
func (p Param) Check(value string) error {
	if p.OnlyTuned {
		return fmt.Errorf("it cannot be set to %.100q, only tuned: give a range for HPO", value)
	}
	switch p.Domain {
	case Categorical:
		if !slices.Contains(p.Values, value) {
			return fmt.Errorf("%.100q is none of %s", value, strings.Join(p.Values, ", "))
		}
		return nil
	case Integer:
		if _, err := strconv.Atoi(value); err != nil {
			return fmt.Errorf("%.100q is no integer from %g to %g", value, p.Min, p.Max)
		}
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(v) || v < p.Min || v > p.Max {
		return fmt.Errorf("%.100q is no number from %g to %g", value, p.Min, p.Max)
	}
	return nil
}

// Float returns a number that was checked, or the given default if the setting
// is missing.
func (s Settings) Float(name string, otherwise float64) float64 {
	if v, err := strconv.ParseFloat(s[name], 64); err == nil {
		return v
	}
	return otherwise
}

// Int is Float for integers.
func (s Settings) Int(name string, otherwise int) int {
	return int(s.Float(name, float64(otherwise)))
}

// Bool is Float for true and false.
func (s Settings) Bool(name string, otherwise bool) bool {
	if v, err := strconv.ParseBool(s[name]); err == nil {
		return v
	}
	return otherwise
}
