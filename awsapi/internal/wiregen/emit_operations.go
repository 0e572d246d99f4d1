package main

// emitOperations writes the table of operations, the Handlers and what binds
// one to the other.
func emitOperations(s *source, a *api) {
	s.head("context")

	s.line("// Operations are all operations of the three services, in the model's order.")
	s.line("var Operations = [...]Operation{")
	for _, op := range a.ops {
		protocol := "RestJSON"
		if op.target != "" {
			protocol = "JSON11"
		}
		s.line("{")
		s.line("Name: %q, Service: %s, Protocol: %s, Method: %q, Path: %q,", op.name, op.service, protocol, op.HTTP.Method, op.HTTP.Path)
		if op.target != "" {
			s.line("Target: %q,", op.target+"."+op.name)
		}
		s.line("Faults: []Fault{")
		for _, f := range op.faults {
			status := f.status
			if status == 0 {
				status = 400 // what JSON 1.1 gives to every modelled error
			}
			s.line("{%q, %d},", f.code, status)
		}
		s.line("},")
		s.line("},")
	}
	s.line("}\n")

	s.line("// Handlers are what the operations do, one function each. A nil function is")
	s.line("// an operation that is not built yet.")
	s.line("type Handlers struct {")
	for i, op := range a.ops {
		if i == 0 || a.ops[i-1].service != op.service {
			if i > 0 {
				s.line("")
			}
			s.line("// %s", serviceTitle[op.service])
		}
		if op.out == nil {
			s.line("%s func(context.Context, *%s) error", op.name, op.in.name)
		} else {
			s.line("%s func(context.Context, *%s) (*%s, error)", op.name, op.in.name, op.out.name)
		}
	}
	s.line("}\n")

	s.line("// calls returns what runs each of Operations, by position; nil for one that")
	s.line("// is not built.")
	s.line("func (h *Handlers) calls() [len(Operations)]Call {")
	s.line("return [...]Call{")
	for _, op := range a.ops {
		if op.out == nil {
			s.line("bindEmpty(h.%s),", op.name)
		} else {
			s.line("bind(h.%s),", op.name)
		}
	}
	s.line("}")
	s.line("}\n")

	for _, op := range a.ops {
		if op.out == nil {
			continue
		}
		var lists []string
		for _, m := range op.out.members {
			if m.Type == "list" {
				lists = append(lists, goName(m.name))
			}
		}
		if len(lists) == 0 {
			continue
		}
		s.line("func (v *%s) fill() {", op.out.name)
		for _, l := range lists {
			s.line("v.%s = present(v.%s)", l, l)
		}
		s.line("}\n")
	}
}

var serviceTitle = map[string]string{
	"Control": "Amazon Personalize",
	"Events":  "Amazon Personalize Events",
	"Runtime": "Amazon Personalize Runtime",
}
