package blend

import (
	"context"
	"slices"

	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/affinity"
)

// Weights are those of one column's term of the score.
type Weights struct {
	Known float64 // of users who have a history
	New   float64 // of others
}

// affinities are the terms of the score that know contexts and the attributes of
// users and items, one for each column.
type affinities struct {
	contexts, users []tableTerm
	items           []traitsTerm
}

type tableTerm struct {
	*affinity.Table
	Weights
}

type traitsTerm struct {
	*affinity.Traits
	Weights
}

// learn makes the terms of all columns that in has.
func learn(ctx context.Context, in recipe.Input, catalogue *history.Dictionary) (a affinities, err error) {
	contexts, err := affinity.Contexts(ctx, in.Interactions, catalogue.Len(), in.Workers)
	if err != nil {
		return a, err
	}
	users, err := affinity.Users(ctx, in.Interactions, in.Users, catalogue.Len(), in.Workers)
	if err != nil {
		return a, err
	}
	for _, t := range contexts {
		a.contexts = append(a.contexts, tableTerm{Table: t})
	}
	for _, t := range users {
		a.users = append(a.users, tableTerm{Table: t})
	}
	for _, t := range affinity.Items(in.Interactions, catalogue, in.Items) {
		a.items = append(a.items, traitsTerm{Traits: t})
	}
	return a, nil
}

// weights returns the weights of all terms, in their order.
func (a *affinities) weights() (all []*Weights) {
	for i := range a.contexts {
		all = append(all, &a.contexts[i].Weights)
	}
	for i := range a.users {
		all = append(all, &a.users[i].Weights)
	}
	for i := range a.items {
		all = append(all, &a.items[i].Weights)
	}
	return all
}

// relearn makes the terms that have weight anew from other interactions.
func (a *affinities) relearn(ctx context.Context, in recipe.Input, catalogue *history.Dictionary) (affinities, error) {
	var traits []string
	for _, t := range a.items {
		if t.count() {
			traits = append(traits, t.Column)
		}
	}
	h, contexts := *in.Interactions, columns(a.contexts)
	h.Context = slices.DeleteFunc(slices.Clone(h.Context), func(c history.ContextColumn) bool { return !slices.Contains(contexts, c.Name) })
	if !slices.Contains(contexts, affinity.EventType) {
		h.Event = nil
	}
	in.Interactions, in.Users, in.Items = &h, in.Users.Only(columns(a.users)), in.Items.Only(traits)
	out, err := learn(ctx, in, catalogue)
	if err != nil {
		return out, err
	}
	next := out.weights()
	for _, w := range a.weights() {
		if w.count() {
			*next[0], next = *w, next[1:]
		}
	}
	return out, nil
}

// count reports whether a term has weight.
func (w Weights) count() bool { return w != Weights{} }

// columns names the columns of the terms that have weight.
func columns(terms []tableTerm) (names []string) {
	for _, t := range terms {
		if t.count() {
			names = append(names, t.Column)
		}
	}
	return names
}

// add adds what the context and the user's attributes say of items to the scratch.
func (a *affinities) add(sc *scratch, context, attributes map[string]string, known bool) {
	for _, side := range [...]struct {
		terms  []tableTerm
		values map[string]string
	}{{a.contexts, context}, {a.users, attributes}} {
		for _, t := range side.terms {
			if text := side.values[t.Column]; text != "" {
				sc.touched = t.Add(text, t.of(known), sc.sum, sc.touched)
			}
		}
	}
}

func (w Weights) of(known bool) float32 {
	if known {
		return float32(w.Known)
	}
	return float32(w.New)
}

// profiles returns memory for what a history says of items' attributes.
func (a *affinities) profiles() []*affinity.Profile {
	out := make([]*affinity.Profile, len(a.items))
	for i, t := range a.items {
		out[i] = t.NewProfile()
	}
	return out
}

// fadeTraits is how fast the weight of a history's items falls for its profile.
const fadeTraits = 16

func (a *affinities) encode(e *recipe.Encoder) {
	put := func(w Weights) {
		e.Float(w.Known)
		e.Float(w.New)
	}
	for _, terms := range [][]tableTerm{a.contexts, a.users} {
		e.Int(int64(len(terms)))
		for _, t := range terms {
			put(t.Weights)
			t.Encode(e)
		}
	}
	e.Int(int64(len(a.items)))
	for _, t := range a.items {
		put(t.Weights)
		t.Encode(e)
	}
}

func decodeAffinities(d *recipe.Decoder, items int) (a affinities) {
	for _, terms := range []*[]tableTerm{&a.contexts, &a.users} {
		for n := d.Int(); n > 0 && d.Err() == nil; n-- {
			w := Weights{d.Float(), d.Float()}
			*terms = append(*terms, tableTerm{affinity.DecodeTable(d, items), w})
		}
	}
	for n := d.Int(); n > 0 && d.Err() == nil; n-- {
		w := Weights{d.Float(), d.Float()}
		a.items = append(a.items, traitsTerm{affinity.DecodeTraits(d, items), w})
	}
	return a
}
