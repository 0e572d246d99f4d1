package artifact

import (
	"fmt"
	"io"

	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/catalog"
	"bespoke/recipe/popularity"
)

// MaxHistory is how many of a user's newest interactions are kept for serving.
const MaxHistory = 100

// Artifact is a trained model with what serving needs beside it. It is
// immutable: any number of goroutines may use it.
type Artifact struct {
	Recipe recipe.Recipe
	Model  recipe.Model
	// Users has those who interacted; Start, Item and Time are their newest
	// interactions, oldest first, grouped as in history.Sequences. Recipes that
	// are Moving have none: they ask nobody's history and are made anew often.
	Users *history.Dictionary
	Start []int64
	Item  []uint32
	Time  []int64
	// Newest is the time of the newest interaction that was trained on, Unix
	// seconds.
	Newest int64
	// Created and Takers say of each item of the model when it came into being,
	// Unix seconds, and how many users took it. nil for recipes that do not
	// explore.
	Created []int64
	Takers  []uint32
	// New are items that the model does not know, by their IDs: those that came
	// between its training and an UPDATE of it.
	New []Item
	// Items are columns that can be asked for with recommendations, as text;
	// their rows are numbered by IDs. nil if there is no Items dataset.
	Items *history.Metadata
	// Attributes are those of users that the model asks for, nil if there are none.
	Attributes *Attributes
}

// Item is an item that a model does not know.
type Item struct {
	ID      string
	Created int64  // Unix seconds
	Takers  uint32 // users who took it, about
}

// New returns the artifact of a model that learned from in.
func New(r recipe.Recipe, m recipe.Model, in recipe.Input) *Artifact {
	h := in.Interactions
	a := &Artifact{Recipe: r, Model: m, Users: h.Users, Newest: h.Newest(), Items: in.Items}
	if r.Moving != nil {
		a.Users, a.Start = history.NewDictionary(), []int64{0}
		return a
	}
	s := h.Sequences()
	numbers := make([]uint32, h.Items.Len()) // in the model's catalogue
	for n := range numbers {
		numbers[n] = unknown
		if it, ok := m.Items().Lookup(h.Items.ID(uint32(n))); ok {
			numbers[n] = it
		}
	}
	a.Start = make([]int64, 1, s.Users()+1)
	for u := range s.Users() {
		items, times := s.Of(uint32(u))
		if n := len(items) - MaxHistory; n > 0 {
			items, times = items[n:], times[n:]
		}
		for i, it := range items {
			if numbers[it] != unknown {
				a.Item, a.Time = append(a.Item, numbers[it]), append(a.Time, times[i])
			}
		}
		a.Start = append(a.Start, int64(len(a.Item)))
	}
	if m, ok := m.(recipe.Attentive); ok {
		a.Attributes = newAttributes(in.Users, m.UserColumns())
	}
	if r.Explore.Chance > 0 {
		a.age(in, s, numbers)
	}
	return a
}

// age fills in Created and Takers. An item came into being at its
// CREATION_TIMESTAMP, else with its oldest interaction, else with the newest of
// all, as Amazon documents.
func (a *Artifact) age(in recipe.Input, s *history.Sequences, numbers []uint32) {
	items := a.Model.Items()
	a.Created, a.Takers = make([]int64, items.Len()), make([]uint32, items.Len())
	for n := range a.Created {
		a.Created[n] = a.Newest
	}
	for row, it := range in.Interactions.Item {
		if n := numbers[it]; n != unknown {
			a.Created[n] = min(a.Created[n], in.Interactions.Time[row])
		}
	}
	for it, users := range popularity.Count(s, len(numbers)) {
		if n := numbers[it]; n != unknown {
			a.Takers[n] = users
		}
	}
	for n, row := range recipe.Rows(items, in.Items) {
		if at, ok := in.Items.Creation(row); ok {
			a.Created[n] = at
		}
	}
}

const unknown = ^uint32(0)

// History returns a user's newest interactions of training, oldest first, in a
// slice of the caller's own with room for extra more; known is false for a user
// who had none.
func (a *Artifact) History(user string, extra int) (events []recipe.Event, known bool) {
	u, ok := a.Users.Lookup(user)
	if !ok {
		return make([]recipe.Event, 0, extra), false
	}
	from, to := a.Start[u], a.Start[u+1]
	events = make([]recipe.Event, 0, int(to-from)+extra)
	for i := from; i < to; i++ {
		events = append(events, recipe.Event{Item: a.Item[i], Time: a.Time[i]})
	}
	return events, to > from
}

// wrapper is the recipe under which a whole artifact is written: its model file
// holds the name and version of the real recipe, what that encodes, and the
// rest.
func wrapper() recipe.Recipe {
	return recipe.Recipe{Name: "artifact", Version: 3, Decode: decode}
}

// Write writes the artifact.
func (a *Artifact) Write(w io.Writer) error { return wrapper().Save(w, model{a.Model, a}) }

// Read is the inverse of Write. It refuses damaged files and those of another
// version.
func Read(r io.Reader) (*Artifact, error) {
	h, d, err := recipe.Open(r)
	if err != nil {
		return nil, err
	}
	m, err := wrapper().Load(h, d)
	if err != nil {
		return nil, err
	}
	return m.(model).a, nil
}

// model makes a whole artifact a recipe.Model, for the recipes' file format.
type model struct {
	recipe.Model
	a *Artifact
}

func (m model) Encode(e *recipe.Encoder) {
	a := m.a
	e.String(a.Recipe.Name)
	e.Int(int64(a.Recipe.Version))
	a.Model.Encode(e)
	recipe.PutIDs(e, a.Users)
	recipe.Put(e, a.Start)
	recipe.Put(e, a.Item)
	recipe.Put(e, a.Time)
	e.Int(a.Newest)
	recipe.Put(e, a.Created)
	recipe.Put(e, a.Takers)
	e.Int(int64(len(a.New)))
	for _, it := range a.New {
		e.String(it.ID)
		e.Int(it.Created)
		e.Int(int64(it.Takers))
	}
	a.Attributes.encode(e)
	if a.Items == nil {
		e.Int(-1)
		return
	}
	e.Int(int64(len(a.Items.Columns)))
	recipe.PutIDs(e, a.Items.IDs)
	for _, c := range a.Items.Columns {
		e.String(c.Name)
		e.Int(kindOf(c))
		if c.Number != nil {
			e.Int(1)
			recipe.Put(e, c.Number)
			continue
		}
		e.Int(0)
		for _, text := range c.Text {
			e.String(text)
		}
	}
}

func decode(d *recipe.Decoder) (recipe.Model, error) {
	name, version := d.String(), d.Int()
	if d.Err() != nil {
		return nil, d.Err()
	}
	r, ok := catalog.Find(name)
	if !ok {
		return nil, fmt.Errorf("it is of recipe %.100q, which this program does not have", name)
	}
	if version != int64(r.Version) {
		return nil, fmt.Errorf("it has version %d of %s and this program reads version %d; train again or use the program that wrote it", version, name, r.Version)
	}
	m, err := r.Decode(d)
	if err != nil {
		return nil, err
	}
	a := &Artifact{Recipe: r, Model: m, Users: recipe.GetIDs(d)}
	a.Start = recipe.Get[int64](d, a.Users.Len()+1)
	a.Item = recipe.GetNumbers(d, -1, m.Items().Len())
	a.Time = recipe.Get[int64](d, len(a.Item))
	a.Newest = d.Int()
	a.Created, a.Takers = recipe.Get[int64](d, -1), recipe.Get[uint32](d, -1)
	if n := len(a.Created); n != len(a.Takers) || n > 0 && n != m.Items().Len() {
		d.Fail("it has the ages of %d items of %d", n, m.Items().Len())
	}
	for n := d.Int(); n > 0 && d.Err() == nil; n-- {
		a.New = append(a.New, Item{ID: d.String(), Created: d.Int(), Takers: uint32(d.Int())})
	}
	a.Attributes = decodeAttributes(d)
	for u, from := range a.Start {
		if from < 0 || from > int64(len(a.Item)) || u > 0 && from < a.Start[u-1] {
			d.Fail("it has a history that begins at %d of %d", from, len(a.Item))
			break
		}
	}
	if n := d.Int(); n >= 0 && d.Err() == nil {
		a.Items = readColumns(d, n)
	}
	return model{m, a}, d.Err()
}

// The kinds of columns that hold text.
const (
	opaque = iota
	categorical
	textual
)

func kindOf(c history.Column) int64 {
	switch {
	case c.Categorical:
		return categorical
	case c.Textual:
		return textual
	}
	return opaque
}

func readColumns(d *recipe.Decoder, n int64) *history.Metadata {
	m := &history.Metadata{IDs: recipe.GetIDs(d)}
	for range n {
		c := history.Column{Name: d.String()}
		kind := d.Int()
		c.Categorical, c.Textual = kind == categorical, kind == textual
		if d.Int() == 1 {
			c.Number = recipe.Get[float64](d, m.IDs.Len())
		} else {
			for range m.IDs.Len() {
				if d.Err() != nil {
					return m
				}
				c.Text = append(c.Text, d.String())
			}
		}
		if d.Err() != nil {
			return m
		}
		m.Columns = append(m.Columns, c)
	}
	return m
}
