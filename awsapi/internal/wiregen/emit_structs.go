package main

import (
	"fmt"
	"strings"
)

// emitStructs writes the structures of all services.
func emitStructs(s *source, a *api) {
	s.head()
	for _, n := range a.structs {
		s.line("// %s is %s.", n.name, n.describe())
		s.line("type %s struct {", n.name)
		for _, m := range n.members {
			note := m.note()
			if note != "" {
				note = " // " + note
			}
			s.line("\t%s %s `json:\"%s\"`%s", goName(m.name), m.fieldType(), m.tag(), note)
		}
		s.line("}\n")
	}
}

func (n *node) describe() string {
	if n.role != "" {
		return n.role
	}
	if n.input {
		return "a structure in requests of " + serviceTitle[n.service]
	}
	return "a structure in responses of " + serviceTitle[n.service]
}

func (m field) fieldType() string {
	if m.pointer() {
		return "*" + m.goType()
	}
	return m.goType()
}

// tag is the JSON tag. Only a required string is written when it is empty: an
// empty tag value is a value.
func (m field) tag() string {
	if m.required && m.Type == "string" {
		return m.name
	}
	return m.name + ",omitzero"
}

// note says what the model demands of a member.
func (m field) note() string {
	var out []string
	if m.required {
		out = append(out, "required")
	}
	unit := map[string]string{"string": " characters", "list": " elements", "map": " entries"}[m.Type]
	switch {
	case m.Min != nil && m.Max != nil:
		out = append(out, fmt.Sprintf("%.0f to %.0f%s", *m.Min, *m.Max, unit))
	case m.Min != nil:
		out = append(out, fmt.Sprintf("at least %.0f%s", *m.Min, unit))
	case m.Max != nil:
		out = append(out, fmt.Sprintf("at most %.0f%s", *m.Max, unit))
	}
	if len(m.Enum) > 0 {
		out = append(out, strings.Join(m.Enum, ", "))
	}
	if m.Sensitive {
		out = append(out, "sensitive")
	}
	return strings.Join(out, "; ")
}
