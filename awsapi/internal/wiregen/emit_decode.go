package main

import "fmt"

// emitDecoders writes what reads a request: a method for each structure, a
// function for each list and map.
func emitDecoders(s *source, a *api) {
	s.head()
	for _, n := range a.structs {
		if !n.input {
			continue
		}
		s.line("func (v *%s) decode(d *decoder) {", n.name)
		s.line("d.object(&%s, func(i int) {", n.shapeVar())
		s.line("switch i {")
		for i, m := range n.members {
			s.line("case %d:", i)
			f := "v." + goName(m.name)
			switch {
			case m.Type == "structure":
				s.line("%s = new(%s)", f, m.node.name)
				s.line("%s.decode(d)", f)
			case m.pointer():
				s.line("%s = new(%s)", f, m.read())
			default:
				s.line("%s = %s", f, m.read())
			}
		}
		s.line("}")
		s.line("})")
		s.line("}\n")
	}
	for _, n := range a.values {
		switch n.Type {
		case "list":
			s.line("func %s(d *decoder) %s {", n.decodeFunc(), n.goType())
			s.line("return decodeList(d, &%s, %s)", n.shapeVar(), n.item.visit())
			s.line("}\n")
		case "map":
			s.line("func %s(d *decoder) %s {", n.decodeFunc(), n.goType())
			s.line("return decodeMap(d, &%s, &%s, %s)", n.shapeVar(), n.key.shapeVar(), n.item.visit())
			s.line("}\n")
		}
	}
}

func (n *node) decodeFunc() string { return "decode" + n.name }

// read is the expression that reads a value of shape n.
func (n *node) read() string {
	switch n.Type {
	case "string":
		return fmt.Sprintf("d.text(&%s)", n.shapeVar())
	case "integer":
		return fmt.Sprintf("d.integer(&%s)", n.shapeVar())
	case "float", "double":
		return fmt.Sprintf("d.number(&%s)", n.shapeVar())
	case "boolean":
		return "d.boolean()"
	case "timestamp":
		return "d.timestamp()"
	case "list", "map":
		return n.decodeFunc() + "(d)"
	}
	panic("no expression reads a " + n.Type)
}

// visit is the function that reads an element of shape n in place.
func (n *node) visit() string {
	if n.Type == "structure" {
		return "(*" + n.name + ").decode"
	}
	return fmt.Sprintf("func(v *%s, d *decoder) { *v = %s }", n.goType(), n.read())
}
