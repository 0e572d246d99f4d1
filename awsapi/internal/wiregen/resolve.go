package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// api is the three services with every shape resolved.
type api struct {
	structs []*node    // in order of service, then model
	values  []*node    // the other shapes that requests are made of, likewise
	ops     []resolved // likewise
}

// node is a shape as Go sees it. Equal shapes of one name in several services
// are one node.
type node struct {
	*shape
	name    string // in Go: the structure's type, or the stem of its variables
	service string
	members []field
	item    *node // element of a list, value of a map
	key     *node // of a map
	input   bool  // part of some request
	role    string
}

// field is a member of a structure.
type field struct {
	name     string // on the wire
	required bool
	*node
}

type resolved struct {
	operation
	name, service, target string
	in, out               *node // out is nil for an operation without output
	faults                []fault
}

// fault is an error that an operation models. status is 0 where the model
// leaves it to the protocol.
type fault struct {
	code   string
	status int
}

// goName is the exported Go name of a member or shape.
func goName(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// varName is the unexported stem of a shape's variables.
func varName(s string) string {
	n := 0
	for n < len(s) && s[n] >= 'A' && s[n] <= 'Z' {
		n++
	}
	if n > 1 && n < len(s) {
		n-- // KMSKey -> kmsKey
	}
	return strings.ToLower(s[:n]) + s[n:]
}

type resolver struct {
	services []service
	nodes    map[[2]string]*node // by service and shape
	taken    map[string]*node    // by Go name
}

func resolve(services []service) (*api, error) {
	r := resolver{services, map[[2]string]*node{}, map[string]*node{}}
	out := &api{}
	for i, s := range services {
		for _, e := range s.Operations {
			if e.Value.Input == nil {
				return nil, fmt.Errorf("operation %s has no input shape", e.Name)
			}
			op := resolved{operation: e.Value, name: e.Name, service: serviceFiles[i].name, target: s.Metadata.TargetPrefix}
			op.in = r.node(i, op.Input.Shape)
			op.in.role = "the input of " + e.Name
			markInput(op.in)
			if op.Output != nil {
				op.out = r.node(i, op.Output.Shape)
				op.out.role = "the output of " + e.Name
			}
			for _, f := range op.Errors {
				x, ok := s.Shapes.get(f.Shape)
				if !ok || !x.Exception {
					return nil, fmt.Errorf("operation %s: %s is not an exception", e.Name, f.Shape)
				}
				op.faults = append(op.faults, fault{f.Shape, x.Error.Status})
			}
			out.ops = append(out.ops, op)
		}
	}
	seen := map[*node]bool{}
	for i, s := range services {
		for _, e := range s.Shapes {
			n := r.nodes[[2]string{serviceFiles[i].name, e.Name}]
			if n == nil || seen[n] { // an exception, or not part of any operation
				continue
			}
			seen[n] = true
			switch {
			case n.Type == "structure":
				out.structs = append(out.structs, n)
			case n.input:
				out.values = append(out.values, n)
			}
		}
	}
	return out, nil
}

// node resolves the shape called name in service i.
func (r *resolver) node(i int, name string) *node {
	service := serviceFiles[i]
	at := [2]string{service.name, name}
	if n := r.nodes[at]; n != nil {
		return n
	}
	s, ok := r.services[i].Shapes.get(name)
	if !ok {
		panic("shape " + name + " is not in the model of " + service.name)
	}
	n := &node{shape: s, name: goName(name), service: service.name}
	if old := r.taken[n.name]; old != nil {
		if s.Type != "structure" && reflect.DeepEqual(old.shape, s) && !slices.Contains([]string{"list", "map"}, s.Type) {
			r.nodes[at] = old
			return old
		}
		n.name = service.prefix + n.name
	}
	r.taken[n.name] = n
	r.nodes[at] = n
	for _, m := range s.Members {
		n.members = append(n.members, field{m.Name, slices.Contains(s.Required, m.Name), r.node(i, m.Value.Shape)})
	}
	switch s.Type {
	case "list":
		n.item = r.node(i, s.Member.Shape)
	case "map":
		n.key, n.item = r.node(i, s.Key.Shape), r.node(i, s.Value.Shape)
	}
	return n
}

func markInput(n *node) {
	if n == nil || n.input {
		return
	}
	n.input = true
	for _, m := range n.members {
		markInput(m.node)
	}
	markInput(n.item)
	markInput(n.key)
}

// goType is the Go type of a value of shape n inside a list or map.
func (n *node) goType() string {
	switch n.Type {
	case "string":
		return "string"
	case "integer":
		return "int"
	case "float", "double":
		return "float64"
	case "boolean":
		return "bool"
	case "timestamp":
		return "Timestamp"
	case "list":
		return "[]" + n.item.goType()
	case "map":
		return "map[string]" + n.item.goType()
	case "structure":
		return n.name
	}
	panic("shape " + n.name + " has the unknown type " + n.Type)
}

// pointer reports whether a member of shape n is a pointer, so that an absent
// value differs from zero.
func (n *node) pointer() bool {
	switch n.Type {
	case "integer", "float", "double", "boolean", "structure":
		return true
	}
	return false
}
