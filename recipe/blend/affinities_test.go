package blend_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"bespoke/eval"
	"bespoke/recipe"
	"bespoke/recipe/blend"
	"bespoke/recipe/recipetest"
)

// without returns the data without what is known of contexts, users and items.
func without(in recipe.Input) recipe.Input {
	bare := *in.Interactions
	bare.Context = nil
	in.Interactions, in.Users, in.Items = &bare, nil, nil
	return in
}

// quality is the NDCG@10 of the newest item of each user; forget leaves the model
// no history to answer by.
func quality(t *testing.T, in recipe.Input, forget bool) float64 {
	t.Helper()
	var tests []eval.Test
	in.Interactions, tests = eval.LastOut(in.Interactions)
	for i := range tests {
		if forget {
			tests[i].History = nil
		}
	}
	f, err := eval.Measure(t.Context(), train(t, in), tests, eval.Options{Attributes: in.Attributes})
	if err != nil {
		t.Fatal(err)
	}
	return f.NDCG[1]
}

// What decides is found, for users with a history and for new ones, and data in
// which nothing does loses nothing.
func TestPlantedEffects(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		effect     string
		forget     bool
		at, atMost float64 // the ratio to the same without columns
	}{
		{"context", false, 1.5, 10},
		{"context", true, 1.5, 10},
		{"user", false, 1.1, 10},
		{"user", true, 1.3, 10},
		{"item", false, 1.1, 10},
		{"none", false, 0.95, 1.05},
		{"none", true, 0.95, 1.05},
	} {
		t.Run(fmt.Sprint(c.effect, "/", c.forget), func(t *testing.T) {
			t.Parallel()
			in := recipetest.Planted(t, c.effect)
			with, bare := quality(t, in, c.forget), quality(t, without(in), c.forget)
			t.Logf("NDCG@10 %.4f, without columns %.4f", with, bare)
			if with < c.at*bare || with > c.atMost*bare {
				t.Errorf("NDCG@10 %.4f, without columns %.4f", with, bare)
			}
		})
	}
}

// A model with affinities is the same for any number of workers, and when loaded.
func TestAffinitiesAreSaved(t *testing.T) {
	t.Parallel()
	r := blend.Recipe("aws-user-personalization-v2")
	in := recipetest.Planted(t, "context")
	var files [][]byte
	for _, workers := range []int{1, 3} {
		in.Workers = workers
		var b bytes.Buffer
		m := train(t, in)
		if err := r.Save(&b, m); err != nil {
			t.Fatal(err)
		}
		files = append(files, b.Bytes())
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("the number of workers changes the model")
	}
	h, d, err := recipe.Open(bytes.NewReader(files[0]))
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := r.Load(h, d)
	if err != nil {
		t.Fatal(err)
	}
	m := train(t, in)
	q := recipe.Query{K: 20, History: recipetest.Past(t, m, "i3", "i9"), Context: map[string]string{"DEVICE": "device-2"}, Why: true}
	want, got := m.Rank(q), loaded.Rank(q)
	if fmt.Sprint(want) != fmt.Sprint(got) {
		t.Errorf("the loaded model answers %v, the trained one %v", got, want)
	}
	if a, ok := loaded.(recipe.Attentive); !ok || fmt.Sprint(a.ContextColumns()) != "[DEVICE]" {
		t.Errorf("the model asks for %v", a.ContextColumns())
	}
}

// A context changes the answer and is named as the reason; unknown columns and
// values are no information.
func TestContextOfAnswer(t *testing.T) {
	t.Parallel()
	m := train(t, recipetest.Planted(t, "context"))
	ask := func(context map[string]string) []recipe.Scored {
		return m.Rank(recipe.Query{K: 10, Context: context, Why: true})
	}
	plain := fmt.Sprint(ask(nil))
	if fmt.Sprint(ask(map[string]string{"DEVICE": "toaster", "COLOUR": "red"})) != plain {
		t.Error("an unknown context changes the answer")
	}
	answer := ask(map[string]string{"DEVICE": "device-3", "COLOUR": "red"})
	of, reasons := 0, 0
	for _, s := range answer {
		var i int
		if _, err := fmt.Sscanf(m.Items().ID(s.Item), "i%d", &i); err != nil {
			t.Fatal(err)
		}
		if i%5 == 3 {
			of++
		}
		if s.Why == recipe.Relevant && len(s.Because) > 0 && strings.Contains(s.Because[0].Attribute, "context DEVICE=device-3") {
			reasons++
		}
	}
	if of < 8 || reasons != of {
		t.Errorf("%d of 10 items are of the device's kind, %d with the reason: %v", of, reasons, answer)
	}
	// Also among the items of a list.
	list := recipetest.Numbers(t, m, "i0", "i4", "i3", "i1")
	ranked := m.Rank(recipe.Query{K: 4, Only: list, Context: map[string]string{"DEVICE": "device-3"}})
	if got := m.Items().ID(ranked[0].Item); got != "i3" {
		t.Errorf("%s comes first of the list, want i3", got)
	}
}
