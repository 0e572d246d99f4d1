package main

import (
	"fmt"
	"slices"
	"strings"
)

// plain names the hand-written matchers of package wire, by the pattern.
var plain = map[string]string{
	`arn:([a-z\d-]+):personalize:.*:.*:.+`: "matchARN",
}

// emitConstraints writes a table of constraints for each shape of which
// requests are made.
func emitConstraints(s *source, a *api) {
	s.head()
	var patterns []string
	for _, n := range a.values {
		if n.Pattern != "" && !slices.Contains(patterns, n.Pattern) {
			patterns = append(patterns, n.Pattern)
		}
	}
	s.line("// The patterns as the model has them, and as Go matches whole values with them.")
	s.line("var patterns = [...]pattern{")
	for _, p := range patterns {
		expr, limit, err := translate(p)
		if err != nil {
			panic(err) // the model is part of the source
		}
		extra := ""
		if limit > 0 {
			extra = fmt.Sprintf(", limit: %d", limit)
		}
		if f := plain[p]; f != "" {
			extra += ", plain: " + f
		}
		s.line("{text: %s, expr: %s%s},", quote(p), quote(expr), extra)
	}
	s.line("}\n")

	s.line("var (")
	for _, n := range a.values {
		if n.Type == "boolean" || n.Type == "timestamp" {
			continue // nothing to bound
		}
		var parts []string
		part := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
		lo, hi := "min", "max"
		if n.numeric() {
			lo, hi = "from", "to"
		}
		if n.Min != nil && (n.numeric() || *n.Min > 0) {
			part("%s: %s", lo, n.bound(*n.Min))
		}
		if n.Max != nil {
			part("%s: %s", hi, n.bound(*n.Max))
		}
		if n.Pattern != "" {
			part("pattern: &patterns[%d]", slices.Index(patterns, n.Pattern))
		}
		if len(n.Enum) > 0 {
			part("enum: %#v", n.Enum)
		}
		if n.Sensitive {
			part("sensitive: true")
		}
		s.line("%s = shape{%s}", n.shapeVar(), strings.Join(parts, ", "))
	}
	s.line(")\n")

	s.line("var (")
	for _, n := range a.structs {
		if !n.input {
			continue
		}
		sensitive := ""
		if n.Sensitive {
			sensitive = "sensitive: true, "
		}
		s.line("%s = structure{%smembers: []member{", n.shapeVar(), sensitive)
		for _, m := range n.members {
			if m.required {
				s.line("{name: %q, required: true},", m.name)
			} else {
				s.line("{name: %q},", m.name)
			}
		}
		s.line("}}")
	}
	s.line(")")
}

// shapeVar names the variable that holds the constraints of n.
func (n *node) shapeVar() string { return varName(n.name) + "Shape" }

func (n *node) numeric() bool {
	return n.Type == "integer" || n.Type == "float" || n.Type == "double"
}

// bound writes a limit: numbers have an optional one, sizes use zero for none.
func (n *node) bound(v float64) string {
	if n.numeric() {
		return fmt.Sprintf("new(%.1f)", v)
	}
	return fmt.Sprintf("%.0f", v)
}

func quote(s string) string { return "`" + s + "`" }
