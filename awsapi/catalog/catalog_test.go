package catalog_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"bespoke/awsapi/catalog"
)

func TestAll(t *testing.T) {
	t.Parallel()
	all := catalog.All()
	names := make([]string, len(all))
	for i, r := range all {
		names[i] = r.Name
		if r.Type == "" || r.AlgorithmName == "" || r.FeaturesName == "" || r.Description == "" || r.Created.IsZero() {
			t.Errorf("%s is incomplete: %+v", r.Name, r)
		}
		if got, ok := catalog.Find(r.Name); !ok || got.Name != r.Name {
			t.Errorf("Find(%s) returned %s, %t", r.Name, got.Name, ok)
		}
		for _, p := range slices.Concat(r.Algorithm, r.Features) {
			if why := p.Accepts(p.Default); why != "" {
				t.Errorf("%s does not accept its default: %s", r.Name, why)
			}
		}
	}
	if !slices.IsSorted(names) || len(names) != len(slices.Compact(slices.Clone(names))) || len(names) != 25 {
		t.Errorf("%d recipes, want 25 in the order of their names, each once: %v", len(names), names)
	}
}

// TestFeaturesOfSeveral looks for a transformation that one of its recipes has
// no parameters for.
func TestFeaturesOfSeveral(t *testing.T) {
	t.Parallel()
	r, ok := catalog.FindFeatures("sims")
	if !ok || len(r.Features) != 4 {
		t.Errorf("got %+v", r)
	}
	if _, ok := catalog.FindFeatures("none"); ok {
		t.Error("found a transformation that is not there")
	}
}

func TestParameter(t *testing.T) {
	t.Parallel()
	r, _ := catalog.Find("aws-user-personalization")
	f := func(name, value, want string) {
		t.Helper()
		p, ok := catalog.Named(slices.Concat(r.Algorithm, r.Features), name)
		if !ok {
			t.Fatalf("no parameter %s", name)
		}
		if got := p.Accepts(value); got != want {
			t.Errorf("%s = %q: %q, want %q", name, value, got, want)
		}
	}
	f("hidden_dimension", "32", "")
	f("hidden_dimension", "257", `hidden_dimension must be a whole number from 32 to 256; it is "257".`)
	f("hidden_dimension", "1e2", `hidden_dimension must be a whole number from 32 to 256; it is "1e2".`)
	f("training.bptt", "2", "")
	f("recency_mask", "False", "")
	f("recency_mask", "no", `recency_mask must be one of true, false; it is "no".`)
	f("min_hist_length_percentile", "0.25", "")
	f("min_hist_length_percentile", "NaN", `min_user_history_length_percentile must be a number from 0 to 1; it is "NaN".`)
	f("recency_mask", strings.Repeat("é", 1000), `recency_mask must be one of true, false; it is "`+strings.Repeat("é", 64)+`...".`)
}

func TestValues(t *testing.T) {
	t.Parallel()
	r, _ := catalog.Find("aws-user-personalization")
	got := catalog.Values(r.Algorithm, map[string]string{"training.bptt": "8", "recency_mask": "FALSE"})
	want := map[string]string{"hidden_dimension": "149", "bptt": "8", "recency_mask": "false"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
