package history_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"bespoke/history"
)

func build(t *testing.T, rows ...history.Interaction) *history.History {
	t.Helper()
	var b history.Builder
	for _, r := range rows {
		if err := b.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	h := b.History()
	check(t, h)
	return h
}

// check fails if the columns of a history do not fit each other.
func check(t testing.TB, h *history.History) {
	t.Helper()
	n := h.Len()
	if len(h.Item) != n || len(h.Time) != n || h.Event != nil && len(h.Event) != n || h.Value != nil && len(h.Value) != n || h.Weight != nil && len(h.Weight) != n {
		t.Fatalf("%d users, %d items, %d times, %d event types, %d values and %d weights", n, len(h.Item), len(h.Time), len(h.Event), len(h.Value), len(h.Weight))
	}
	below(t, "user", h.User, h.Users.Len())
	below(t, "item", h.Item, h.Items.Len())
	below(t, "event type", h.Event, len(h.EventTypes))
	for _, c := range h.Context {
		if len(c.Code)+len(c.Number) != n {
			t.Fatalf("column %s has %d codes and %d numbers for %d interactions", c.Name, len(c.Code), len(c.Number), n)
		}
		below(t, c.Name, c.Code, len(c.Values))
	}
}

func below[N uint16 | uint32](t testing.TB, what string, column []N, limit int) {
	t.Helper()
	if len(column) > 0 && int(slices.Max(column)) >= limit {
		t.Fatalf("%s number %d, but there are %d", what, slices.Max(column), limit)
	}
}

func TestDictionary(t *testing.T) {
	t.Parallel()
	d := history.NewDictionary("b", "a", "b", "")
	const n = 5000
	for i := range n {
		if got := d.Add(fmt.Sprint("id", i)); got != uint32(3+i) {
			t.Fatalf("Add(id%d) = %d, want %d", i, got, 3+i)
		}
	}
	if got := d.Add("a"); got != 1 {
		t.Errorf("Add(a) again = %d, want 1", got)
	}
	for i, id := range d.IDs() {
		if got, ok := d.Lookup(id); !ok || got != uint32(i) {
			t.Errorf("Lookup(%q) = %d, %v, want %d", id, got, ok, i)
		}
	}
	if _, ok := d.Lookup("id5000"); ok {
		t.Error("Lookup finds what was never added")
	}
	if _, ok := new(history.Dictionary).Lookup("a"); ok || d.Len() != n+3 {
		t.Errorf("Len = %d, want %d; or an empty dictionary finds something", d.Len(), n+3)
	}
}

func TestSequences(t *testing.T) {
	t.Parallel()
	h := build(t,
		history.Interaction{User: "u", Item: "late", Time: 30},
		history.Interaction{User: "v", Item: "early", Time: 7},
		history.Interaction{User: "u", Item: "tie1", Time: 20},
		history.Interaction{User: "u", Item: "early", Time: 10},
		history.Interaction{User: "u", Item: "tie2", Time: 20},
	)
	h.Users.Add("silent")
	s := h.Sequences()
	var got []string
	for u := range s.Users() {
		items, times := s.Of(uint32(u))
		for i, it := range items {
			got = append(got, fmt.Sprint(h.Users.ID(uint32(u)), " ", h.Items.ID(it), " ", times[i]))
		}
	}
	want := []string{"u early 10", "u tie1 20", "u tie2 20", "u late 30", "v early 7"}
	if !slices.Equal(got, want) {
		t.Errorf("sequences %q, want %q", got, want)
	}
	if items, _ := s.Of(2); len(items) != 0 || s.Users() != 3 || h.Newest() != 30 {
		t.Errorf("user without interactions has %v; %d users, newest %d", items, s.Users(), h.Newest())
	}
	if !slices.Equal(s.Row, []uint32{3, 2, 4, 0, 1}) {
		t.Errorf("rows %v", s.Row)
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	value := func(v float32) *float32 { return &v }
	h := build(t,
		history.Interaction{User: "u", Item: "0"},
		history.Interaction{User: "u", Item: "1", EventType: "watch", Value: value(2)},
		history.Interaction{User: "u", Item: "2", EventType: "watch"},
		history.Interaction{User: "u", Item: "3", EventType: "click", Value: value(5)},
	)
	if !math.IsNaN(float64(h.Value[0])) || h.EventTypes[h.Event[0]] != "" {
		t.Errorf("row before the first event has type %q, value %v", h.EventTypes[h.Event[0]], h.Value[0])
	}
	f := func(want string, rules ...history.Rule) {
		t.Helper()
		s := h.Filter(rules...)
		check(t, s)
		var got []string
		for _, it := range s.Item {
			got = append(got, h.Items.ID(it))
		}
		if g := strings.Join(got, ""); g != want {
			t.Errorf("Filter(%+v) keeps %q, want %q", rules, g, want)
		}
	}
	f("0123")
	f("0123", history.Rule{})
	f("12", history.Rule{EventType: "watch"})
	f("1", history.Rule{EventType: "watch", MinValue: value(2)})
	f("13", history.Rule{MinValue: value(2)})
	f("13", history.Rule{EventType: "watch", MinValue: value(1)}, history.Rule{EventType: "click"})
	f("", history.Rule{EventType: "buy"})
}

// Weights are those of the first rule that admits a row, over their mean.
func TestFilterWeights(t *testing.T) {
	t.Parallel()
	h := build(t,
		history.Interaction{User: "u", Item: "0", EventType: "view", Time: 2},
		history.Interaction{User: "u", Item: "1", EventType: "buy", Time: 1},
		history.Interaction{User: "v", Item: "2", EventType: "view", Time: 1},
		history.Interaction{User: "v", Item: "3", EventType: "skip", Time: 2},
		history.Interaction{User: "v", Item: "4", EventType: "view", Time: 3},
	)
	weighed := func(view, buy float64) *history.History {
		return h.Filter(history.Rule{EventType: "view", Weight: &view}, history.Rule{EventType: "buy", Weight: &buy})
	}
	f := weighed(0.1, 0.3) // their mean is 0.15
	want := []float32{2. / 3, 2, 2. / 3, 2. / 3}
	for i := range want {
		if math.Abs(float64(f.Weight[i]-want[i])) > 1e-6 {
			t.Errorf("weights %v, want %v", f.Weight, want)
		}
	}
	for _, factor := range []float64{2, 3, 0.7} {
		if again := weighed(0.1*factor, 0.3*factor); !slices.Equal(again.Weight, f.Weight) {
			t.Errorf("weights that are %v times as large make %v, not %v", factor, again.Weight, f.Weight)
		}
	}
	if s := f.Sequences(); !slices.Equal(s.Weight, []float32{f.Weight[1], f.Weight[0], f.Weight[2], f.Weight[3]}) {
		t.Errorf("the sequences have the weights %v", s.Weight)
	}
	if even := weighed(0.4, 0.4); even.Weight != nil || even.Len() != 4 {
		t.Errorf("equal weights make %v", even.Weight)
	}
	if none := weighed(0, 1); none.Len() != 4 || none.Weight[0] != 0 || none.Weight[1] != 4 {
		t.Errorf("a weight of 0 makes %v", none.Weight)
	}
}

func BenchmarkSequences(b *testing.B) {
	const n = 1_000_000
	h := &history.History{Users: history.NewDictionary(), Items: history.NewDictionary(),
		User: make([]uint32, n), Item: make([]uint32, n), Time: make([]int64, n)}
	for u := range 50_000 {
		h.Users.Add(fmt.Sprint(u))
	}
	for i := range n {
		h.User[i], h.Time[i] = uint32(i*7919%50_000), int64(i*104729%n)
	}
	b.ReportAllocs()
	for b.Loop() {
		h.Sequences()
	}
}
