package recipe_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bespoke/recipe"
)

func TestTopAgreesWithSorting(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var got recipe.Top
	for range 200 {
		k, top := r.IntN(20), []recipe.Scored{}
		got.Reset(k)
		for i := range r.IntN(100) {
			s := recipe.Scored{Item: uint32(i), Score: float64(r.IntN(10))}
			got.Add(s.Item, s.Score)
			top = append(top, s)
		}
		slices.SortStableFunc(top, func(a, b recipe.Scored) int { return int(b.Score - a.Score) })
		top = top[:min(k, len(top))]
		answer := got.Sorted()
		if len(answer) != len(top) {
			t.Fatalf("k=%d: %d items, want %d", k, len(answer), len(top))
		}
		for i, s := range answer {
			if s.Item != top[i].Item || s.Score != top[i].Score {
				t.Fatalf("k=%d: place %d has %+v, want %+v", k, i, s, top[i])
			}
		}
	}
}

func TestRankOnlyPutsTheUnknownLast(t *testing.T) {
	t.Parallel()
	scores := []float64{1, math.NaN(), 3, math.NaN(), 2, 9}
	q := recipe.Query{K: 10, Only: []uint32{3, 0, 1, 2, 4, 5}, Skip: func(it uint32) bool { return it == 5 }}
	var got []uint32
	for _, s := range recipe.RankOnly(q, recipe.Relevant, func(it uint32) float64 { return scores[it] }) {
		got = append(got, s.Item)
	}
	if !slices.Equal(got, []uint32{2, 4, 0, 3, 1}) {
		t.Errorf("order %v", got)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	r := recipe.Recipe{Name: "aws-x", Algorithm: "aws-x-algorithm", Params: []recipe.Param{
		{Name: "dim", Domain: recipe.Integer, Default: "149", Min: 32, Max: 256, Aliases: []string{"training.dim"}},
		{Name: "share", Kind: recipe.Featurization, Domain: recipe.Continuous, Default: "0.99", Min: 0, Max: 1},
		{Name: "bias", Domain: recipe.Categorical, Default: "true", Values: []string{"true", "false"}},
		{Name: "tuned", Domain: recipe.Integer, Default: "100", Min: 30, Max: 200, OnlyTuned: true},
	}}
	give := func(kind recipe.Kind, name, value string) (recipe.Settings, error) {
		return r.Settings(map[recipe.Kind]map[string]string{kind: {name: value}})
	}
	s, err := give(recipe.Hyperparameter, "training.dim", "64")
	if err != nil || s.Int("dim", 0) != 64 || s.Float("share", 0) != 0.99 || !s.Bool("bias", false) {
		t.Errorf("settings %v, %v", s, err)
	}
	for _, c := range []struct {
		kind              recipe.Kind
		name, value, want string
	}{
		{recipe.Hyperparameter, "dim", "31", "algorithmHyperParameters.dim: \"31\" is no number from 32 to 256"},
		{recipe.Hyperparameter, "dim", "64.5", "no integer"},
		{recipe.Hyperparameter, "bias", "yes", "none of true, false"},
		{recipe.Hyperparameter, "tuned", "50", "only tuned"},
		{recipe.Featurization, "share", "NaN", "no number from 0 to 1"},
		{recipe.Hyperparameter, "share", "0.5", "it has dim, bias, tuned"},
	} {
		if _, err := give(c.kind, c.name, c.value); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s=%s: error %v, want %q", c.kind, c.name, c.value, err, c.want)
		}
	}
}

func TestDecoderSurvivesAnything(t *testing.T) {
	t.Parallel()
	// A length that no file holds must end in an error, not in an allocation.
	var b bytes.Buffer
	b.WriteString("bespoke model 1\n")
	for _, n := range []byte{1, 0, 0, 0, 0, 0, 0, 0, 'r', 1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 15, 0, 0, 0} {
		b.WriteByte(n)
	}
	h, d, err := recipe.Open(&b)
	if err != nil || h.Recipe != "r" || h.Version != 1 {
		t.Fatalf("header %+v, %v", h, err)
	}
	if a := recipe.Get[float64](d, -1); d.Err() == nil || len(a) > 1<<20 {
		t.Errorf("read %d numbers, error %v", len(a), d.Err())
	}
}
