package history

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Interaction is one row as people write it.
type Interaction struct {
	User, Item string
	Time       int64    // Unix seconds
	EventType  string   // "" for none
	Value      *float32 // nil for none
	// Context has the values of metadata columns, by name. Add does not keep it.
	Context map[string]string
}

// Builder makes a History from single interactions. The zero Builder is ready.
type Builder struct {
	h       History
	types   map[string]uint16
	context map[string]*Dictionary // the values of each column
}

// Add appends one interaction. It returns an error for the 65,536th event type.
func (b *Builder) Add(in Interaction) error {
	if b.h.Users == nil {
		b.h.Users, b.h.Items = NewDictionary(), NewDictionary()
		b.h.EventTypes, b.types = []string{""}, map[string]uint16{"": 0}
	}
	event, known := b.types[in.EventType]
	if !known {
		if len(b.h.EventTypes) > math.MaxUint16 {
			return fmt.Errorf("history: event type %.100q is one of more than %d", in.EventType, math.MaxUint16)
		}
		event = uint16(len(b.h.EventTypes))
		b.h.EventTypes, b.types[in.EventType] = append(b.h.EventTypes, in.EventType), event
	}
	if b.h.Event == nil && event != 0 {
		b.h.Event = make([]uint16, b.h.Len())
	}
	if b.h.Value == nil && in.Value != nil {
		b.h.Value = make([]float32, b.h.Len())
		for i := range b.h.Value {
			b.h.Value[i] = float32(math.NaN())
		}
	}
	b.h.User = append(b.h.User, b.h.Users.Add(in.User))
	b.h.Item = append(b.h.Item, b.h.Items.Add(in.Item))
	b.h.Time = append(b.h.Time, in.Time)
	if b.h.Event != nil {
		b.h.Event = append(b.h.Event, event)
	}
	if b.h.Value != nil {
		v := float32(math.NaN())
		if in.Value != nil {
			v = *in.Value
		}
		b.h.Value = append(b.h.Value, v)
	}
	b.addContext(in.Context)
	return nil
}

// addContext adds the newest interaction's values to the columns, and the columns
// that are new.
func (b *Builder) addContext(values map[string]string) {
	for name := range values {
		if b.context[name] == nil {
			if b.context == nil {
				b.context = map[string]*Dictionary{}
			}
			b.context[name] = NewDictionary("")
			b.h.Context = append(b.h.Context, ContextColumn{Name: name, Code: make([]uint32, b.h.Len()-1)})
		}
	}
	for i := range b.h.Context {
		c := &b.h.Context[i]
		c.Code = append(c.Code, b.context[c.Name].Add(values[c.Name]))
	}
}

// Len returns the number of interactions so far.
func (b *Builder) Len() int { return b.h.Len() }

// History returns what was added, and empties the Builder. Context columns are in
// the order of their names, and of strings.
func (b *Builder) History() *History {
	h := b.h
	slices.SortFunc(h.Context, func(x, y ContextColumn) int { return strings.Compare(x.Name, y.Name) })
	for i := range h.Context {
		h.Context[i].Values = b.context[h.Context[i].Name].IDs()
	}
	h.Context = slices.DeleteFunc(h.Context, func(c ContextColumn) bool { return c.empty() })
	if h.Users == nil {
		h.Users, h.Items = NewDictionary(), NewDictionary()
	}
	*b = Builder{}
	return &h
}
