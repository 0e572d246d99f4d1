package affinity_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/affinity"
)

// shop is a history of 400 interactions: item a on the phone, b on the tv, c on
// both, and rare once on the phone.
func shop(t *testing.T) *history.History {
	t.Helper()
	var b history.Builder
	add := func(n int, item, device string, hour int) {
		for i := range n {
			in := history.Interaction{User: fmt.Sprint(i), Item: item, Time: int64(i), Context: map[string]string{"DEVICE": device, "HOUR": fmt.Sprint(hour)}}
			if err := b.Add(in); err != nil {
				t.Fatal(err)
			}
		}
	}
	add(100, "a", "phone", 1)
	add(100, "b", "tv", 20)
	add(49, "c", "phone", 1)
	add(150, "c", "tv|phone", 20)
	add(1, "rare", "phone", 1)
	add(30, "silent", "", 1)
	h := b.History()
	h.GuessContext()
	return h
}

func tables(t *testing.T, h *history.History) map[string]*affinity.Table {
	t.Helper()
	all, err := affinity.Contexts(t.Context(), h, h.Items.Len(), 2)
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]*affinity.Table{}
	for _, table := range all {
		by[table.Column] = table
	}
	return by
}

// The lifts of a small history, worked by hand.
func TestLiftsByHand(t *testing.T) {
	t.Parallel()
	h := shop(t)
	device := tables(t, h)["DEVICE"]
	item := func(id string) uint32 { n, _ := h.Items.Lookup(id); return n }
	lift := func(n, value, item float64) float64 { return math.Log((n + 10) / (value*item/400 + 10)) }
	for _, c := range []struct {
		text, item string
		want       float64
	}{
		{"phone", "a", lift(100, 300, 100)},
		{"tv", "a", lift(0, 250, 100)}, // never on the tv, although common
		{"tv", "b", lift(100, 250, 100)},
		{"phone", "c", lift(199, 300, 199)},
		{"phone", "rare", 0}, // too few to say
		{"phone|tv", "a", (lift(100, 300, 100) + lift(0, 250, 100)) / 2},
		{"phone|tv|phone||phone", "a", (lift(100, 300, 100) + lift(0, 250, 100)) / 2}, // each once, as in training
		{"toaster", "a", 0},
		{"", "a", 0},
		{"phone", "silent", 0}, // the column says nothing of it
	} {
		if got := float64(device.Score(c.text, item(c.item))); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s on %q: lift %.4f, want %.4f", c.item, c.text, got, c.want)
		}
		sum := make([]float32, h.Items.Len())
		device.Add(c.text, 2, sum, nil)
		if got := float64(sum[item(c.item)]); math.Abs(got-2*c.want) > 1e-5 {
			t.Errorf("%s on %q: twice the lift is %.4f, want %.4f", c.item, c.text, got, 2*c.want)
		}
	}
	hour := tables(t, h)["HOUR"]
	if hour.Len() != 2 || hour.Score("3", item("b")) <= 0.4 || hour.Score("-7.5", item("b")) >= -0.5 || hour.Score("night", item("b")) != 0 {
		t.Errorf("%d ranges of hours; b has %v at 3, %v at -7.5", hour.Len(), hour.Score("3", item("b")), hour.Score("-7.5", item("b")))
	}
	if a, b := hour.Label(0), hour.Label(1); a != "HOUR<=1" || b != "HOUR>1" {
		t.Errorf("the ranges are called %s and %s", a, b)
	}
}

// What a request says of a number is what training has kept of it, also where it has
// more digits than that.
func TestNumbersOfContexts(t *testing.T) {
	t.Parallel()
	var b history.Builder
	for i := range 400 {
		in := history.Interaction{User: fmt.Sprint(i), Item: "cold", Context: map[string]string{"DEGREES": "0.7", "PLACE": "16777217"}}
		if i%2 == 0 {
			in.Item, in.Context = "hot", map[string]string{"DEGREES": "30.1", "PLACE": "16777219"}
		}
		if err := b.Add(in); err != nil {
			t.Fatal(err)
		}
	}
	h := b.History()
	h.GuessContext()
	cold, _ := h.Items.Lookup("cold")
	for name, table := range tables(t, h) {
		if text := h.ContextOf(1)[name]; table.Score(text, cold) <= 0 {
			t.Errorf("at the %s %s, which is cold's, it has the lift %v", name, text, table.Score(text, cold))
		}
	}
	for name, text := range map[string]string{"DEGREES": "0.7", "PLACE": "16777217"} {
		for _, table := range []*affinity.Table{tables(t, h)[name], reread(t, tables(t, h)[name], h.Items.Len())} {
			if got := table.Score(text, cold); got <= 0 {
				t.Errorf("at %s %s it has the lift %v", name, text, got)
			}
		}
	}
}

// file is a model file that holds one table.
type file struct {
	recipe.Model
	*affinity.Table
}

func (f file) Encode(e *recipe.Encoder) { f.Table.Encode(e) }

// reread writes a table and reads it.
func reread(t *testing.T, table *affinity.Table, items int) *affinity.Table {
	t.Helper()
	r := recipe.Recipe{Name: "table", Decode: func(d *recipe.Decoder) (recipe.Model, error) {
		return file{Table: affinity.DecodeTable(d, items)}, d.Err()
	}}
	var b bytes.Buffer
	if err := r.Save(&b, file{Table: table}); err != nil {
		t.Fatal(err)
	}
	h, d, err := recipe.Open(&b)
	if err != nil {
		t.Fatal(err)
	}
	m, err := r.Load(h, d)
	if err != nil {
		t.Fatal(err)
	}
	return m.(file).Table
}

// An item scores by what the history's items have in common with it, more so if
// the rest of the world has it less, and whether or not anybody took it.
func TestTraits(t *testing.T) {
	t.Parallel()
	h := shop(t)
	metadata := &history.Metadata{IDs: history.NewDictionary("a", "b", "c", "new", "other"), Columns: []history.Column{
		{Name: "GENRE", Categorical: true, Text: []string{"war|film", "love|film", "film", "war|film", "love"}},
		{Name: "CODE", Text: []string{"1", "1", "1", "1", "1"}}, // opaque
	}}
	catalogue := history.NewDictionary(append(h.Items.IDs(), "new", "other")...)
	all := affinity.Items(h, catalogue, metadata)
	if len(all) != 1 {
		t.Fatalf("%d columns", len(all))
	}
	p := all[0].NewProfile()
	p.Look([]uint32{0, 2}, []float32{1, 0.5}) // a and c
	weight := func(taken, usual float64) float64 { return math.Log1p(taken / (5 * usual)) }
	n := float64(h.Len())
	war, film := weight(1, 100/n), weight(1.5, 399/n)
	for it, want := range map[uint32]float64{0: (war + film) / 2, 1: film / 2, 2: film, 5: (war + film) / 2, 6: 0, 3: 0} {
		if got := float64(p.Score(it)); math.Abs(got-want) > 1e-5 {
			t.Errorf("%s scores %.4f, want %.4f", catalogue.ID(it), got, want)
		}
	}
	p.Look(nil, nil)
	if p.Score(0) != 0 {
		t.Error("an empty history has a taste")
	}
}

// What nearly everybody takes is usual, however many interactions say so.
func TestTraitsOfManyInteractions(t *testing.T) {
	t.Parallel()
	const n = 1<<24 + 1<<23 // more than float32 can count
	h := &history.History{Users: history.NewDictionary("u"), Items: history.NewDictionary("a", "b"), Item: make([]uint32, n), User: make([]uint32, n)}
	metadata := &history.Metadata{IDs: h.Items, Columns: []history.Column{{Name: "GENRE", Categorical: true, Text: []string{"film", "film"}}}}
	p := affinity.Items(h, h.Items, metadata)[0].NewProfile()
	p.Look([]uint32{0}, []float32{1})
	if got, want := float64(p.Score(1)), math.Log1p(1.0/5); math.Abs(got-want) > 1e-6 {
		t.Errorf("a film, which all took, scores %.4f to who took one, want %.4f", got, want)
	}
}

// Fit finds the weights that choices were drawn by, and none for noise.
func TestFit(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	const terms = 5
	truth := []float64{2, 1, 0, 0.5, 0} // the last term is the same for all items
	var choices []affinity.Choice
	for range 3000 {
		var c affinity.Choice
		var likely []float64
		for range 40 {
			s := 0.0
			for k, w := range truth {
				x := r.NormFloat64()
				if k == 4 {
					x = 1
				}
				c = append(c, float32(x))
				s += w * x
			}
			likely = append(likely, math.Exp(s))
		}
		sum, at := 0.0, 0
		for _, l := range likely {
			sum += l
		}
		for x := r.Float64() * sum; at < len(likely)-1 && x > likely[at]; at++ {
			x -= likely[at]
		}
		for k := range terms { // the taken one comes first
			c[k], c[at*terms+k] = c[at*terms+k], c[k]
		}
		choices = append(choices, c)
	}
	got := affinity.Fit(choices, terms)
	for k, w := range truth {
		if want := w / truth[0]; math.Abs(got[k]-want) > 0.05 {
			t.Errorf("weights %.3f, want half of %v", got, truth)
			break
		}
	}
	if got[2] != 0 || got[4] != 0 {
		t.Errorf("noise has weight: %v", got)
	}
	if none := affinity.Fit(nil, 3); !slices.Equal(none, []float64{1, 0, 0}) {
		t.Errorf("weights of no choices: %v", none)
	}
}

// A term that tells all choices apart has no most likely weight, and counts all the
// more.
func TestFitOfWhatTellsAllApart(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	var choices []affinity.Choice
	for range 200 {
		var c affinity.Choice
		for item := range 20 {
			sure := float32(0)
			if item == 0 {
				sure = 1
			}
			c = append(c, 50*float32(r.NormFloat64()), sure)
		}
		choices = append(choices, c)
	}
	if got := affinity.Fit(choices, 2); !(got[1] > 1) || math.IsInf(got[1], 0) {
		t.Errorf("weights %v", got)
	}
}

// A term that tells apart what is taken and what is not counts however few choices
// there are: its weight is uncertain, that it has one is not.
func TestFitOfFewChoices(t *testing.T) {
	t.Parallel()
	for _, n := range []int{40, 100, 400} {
		r := rand.New(rand.NewPCG(7, 8))
		var choices []affinity.Choice
		for range n {
			var c affinity.Choice
			for item := range 20 {
				lift := float32(-1.5) // what one device never takes
				if item < 10 {
					lift = 0.6
				}
				c = append(c, float32(r.NormFloat64()), lift)
			}
			choices = append(choices, c)
		}
		if got := affinity.Fit(choices, 2); !(got[1] > 1) || math.IsInf(got[1], 0) {
			t.Errorf("%d choices: weights %v", n, got)
		}
	}
}
