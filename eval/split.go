package eval

import (
	"math/rand/v2"
	"slices"

	"bespoke/history"
	"bespoke/recipe"
)

// Test is one test user: what the model is shown and what it should find.
// Items have the numbers of the history that was split.
type Test struct {
	User     uint32
	History  []recipe.Event // oldest first
	Relevant []uint32       // distinct, ascending
	// Worth is the weight of each relevant item's heaviest interaction; nil where
	// all weigh the same.
	Worth []float64
	// Context is that of the oldest interaction to be found, without its event
	// type; nil for none.
	Context map[string]string
}

// HoldOut splits as Amazon documents: the interactions of 90 % of the users are
// for training. Of the others, the oldest 90 % of each user's interactions are
// shown and the newest 10 %, at least one, are to be found. Which users those
// are depends on the seed. Users with one interaction are always for training.
func HoldOut(h *history.History, seed uint64) (train *history.History, tests []Test) {
	s := h.Sequences()
	var able []uint32
	for u := range s.Users() {
		if s.Start[u+1]-s.Start[u] >= 2 {
			able = append(able, uint32(u))
		}
	}
	r := rand.New(rand.NewPCG(seed, 0x686f6c64))
	r.Shuffle(len(able), func(i, j int) { able[i], able[j] = able[j], able[i] })
	able = able[:(len(able)+9)/10]
	slices.Sort(able)
	held := make([]bool, s.Users())
	for _, u := range able {
		held[u] = true
		items, _ := s.Of(u)
		newest := max(1, (len(items)+5)/10)
		t := test(u, s, len(items)-newest)
		t.Context = h.ContextOf(int(s.Row[s.Start[u+1]-newest]))
		tests = append(tests, t)
	}
	return h.Select(func(row int) bool { return !held[h.User[row]] }), tests
}

// LastOut splits off the newest interaction of every user who has at least two.
func LastOut(h *history.History) (train *history.History, tests []Test) {
	s := h.Sequences()
	last := make([]bool, h.Len())
	for u := range s.Users() {
		items, _ := s.Of(uint32(u))
		if len(items) >= 2 {
			row := s.Row[s.Start[u+1]-1]
			last[row] = true
			t := test(uint32(u), s, len(items)-1)
			t.Context = h.ContextOf(int(row))
			tests = append(tests, t)
		}
	}
	return h.Select(func(row int) bool { return !last[row] }), tests
}

// From splits off the rows of h from the given one on, as a file of held-out
// rows behind the training's. Whatever their times, a user's held-out items are
// what is to be found and the others what is shown.
func From(h *history.History, row int) (train *history.History, tests []Test) {
	train = h.Select(func(r int) bool { return r < row })
	shown := train.Sequences()
	hidden := h.Select(func(r int) bool { return r >= row })
	truth := hidden.Sequences()
	for u := range truth.Users() {
		if items, _ := truth.Of(uint32(u)); len(items) == 0 {
			continue
		}
		past, _ := shown.Of(uint32(u))
		t := test(uint32(u), shown, len(past))
		t.want(truth, 0)
		t.Context = hidden.ContextOf(int(truth.Row[truth.Start[u]]))
		tests = append(tests, t)
	}
	return train, tests
}

// test shows a user's first items and wants the rest.
func test(u uint32, s *history.Sequences, shown int) Test {
	items, times := s.Of(u)
	t := Test{User: u, History: make([]recipe.Event, shown)}
	for i := range t.History {
		t.History[i] = recipe.Event{Item: items[i], Time: times[i]}
	}
	t.want(s, shown)
	return t
}

// want makes what follows a user's first items what is to be found.
func (t *Test) want(s *history.Sequences, after int) {
	items, _ := s.Of(t.User)
	t.Relevant = slices.Clone(items[after:])
	slices.Sort(t.Relevant)
	t.Relevant = slices.Compact(t.Relevant)
	if s.Weight == nil {
		return
	}
	t.Worth = make([]float64, len(t.Relevant))
	for i, w := range s.Weight[s.Start[t.User]+after : s.Start[t.User+1]] {
		at, _ := slices.BinarySearch(t.Relevant, items[after+i])
		t.Worth[at] = max(t.Worth[at], float64(w))
	}
}
