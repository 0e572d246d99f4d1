package train_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"bespoke"
	"bespoke/artifact"
	"bespoke/recipe"
	"bespoke/train"
)

const (
	contextual = `{"type":"record","name":"Interactions","fields":[{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},
		{"name":"TIMESTAMP","type":"long"},{"name":"DEVICE","type":["null","string"],"categorical":true},{"name":"HOUR","type":["null","long"]},
		{"name":"DEVICE_ID","type":["null","string"]},{"name":"LOGGED_IN","type":["null","boolean"]},{"name":"IMPRESSION","type":["null","string"]}]}`
	people = `{"type":"record","name":"Users","fields":[{"name":"USER_ID","type":"string"},
		{"name":"PLAN","type":["null","string"],"categorical":true},{"name":"NICKNAME","type":["null","string"]}]}`
)

// moments are interactions of 300 users with 60 items, a third of which goes with
// each of three devices. So do hours, strings that are not categorical, whether a
// user is logged in, and impressions. What the first half of the users take is of
// the first of two plans' items.
func moments() (rows, users []string) {
	r := rand.New(rand.NewPCG(3, 4))
	for u := range 300 {
		users = append(users, fmt.Sprintf("u%d,plan-%d,nick%d", u, u*2/300, u))
		for step := range 8 {
			device := r.IntN(3)
			item := r.IntN(10)*6 + device*2 + u*2/300
			rows = append(rows, fmt.Sprintf("u%d,i%d,%d,device-%d,%d,id-%d,%t,i%d", u, item, 1_700_000_000+step*9000+u, device, device*8+r.IntN(8), device, device == 0, item))
		}
	}
	users = append(users, "new,plan-1,nick")
	return rows, users
}

// TestContext: categorical and number columns are trained on, as far as the
// solution does not leave them out, and nothing else is.
func TestContext(t *testing.T) {
	t.Parallel()
	rows, users := moments()
	people := source(t, bespoke.Users, people, users)
	spec := train.Spec{Recipe: "aws-user-personalization-v2", Interactions: source(t, bespoke.Interactions, contextual, rows), Users: &people, Seed: 1, Workers: 2}
	f := func(change func(*train.Spec), contexts, attributes []string) {
		t.Helper()
		spec := spec
		change(&spec)
		m := run(t, spec).Artifact.Model.(recipe.Attentive)
		if !slices.Equal(m.ContextColumns(), contexts) || !slices.Equal(m.UserColumns(), attributes) {
			t.Errorf("the model asks for %q and %q, want %q and %q", m.ContextColumns(), m.UserColumns(), contexts, attributes)
		}
	}
	f(func(s *train.Spec) {
		s.Included = map[bespoke.DatasetType][]string{bespoke.Interactions: {"HOUR", "DEVICE_ID"}}
	}, []string{"HOUR"}, []string{"PLAN"})
	f(func(s *train.Spec) {
		s.Excluded = map[bespoke.DatasetType][]string{bespoke.Interactions: {"DEVICE"}, bespoke.Users: {"PLAN"}}
	}, []string{"HOUR"}, nil)
	f(func(s *train.Spec) {
		s.Excluded = map[bespoke.DatasetType][]string{bespoke.Interactions: {"DEVICE", "HOUR"}}
	}, nil, []string{"PLAN"})
}

// TestAttributesOfArtifact: an artifact knows the attributes of users who have no
// interactions too, and answers by them and by the context once it is read again.
func TestAttributesOfArtifact(t *testing.T) {
	t.Parallel()
	rows, users := moments()
	people := source(t, bespoke.Users, people, users)
	file := written(t, run(t, train.Spec{
		Recipe: "aws-user-personalization", Interactions: source(t, bespoke.Interactions, contextual, rows), Users: &people, Seed: 1, Workers: 2,
	}).Artifact)
	a, err := artifact.Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written(t, a), file) {
		t.Error("the artifact that was read is written as other bytes")
	}
	attributes := a.Attributes.Of("new")
	if fmt.Sprint(attributes) != "map[PLAN:plan-1]" || a.Attributes.Of("nobody") != nil {
		t.Errorf("attributes %v, of nobody %v", attributes, a.Attributes.Of("nobody"))
	}
	context := a.Context(map[string]string{"DEVICE": "device-2", "DEVICE_ID": "id-2", "COLOUR": "red"})
	if fmt.Sprint(context) != "map[DEVICE:device-2]" || a.Context(map[string]string{"DEVICE": ""}) != nil {
		t.Errorf("the model hears %v of the context", context)
	}
	for _, s := range a.Model.Rank(recipe.Query{K: 8, Context: context, Attributes: attributes}) {
		var i int
		if _, err := fmt.Sscanf(a.Model.Items().ID(s.Item), "i%d", &i); err != nil {
			t.Fatal(err)
		}
		if i%6 != 5 { // device 2, plan 1
			t.Errorf("item %d is of device %d and plan %d", i, i%6/2, i%2)
		}
	}
}
