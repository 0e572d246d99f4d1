package artifact

import (
	"slices"

	"bespoke/history"
	"bespoke/recipe"
)

// Attributes is what a Users dataset says of users in the columns that a model
// asks for, 4 bytes for each user and column.
type Attributes struct {
	IDs     *history.Dictionary
	columns []attribute
}

// attribute is a column of text.
type attribute struct {
	name   string
	values *history.Dictionary // the first is "", which means none
	code   []uint32            // of each user
}

// newAttributes keeps the named columns; nil where there are none.
func newAttributes(users *history.Metadata, names []string) *Attributes {
	users = users.Only(names)
	if users == nil || len(users.Columns) == 0 {
		return nil
	}
	a := &Attributes{IDs: users.IDs}
	for i := range users.Columns {
		c := &users.Columns[i]
		kept := attribute{name: c.Name, values: history.NewDictionary(""), code: make([]uint32, users.IDs.Len())}
		for row := range kept.code {
			kept.code[row] = kept.values.Add(c.Value(row))
		}
		a.columns = append(a.columns, kept)
	}
	return a
}

// Of returns what is known of a user by column, nil for an unknown one. A nil
// Attributes knows none.
func (a *Attributes) Of(user string) map[string]string {
	if a == nil {
		return nil
	}
	row, ok := a.IDs.Lookup(user)
	if !ok {
		return nil
	}
	values := make(map[string]string, len(a.columns))
	for _, c := range a.columns {
		if c.code[row] > 0 {
			values[c.name] = c.values.ID(c.code[row])
		}
	}
	return values
}

func (a *Attributes) encode(e *recipe.Encoder) {
	if a == nil {
		e.Int(0)
		return
	}
	e.Int(int64(len(a.columns)))
	recipe.PutIDs(e, a.IDs)
	for _, c := range a.columns {
		e.String(c.name)
		recipe.PutIDs(e, c.values)
		recipe.Put(e, c.code)
	}
}

func decodeAttributes(d *recipe.Decoder) *Attributes {
	n := d.Int()
	if n <= 0 || d.Err() != nil {
		return nil
	}
	a := &Attributes{IDs: recipe.GetIDs(d)}
	for ; n > 0 && d.Err() == nil; n-- {
		c := attribute{name: d.String(), values: recipe.GetIDs(d)}
		c.code = recipe.GetNumbers(d, a.IDs.Len(), c.values.Len())
		a.columns = append(a.columns, c)
	}
	return a
}

// Context returns the part of a request's context that the model asks for, nil
// where it asks for nothing of it.
func (a *Artifact) Context(given map[string]string) map[string]string {
	m, ok := a.Model.(recipe.Attentive)
	if !ok || len(given) == 0 {
		return nil
	}
	columns := m.ContextColumns()
	var heard map[string]string
	for name, value := range given {
		if value != "" && slices.Contains(columns, name) {
			if heard == nil {
				heard = map[string]string{}
			}
			heard[name] = value
		}
	}
	return heard
}
