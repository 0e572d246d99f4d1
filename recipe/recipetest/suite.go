// Package recipetest is the suite that every recipe passes, and what the tests
// of recipes share: small histories in writing, and the demo's data.
package recipetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"bespoke"
	"bespoke/history"
	"bespoke/recipe"
)

// Run checks what the contract promises of r, on the demo's data.
func Run(t *testing.T, r recipe.Recipe) {
	in := Demo(t)
	m, err := r.Fit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	file := save(t, r, m)
	t.Run("SameModelForAnyWorkers", func(t *testing.T) {
		for _, in.Workers = range []int{2, 3} {
			again, err := r.Fit(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(save(t, r, again), file) {
				t.Errorf("%d workers make another model than one", in.Workers)
			}
		}
	})
	t.Run("LoadedModelAnswersAlike", func(t *testing.T) {
		h, d, err := recipe.Open(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := r.Load(h, d)
		if err != nil {
			t.Fatal(err)
		}
		for i, q := range queries(m) {
			if want, got := m.Rank(q), loaded.Rank(q); !same(want, got) {
				t.Errorf("query %d: loaded model answers %+v, trained one %+v", i, got, want)
			}
		}
		if !bytes.Equal(save(t, r, loaded), file) {
			t.Error("the loaded model is saved as other bytes")
		}
	})
	t.Run("OtherVersionsAreRefused", func(t *testing.T) {
		for _, version := range []uint32{r.Version - 1, r.Version + 1} {
			other := r
			other.Version = version
			h, d, err := recipe.Open(bytes.NewReader(save(t, other, m)))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Load(h, d); err == nil || !strings.Contains(err.Error(), "train again") {
				t.Errorf("version %d: error %v", version, err)
			}
		}
	})
	t.Run("DamageIsFound", func(t *testing.T) { damage(t, r, file) })
	t.Run("Cancel", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := r.Fit(ctx, in); !errors.Is(err, context.Canceled) {
			t.Errorf("Fit after cancel: %v", err)
		}
	})
	t.Run("NothingToLearnFrom", func(t *testing.T) {
		_, err := r.Fit(t.Context(), recipe.Input{Interactions: new(history.Builder).History()})
		if e, ok := errors.AsType[*bespoke.Error](err); !ok || e.Code != bespoke.InvalidInput {
			t.Errorf("Fit of nothing: %v", err)
		}
	})
	t.Run("Answers", func(t *testing.T) {
		var wg sync.WaitGroup
		for i, q := range queries(m) {
			wg.Go(func() {
				if err := checkAnswer(q, m); err != nil {
					t.Errorf("query %d: %v", i, err)
				}
			})
		}
		wg.Wait()
	})
}

func save(t *testing.T, r recipe.Recipe, m recipe.Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Save(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// damage cuts and flips the file in many places.
func damage(t *testing.T, r recipe.Recipe, file []byte) {
	load := func(file []byte) error {
		h, d, err := recipe.Open(bytes.NewReader(file))
		if err == nil {
			_, err = r.Load(h, d)
		}
		return err
	}
	for i := range 24 {
		at := i * (len(file) - 1) / 23
		if load(file[:at]) == nil {
			t.Errorf("a file cut to %d of %d bytes loads", at, len(file))
		}
		flipped := bytes.Clone(file)
		flipped[at] ^= 0x41
		if load(flipped) == nil {
			t.Errorf("a file with byte %d changed loads", at)
		}
	}
	if load(append(bytes.Clone(file), 0)) == nil {
		t.Error("a file with a byte too many loads")
	}
}

// queries asks in all ways that some recipe answers.
func queries(m recipe.Model) []recipe.Query {
	n := uint32(m.Items().Len())
	past := []recipe.Event{{Item: 1, Time: 1}, {Item: n / 2, Time: 50}, {Item: n - 1, Time: 90}, {Item: 1, Time: 100}}
	odd := func(it uint32) bool { return it%2 == 1 }
	all := make([]uint32, n)
	for it := range all {
		all[it] = uint32(it)
	}
	return []recipe.Query{
		{K: 25},
		{K: 25, History: past, Item: 3, ItemKnown: true, Why: true},
		{K: 5, History: past, Item: n - 1, ItemKnown: true, Skip: odd},
		{K: 7, History: past, Only: []uint32{n - 1, 4, 0, 9}},
		{K: int(n), History: past, Only: all, Skip: odd},
		{K: 0, History: past},
		{K: int(n) + 10, History: past, Item: 8, ItemKnown: true},
		{K: 25, History: past, Skip: func(uint32) bool { return true }},
	}
}

// checkAnswer returns what is wrong with the answer to a query. It must be as long as
// was asked for, as far as a list, or nine in ten of the items, can make it so.
func checkAnswer(q recipe.Query, m recipe.Model) error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	out := m.Rank(q)
	n := m.Items().Len()
	left := 0
	for it := range uint32(n) {
		if !q.Skips(it) && (q.Only == nil || slices.Contains(q.Only, it)) {
			left++
		}
	}
	least, most := min(q.K, left), min(q.K, left)
	if q.Only == nil {
		least = min(q.K, left*9/10) // nobody has interacted with the others
	}
	if len(out) < least || len(out) > most {
		wrong("%d items, want %d to %d", len(out), least, most)
	}
	seen := map[uint32]bool{}
	for place, s := range out {
		if seen[s.Item] || q.Skips(s.Item) || int(s.Item) >= n {
			wrong("item %d at place %d is there twice, to be skipped, or unknown", s.Item, place)
		}
		seen[s.Item] = true
		if place > 0 && s.Why == out[place-1].Why && s.Score > out[place-1].Score {
			wrong("score %v at place %d after %v", s.Score, place, out[place-1].Score)
		}
		sum := 0.0
		for _, b := range s.Because {
			sum += b.Share
		}
		if sum > 1.0001 {
			wrong("shares of the reasons sum to %v", sum)
		}
	}
	if !same(m.Rank(q), out) {
		wrong("the second answer differs from the first")
	}
	return errors.Join(errs...)
}

// same compares answers; NaN equals NaN.
func same(a, b []recipe.Scored) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		x, y := a[i], b[i]
		if math.IsNaN(x.Score) && math.IsNaN(y.Score) {
			x.Score, y.Score = 0, 0
		}
		if !reflect.DeepEqual(x, y) {
			return false
		}
	}
	return true
}
