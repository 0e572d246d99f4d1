package history

import (
	"math"
	"sync"

	"bespoke"
	"bespoke/parquet"
)

// local is the dictionary of one column of a row group.
type local struct {
	words  parquet.Words
	order  []uint32 // those that occur, as they first appear
	global []uint32 // by number: the number in the History
	seen   map[string]uint32
}

// note notes that a word occurs; global is the rank of its first appearance, from 1,
// meanwhile.
func (l *local) note(k uint32, words int) {
	if len(l.global) < words {
		l.global = append(l.global, make([]uint32, words-len(l.global))...)
	}
	if l.global[k] == 0 {
		l.order = append(l.order, k)
		l.global[k] = uint32(len(l.order))
	}
}

// rank notes that a word occurs and returns the rank of its first appearance. Words
// that are equal have one rank.
func (l *local) rank(k uint32, words *parquet.Words) (uint16, error) {
	if int(k) < len(l.global) && l.global[k] > 0 {
		return uint16(l.global[k]), nil
	}
	if len(l.global) < words.Len() {
		l.global = append(l.global, make([]uint32, words.Len()-len(l.global))...)
	}
	if l.seen == nil {
		l.seen = map[string]uint32{}
	}
	name := string(words.Word(k))
	n, ok := l.seen[name]
	if !ok {
		if n = uint32(len(l.order)) + 1; n > math.MaxUint16 {
			return 0, tooManyTypes(name)
		}
		l.order, l.seen[name] = append(l.order, k), n
	}
	l.global[k] = n
	return uint16(n), nil
}

// tooManyTypes is the error of interactions whose event types are more than an
// index can tell apart.
func tooManyTypes(name string) error {
	return bespoke.Errorf(bespoke.InvalidInput, "The column EVENT_TYPE has more than %d different values; %.100q is one. Event types are kinds of interactions, such as click and purchase: import the interactions with those.",
		math.MaxUint16, name)
}

// number gives the parts' words their numbers in the History, part by part.
func number(parts []part, h *History) error {
	var wg sync.WaitGroup
	add := func(d *Dictionary, of func(*part) *local) {
		wg.Go(func() {
			for i := range parts {
				l := of(&parts[i])
				for _, k := range l.order {
					l.global[k] = d.Add(string(l.words.Word(k)))
				}
			}
		})
	}
	add(h.Users, func(p *part) *local { return &p.users })
	add(h.Items, func(p *part) *local { return &p.items })
	var values []*Dictionary
	for n, c := range h.Context {
		if c.Number == nil {
			values = append(values, NewDictionary(""))
			add(values[n], func(p *part) *local { return &p.context[n] })
		}
	}
	wg.Wait()
	for n, d := range values {
		h.Context[n].Values = d.IDs()
	}
	types := map[string]uint32{"": 0}
	for i := range parts {
		l := &parts[i].types
		for rank, k := range l.order {
			name := string(l.words.Word(k))
			n, ok := types[name]
			if !ok {
				n = uint32(len(h.EventTypes))
				if n > math.MaxUint16 {
					return tooManyTypes(name)
				}
				types[name], h.EventTypes = n, append(h.EventTypes, name)
			}
			l.order[rank] = n // by rank now, as the rows have it
		}
	}
	return nil
}

// renumber turns the numbers of the part's own dictionaries into the History's.
func (p *part) renumber(h *History) {
	for i := p.at; i < p.at+p.rows; i++ {
		h.User[i], h.Item[i] = p.users.global[h.User[i]], p.items.global[h.Item[i]]
	}
	for n := range p.context {
		code := h.Context[n].Code[p.at : p.at+p.rows]
		for i, k := range code {
			code[i] = 0 // none
			if k != parquet.NoValue {
				code[i] = p.context[n].global[k]
			}
		}
	}
	if h.Event == nil {
		return
	}
	for i := p.at; i < p.at+p.rows; i++ {
		if e := h.Event[i]; e > 0 {
			h.Event[i] = uint16(p.types.order[e-1])
		}
	}
}
