package train_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"bespoke"
	"bespoke/history"
	"bespoke/train"
)

// trios are pairs of items that three users each have taken, so that aws-sims knows
// the pair of one who is held out only if two users in common are enough.
func trios() []string {
	var rows []string
	for u := range 120 {
		for i, half := range []string{"a", "b"} {
			rows = append(rows, fmt.Sprintf("u%d,%s%d,View,1,%d", u, half, u%40, 1_700_000_000+u*100+i))
		}
	}
	return rows
}

// TestSearch finds the settings that matter, keeps the solution's own as its first
// trial, and trains with the best as if they had been given.
func TestSearch(t *testing.T) {
	t.Parallel()
	spec := train.Spec{Recipe: "aws-sims", Interactions: source(t, bespoke.Interactions, interactions, trios()), Seed: 3, Workers: 1}
	plain := run(t, spec)
	spec.Search = &train.Search{Trials: 40, Ranges: []train.Range{{Name: "min_cointeraction_count", Min: 0, Max: 10}}}
	var steps []string
	spec.Progress = func(p train.Progress) {
		if p.Phase == "TUNING" && p.Step != "" {
			steps = append(steps, fmt.Sprintf("%s after %d", p.Step, len(p.Trials)))
		}
	}
	found := run(t, spec)
	if len(found.Trials) != 11 || len(steps) != 11 || steps[10] != "trial 11 of 11 after 10" {
		t.Fatalf("%d trials, steps %q", len(found.Trials), steps)
	}
	values := map[string]float64{}
	for _, trial := range found.Trials {
		values[trial.Parameters["min_cointeraction_count"]] = trial.Value
	}
	first, best := found.Trials[0].Parameters["min_cointeraction_count"], found.Tuned["min_cointeraction_count"]
	if len(values) != 11 || first != "3" || !slices.Contains([]string{"0", "1", "2"}, best) || values[best] < values["3"]+0.3 || found.Tuned["popularity_discount_factor"] != "0.5" {
		t.Errorf("tried %v, %s first, chose %v", values, first, found.Tuned)
	}
	const ndcg = "normalized_discounted_cumulative_gain_at_10"
	if found.Metrics[ndcg] < plain.Metrics[ndcg]+0.3 {
		t.Errorf("NDCG@10 is %v, without the search %v", found.Metrics[ndcg], plain.Metrics[ndcg])
	}
	if got := found.Phases[1].Name; got != "TUNING" {
		t.Errorf("the second phase is %s", got)
	}

	spec.Progress, spec.Workers = nil, 3
	again := run(t, spec)
	if !bytes.Equal(written(t, found.Artifact), written(t, again.Artifact)) || fmt.Sprint(found.Trials) != fmt.Sprint(again.Trials) {
		t.Error("three workers find something else than one")
	}
	spec.Search, spec.Algorithm = nil, found.Tuned
	if given := run(t, spec); !bytes.Equal(written(t, found.Artifact), written(t, given.Artifact)) || !maps.Equal(found.Metrics, given.Metrics) {
		t.Error("the tuned hyperparameters, given, make another model")
	}
}

// TestSearchDraws draws within the ranges, by the seed, and no settings twice.
func TestSearchDraws(t *testing.T) {
	t.Parallel()
	spec := train.Spec{
		Recipe: "aws-user-personalization", Interactions: source(t, bespoke.Interactions, interactions, walks(40)), Workers: 2,
		Algorithm: map[string]string{"bptt": "31", "recency_mask": "false"},
		Search: &train.Search{Trials: 3, Ranges: []train.Range{
			{Name: "hidden_dimension", Min: 32, Max: 40}, {Name: "bptt", Min: 4, Max: 6}, {Name: "recency_mask", Values: []string{"false"}},
		}},
	}
	tried := func(seed int64) (all []map[string]string) {
		t.Helper()
		s := spec
		s.Seed = seed
		for _, trial := range run(t, s).Trials {
			all = append(all, trial.Parameters)
		}
		return all
	}
	one := tried(1)
	if want := map[string]string{"hidden_dimension": "40", "bptt": "6", "recency_mask": "false"}; len(one) != 3 || !maps.Equal(one[0], want) {
		t.Fatalf("tried %v, want %v first", one, want)
	}
	for i, p := range one {
		if !slices.Contains([]string{"4", "5", "6"}, p["bptt"]) || len(p["hidden_dimension"]) != 2 || p["hidden_dimension"] < "32" || p["hidden_dimension"] > "40" || p["recency_mask"] != "false" {
			t.Errorf("trial %d is out of the ranges: %v", i, p)
		}
		for _, q := range one[:i] {
			if maps.Equal(p, q) {
				t.Errorf("%v was tried twice", p)
			}
		}
	}
	if fmt.Sprint(tried(1)) != fmt.Sprint(one) || fmt.Sprint(tried(2)) == fmt.Sprint(one) {
		t.Error("the draws do not depend on the seed alone")
	}
}

// TestSearchForNothing makes no trials where they would tell nothing, and says so.
func TestSearchForNothing(t *testing.T) {
	t.Parallel()
	from := source(t, bespoke.Interactions, interactions, walks(40))
	spec := train.Spec{Recipe: "aws-similar-items", Interactions: from, Search: &train.Search{Trials: 8, Ranges: []train.Range{
		{Name: "item_id_hidden_dim", Min: 30, Max: 60}, {Name: "item_metadata_hidden_dim", Min: 30, Max: 200},
	}}}
	got := run(t, spec)
	want := map[string]string{"popularity_discount_factor": "0.0", "item_id_hidden_dim": "60", "item_metadata_hidden_dim": "100"}
	if len(got.Trials) != 0 || !maps.Equal(got.Tuned, want) ||
		!slices.ContainsFunc(got.Warnings, func(w string) bool { return strings.Contains(w, "item_id_hidden_dim, item_metadata_hidden_dim") }) {
		t.Errorf("tried %v, chose %v, warnings %q", got.Trials, got.Tuned, got.Warnings)
	}
	spec.Recipe, spec.Interactions = "aws-sims", source(t, bespoke.Interactions, interactions, []string{"ann,a,View,1,1700000000", "bob,b,View,1,1700000001"})
	spec.Search.Ranges = []train.Range{{Name: "popularity_discount_factor", Max: 1}}
	got = run(t, spec)
	if len(got.Trials) != 0 || got.Tuned["popularity_discount_factor"] != "0.5" ||
		!slices.ContainsFunc(got.Warnings, func(w string) bool { return strings.HasPrefix(w, "No hyperparameters were tried") }) {
		t.Errorf("tried %v, chose %v, warnings %q", got.Trials, got.Tuned, got.Warnings)
	}
}

// TestSearchByEventWeights measures trials by what the events weigh.
func TestSearchByEventWeights(t *testing.T) {
	t.Parallel()
	spec := train.Spec{
		Recipe: "aws-sims", Interactions: source(t, bespoke.Interactions, interactions, walks(60)), Workers: 2,
		Rules:  []history.Rule{{EventType: "View", Weight: new(0.2)}, {EventType: "Purchase", Weight: new(0.8)}},
		Search: &train.Search{Trials: 2, Ranges: []train.Range{{Name: "popularity_discount_factor", Max: 1}}},
	}
	weighed := run(t, spec)
	spec.Rules = nil
	if plain := run(t, spec); weighed.Trials[0].Value == plain.Trials[0].Value || weighed.Trials[0].Value == 0 {
		t.Errorf("the first trial has %v with weights and %v without", weighed.Trials[0].Value, plain.Trials[0].Value)
	}
}

// TestSearchRecipes trains by the recipe that does best by the metric, the earliest of
// equal ones, as if it and its hyperparameters had been given.
func TestSearchRecipes(t *testing.T) {
	t.Parallel()
	const popularity, personal, v2 = "aws-popularity-count", "aws-user-personalization", "aws-user-personalization-v2"
	spec := train.Spec{
		Interactions: source(t, bespoke.Interactions, interactions, walks(60)), Rules: []history.Rule{{EventType: "View"}}, Seed: 3, Workers: 1,
		Search: &train.Search{Recipes: []string{popularity, personal, v2}, Trials: 2},
	}
	var steps []string
	spec.Progress = func(p train.Progress) {
		if p.Phase == "TUNING" && p.Step != "" {
			steps = append(steps, p.Step)
		}
	}
	found := run(t, spec)
	want := []string{"trial 1 of 4, " + popularity, "trial 2 of 4, " + personal, "trial 3 of 4, " + personal, "trial 4 of 4, " + v2}
	if !slices.Equal(steps, want) || len(found.Trials) != 4 {
		t.Fatalf("the steps are %q, the trials %v", steps, found.Trials)
	}
	best := found.Trials[0]
	for _, trial := range found.Trials {
		if trial.Value > best.Value {
			best = trial
		}
	}
	if best.Value < found.Trials[0].Value+0.2 || found.Recipe != best.Recipe || !maps.Equal(found.Tuned, best.Parameters) || found.Artifact.Recipe.Name != best.Recipe {
		t.Errorf("chose %s with %v; the trials are %v", found.Recipe, found.Tuned, found.Trials)
	}
	if first := found.Trials[1].Parameters; first["bptt"] != "32" || maps.Equal(first, found.Trials[2].Parameters) {
		t.Errorf("the trials of %s are %v", personal, found.Trials[1:3])
	}

	spec.Progress, spec.Workers = nil, 3
	if again := run(t, spec); !bytes.Equal(written(t, found.Artifact), written(t, again.Artifact)) || fmt.Sprint(found.Trials) != fmt.Sprint(again.Trials) {
		t.Error("three workers find something else than one")
	}
	given := spec
	given.Search, given.Recipe, given.Algorithm = nil, found.Recipe, found.Tuned
	if got := run(t, given); !bytes.Equal(written(t, found.Artifact), written(t, got.Artifact)) || !maps.Equal(found.Metrics, got.Metrics) || got.Recipe != found.Recipe {
		t.Error("the chosen recipe and hyperparameters, given, make another model")
	}

	// All 15 items are in each answer: by precision at 25 the recipes are equal.
	for _, first := range []string{popularity, v2} {
		spec.Search = &train.Search{Recipes: []string{first, popularity, v2}, Trials: 1, Metric: "precision_at_25"}
		got := run(t, spec)
		if got.Recipe != first || got.Trials[0].Value == 0 || got.Trials[0].Value != got.Trials[1].Value || got.Trials[0].Value != got.Metrics["precision_at_25"] {
			t.Errorf("chose %s of equals, the first being %s: %v, %v", got.Recipe, first, got.Trials, got.Metrics)
		}
	}

	spec.Interactions = source(t, bespoke.Interactions, interactions, []string{"ann,a,View,1,1700000000", "bob,b,View,1,1700000001"})
	got := run(t, spec)
	if got.Recipe != v2 || len(got.Trials) != 0 || !slices.ContainsFunc(got.Warnings, func(w string) bool { return strings.HasPrefix(w, "No recipes were tried") }) {
		t.Errorf("with nobody to hold out: %s, %v, warnings %q", got.Recipe, got.Trials, got.Warnings)
	}
	spec.Search.Recipes = []string{popularity, "aws-hrnn"}
	if _, err := train.Run(t.Context(), spec); err == nil || !strings.Contains(err.Error(), "aws-hrnn") {
		t.Errorf("a recipe without an algorithm: %v", err)
	}
}
