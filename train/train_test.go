package train_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"bespoke"
	"bespoke/artifact"
	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/catalog"
	"bespoke/train"
)

// basic are the metrics of every recipe here.
var basic = []string{
	"coverage", "mean_reciprocal_rank_at_25",
	"normalized_discounted_cumulative_gain_at_10", "normalized_discounted_cumulative_gain_at_25", "normalized_discounted_cumulative_gain_at_5",
	"precision_at_10", "precision_at_25", "precision_at_5",
}

// TestMetrics: every recipe has the metrics that Amazon documents for it, between 0
// and 1, and on rings the order of which is what there is to learn, high ones where
// the recipe looks at the order.
func TestMetrics(t *testing.T) {
	t.Parallel()
	from := source(t, bespoke.Interactions, interactions, walks(60))
	for _, r := range catalog.All() {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			got := run(t, train.Spec{Recipe: r.Name, Interactions: from, Seed: 1, Workers: 2})
			want := basic
			if r.Name == "aws-trending-now" {
				want = append(slices.Clone(basic), "trend_prediction_accuracy")
			}
			if names := slices.Sorted(maps.Keys(got.Metrics)); !slices.Equal(names, want) {
				t.Errorf("metrics %q, want %q", names, want)
			}
			for name, v := range got.Metrics {
				if v < 0 || v > 1 {
					t.Errorf("%s is %v", name, v)
				}
			}
			if ordered := strings.Contains(r.Name, "personaliz"); ordered && got.Metrics["normalized_discounted_cumulative_gain_at_10"] < 0.5 {
				t.Errorf("NDCG@10 is %v", got.Metrics["normalized_discounted_cumulative_gain_at_10"])
			}
			var phases []string
			for _, p := range got.Phases {
				phases = append(phases, p.Name)
			}
			if !slices.Equal(phases, []string{"READING", "EVALUATING", "FITTING"}) || got.Extra["last_item_out_users"] != 6 {
				t.Errorf("phases %q, further figures %v", phases, got.Extra)
			}
		})
	}
}

// TestWorkers: the artifact is the same whatever the number of workers.
func TestWorkers(t *testing.T) {
	t.Parallel()
	spec := train.Spec{Recipe: "aws-user-personalization-v2", Interactions: source(t, bespoke.Interactions, interactions, walks(60)), Seed: 1, Workers: 1}
	one := run(t, spec)
	spec.Workers = 3
	three := run(t, spec)
	if !bytes.Equal(written(t, one.Artifact), written(t, three.Artifact)) || !maps.Equal(one.Metrics, three.Metrics) {
		t.Error("three workers make another artifact or other metrics than one")
	}
}

// catalogued are the items that an artifact's model has users of.
func catalogued(a *artifact.Artifact) []string {
	var ids []string
	for _, s := range a.Model.Rank(recipe.Query{K: 1000}) {
		ids = append(ids, a.Model.Items().ID(s.Item))
	}
	slices.Sort(ids)
	return ids
}

func TestRules(t *testing.T) {
	t.Parallel()
	from := source(t, bespoke.Interactions, interactions, walks(40))
	f := func(bought, viewed int, rules ...history.Rule) {
		t.Helper()
		got := catalogued(run(t, train.Spec{Recipe: "aws-popularity-count", Interactions: from, Rules: rules, Workers: 2}).Artifact)
		n := 0
		for _, id := range got {
			if id[0] == 'b' {
				n++
			}
		}
		if n != bought || len(got)-n != viewed {
			t.Errorf("%+v trains on %q", rules, got)
		}
	}
	f(15, 15)
	f(15, 0, history.Rule{EventType: "Purchase"})
	f(0, 15, history.Rule{EventType: "View"})
	f(15, 0, history.Rule{MinValue: new(float32(1.5))})
	f(15, 15, history.Rule{EventType: "Purchase"}, history.Rule{EventType: "View", MinValue: new(float32(1))})
}

// TestEventWeights: what weighs more wins, and only ratios count.
func TestEventWeights(t *testing.T) {
	t.Parallel()
	spec := train.Spec{Recipe: "aws-user-personalization-v2", Interactions: source(t, bespoke.Interactions, interactions, walks(60)), Seed: 1, Workers: 2}
	weighed := func(view, purchase float64) train.Result {
		s := spec
		s.Rules = []history.Rule{{EventType: "View", Weight: &view}, {EventType: "Purchase", Weight: &purchase}}
		return run(t, s)
	}
	best := func(r train.Result) string {
		m := r.Artifact.Model
		var past []recipe.Event
		for i, id := range []string{"v3", "b3", "v4", "b4"} {
			n, _ := m.Items().Lookup(id)
			past = append(past, recipe.Event{Item: n, Time: int64(i)})
		}
		return m.Items().ID(m.Rank(recipe.Query{K: 1, History: past})[0].Item)
	}
	bought, viewed := weighed(0.05, 1), weighed(1, 0.05)
	if b, v := best(bought), best(viewed); b != "b5" || v != "v5" {
		t.Errorf("after v4 and b4 comes %s if purchases weigh more, and %s if views do", b, v)
	}
	if !bytes.Equal(written(t, weighed(0.1, 0.3).Artifact), written(t, weighed(0.2, 0.6).Artifact)) {
		t.Error("weights of 0.1 and 0.3 make another artifact than 0.2 and 0.6")
	}
	want := slices.Sorted(slices.Values(slices.Concat(basic, []string{
		"normalized_discounted_cumulative_gain_with_event_weights_at_5",
		"normalized_discounted_cumulative_gain_with_event_weights_at_10",
		"normalized_discounted_cumulative_gain_with_event_weights_at_25",
	})))
	if names := slices.Sorted(maps.Keys(bought.Metrics)); !slices.Equal(names, want) {
		t.Errorf("metrics %q, want %q", names, want)
	}
	// Equal weights are none, and find as much as without.
	even, plain := weighed(0.5, 0.5), run(t, spec)
	if !bytes.Equal(written(t, even.Artifact), written(t, plain.Artifact)) ||
		even.Metrics["normalized_discounted_cumulative_gain_with_event_weights_at_10"] != even.Metrics["normalized_discounted_cumulative_gain_at_10"] {
		t.Errorf("equal weights make another artifact than none, or %v", even.Metrics)
	}
	// A type that weighs nothing is what purchases follow, and is not recommended
	// before them.
	only := weighed(0, 1)
	if b := best(only); b != "b5" {
		t.Errorf("after v4 and b4 comes %s if views weigh nothing", b)
	}
}

// TestObjective: dearer items win, and the metrics say what is earned.
func TestObjective(t *testing.T) {
	t.Parallel()
	var described []string
	for i := range 15 {
		described = append(described, fmt.Sprintf("v%d,Rock,1", i), fmt.Sprintf("b%d,Rock,9", i))
	}
	spec := train.Spec{
		Recipe: "aws-user-personalization", Interactions: source(t, bespoke.Interactions, interactions, walks(60)),
		Items: new(source(t, bespoke.Items, items, described)), Seed: 1, Workers: 2,
	}
	dear := func(o *recipe.Objective) (n int, metrics map[string]float64) {
		t.Helper()
		s := spec
		s.Objective = o
		got := run(t, s)
		for _, scored := range got.Artifact.Model.Rank(recipe.Query{K: 10}) {
			if id := got.Artifact.Model.Items().ID(scored.Item); id[0] == 'b' {
				n++
			}
		}
		return n, got.Metrics
	}
	without, plain := dear(nil)
	with, metrics := dear(&recipe.Objective{Column: "PRICE", Sensitivity: recipe.High})
	if without > 8 || with != 10 {
		t.Errorf("%d of 10 items are dear, %d without the objective", with, without)
	}
	want := slices.Sorted(slices.Values(slices.Concat(basic, []string{"average_rewards_at_k"})))
	if names := slices.Sorted(maps.Keys(metrics)); !slices.Equal(names, want) || metrics["average_rewards_at_k"] <= 0 || metrics["average_rewards_at_k"] > 1 {
		t.Errorf("metrics %v, want %q", metrics, want)
	}
	if len(plain) != len(basic) {
		t.Errorf("metrics %v without an objective", plain)
	}
}

// An objective that the items do not have ends a training before its trials.
func TestObjectiveWithoutColumn(t *testing.T) {
	t.Parallel()
	spec := train.Spec{
		Recipe: "aws-user-personalization", Interactions: source(t, bespoke.Interactions, interactions, walks(60)),
		Items: new(source(t, bespoke.Items, items, []string{"v1,Rock,1"})), Seed: 1, Workers: 2,
		Search: &train.Search{Trials: 2, Ranges: []train.Range{{Name: "hidden_dimension", Min: 32, Max: 64}}},
		Progress: func(p train.Progress) {
			if p.Phase != "READING" {
				t.Errorf("it was at work: %+v", p)
			}
		},
	}
	without := spec
	without.Items = nil
	for _, column := range []string{"COST", "GENRE"} {
		for _, s := range []train.Spec{spec, without} {
			s.Objective = &recipe.Objective{Column: column, Sensitivity: recipe.Low}
			_, err := train.Run(t.Context(), s)
			if e, ok := errors.AsType[*bespoke.Error](err); !ok || e.Code != bespoke.InvalidInput {
				t.Errorf("%s: %v", column, err)
			}
		}
	}
}

// TestColumns: similar items are found by the columns that are trained on.
func TestColumns(t *testing.T) {
	t.Parallel()
	rows := walks(40)
	described := []string{"new,Jazz,1", "other,Jazz,2"}
	for _, ring := range []string{"v", "b"} {
		described = append(described, ring+"1,Rock,3", ring+"2,Jazz,4")
	}
	spec := train.Spec{
		Recipe: "aws-similar-items", Interactions: source(t, bespoke.Interactions, interactions, rows),
		Items: new(source(t, bespoke.Items, items, described)), Workers: 2,
	}
	like := func(change func(*train.Spec)) string {
		t.Helper()
		s := spec
		if change != nil {
			change(&s)
		}
		a := run(t, s).Artifact
		if _, ok := a.Items.Column("GENRE"); !ok || len(a.Items.Columns) != 2 {
			t.Errorf("the artifact has the columns %+v", a.Items.Columns)
		}
		item, ok := a.Model.Items().Lookup("new")
		if !ok {
			t.Fatal("the model does not know the item that nobody has taken")
		}
		best := a.Model.Rank(recipe.Query{K: 1, Item: item, ItemKnown: true})[0]
		if math.IsNaN(best.Score) {
			return "popular"
		}
		return a.Model.Items().ID(best.Item)
	}
	only := func(column string) map[bespoke.DatasetType][]string {
		return map[bespoke.DatasetType][]string{bespoke.Items: {column}}
	}
	for want, change := range map[string]func(*train.Spec){
		"all":      nil,
		"included": func(s *train.Spec) { s.Included = only("GENRE") },
	} {
		if got := like(change); !slices.Contains([]string{"b2", "other", "v2"}, got) {
			t.Errorf("most like new is %s with the genre %s", got, want)
		}
	}
	for want, change := range map[string]func(*train.Spec){
		"excluded":     func(s *train.Spec) { s.Excluded = only("GENRE") },
		"not included": func(s *train.Spec) { s.Included = only("PRICE") },
	} {
		if got := like(change); got != "popular" {
			t.Errorf("most like new is %s with the genre %s", got, want)
		}
	}
}

func TestTooLittleData(t *testing.T) {
	t.Parallel()
	from := source(t, bespoke.Interactions, interactions, walks(30))
	spec := train.Spec{Recipe: "aws-popularity-count", Interactions: from}
	refused := func(change func(*train.Spec), text string) {
		t.Helper()
		s := spec
		change(&s)
		_, err := train.Run(t.Context(), s)
		if e, ok := errors.AsType[*bespoke.Error](err); !ok || e.Code != bespoke.InvalidInput || !strings.Contains(e.Msg, text) {
			t.Errorf("error %v, want one with %q", err, text)
		}
	}
	refused(func(s *train.Spec) { s.MinInteractions = 1000 }, "fewer than 1000 interactions after filtering: it has 720")
	refused(func(s *train.Spec) { s.MinUsers = 31 }, "fewer than 31 users with at least 2 interactions each: it has 30")
	refused(func(s *train.Spec) { s.Rules = []history.Rule{{EventType: "Skip"}} }, "no interactions to learn from")
	refused(func(s *train.Spec) { s.Recipe = "aws-hrnn" }, "no algorithm for aws-hrnn")
	refused(func(s *train.Spec) { s.Algorithm = map[string]string{"bptt": "8"} }, "aws-popularity-count has no \"bptt\"")
	if w := run(t, spec).Warnings; len(w) != 1 || !strings.Contains(w[0], "fewer than 1000 interactions") {
		t.Errorf("warnings %q", w)
	}
	many := make([]string, 1<<16)
	for i := range many {
		many[i] = fmt.Sprintf("ann,a,type%d,1,1700000000", i)
	}
	refused(func(s *train.Spec) { s.Interactions = source(t, bespoke.Interactions, interactions, many) }, "EVENT_TYPE has more than 65535 different values")
	// Nobody can be held out of users with one interaction each.
	spec.Interactions = source(t, bespoke.Interactions, interactions, []string{"ann,a,View,1,1700000000", "bob,b,View,1,1700000001"})
	if got := run(t, spec); got.Metrics != nil || !slices.ContainsFunc(got.Warnings, func(w string) bool { return strings.HasPrefix(w, "There are no metrics") }) {
		t.Errorf("metrics %v, warnings %q", got.Metrics, got.Warnings)
	}
}

// TestCancel: a training ends soon wherever it is.
func TestCancel(t *testing.T) {
	t.Parallel()
	from := source(t, bespoke.Interactions, interactions, walks(60))
	for _, phase := range []string{"READING", "TUNING", "EVALUATING", "FITTING"} {
		ctx, cancel := context.WithCancel(t.Context())
		spec := train.Spec{Recipe: "aws-user-personalization", Interactions: from, Workers: 2, Progress: func(p train.Progress) {
			if p.Phase == phase {
				cancel()
			}
		}}
		spec.Search = &train.Search{Trials: 2, Ranges: []train.Range{{Name: "bptt", Min: 2, Max: 32}}}
		_, err := train.Run(ctx, spec)
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled while %s: %v", phase, err)
		}
	}
}
