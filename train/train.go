package train

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bespoke"
	"bespoke/artifact"
	"bespoke/history"
	"bespoke/recipe"
	"bespoke/recipe/catalog"
)

// Can reports whether this program has an algorithm for the recipe.
func Can(name string) bool {
	_, ok := catalog.Find(name)
	return ok
}

// Spec is one training.
type Spec struct {
	Recipe string // not looked at where Search has recipes
	// Algorithm and Features are the parameters as the solution gives them.
	Algorithm, Features map[string]string
	// Rules say which interactions count; none means all.
	Rules []history.Rule
	// Excluded are columns that are left out, Included the only ones to take,
	// where there is an entry for the type.
	Excluded, Included map[bespoke.DatasetType][]string
	Seed               int64
	// Search, if set, looks for the best recipe and hyperparameters first.
	Search *Search
	// Objective, if set, is what recommendations are to have much of.
	Objective *recipe.Objective
	Workers   int // goroutines that compute; they do not change the model

	Interactions Source
	Items, Users *Source // nil where there is no such dataset
	// Fewer interactions, or fewer users with two or more, than these are an
	// error; where they are 0, fewer than Amazon's minima are a warning.
	MinInteractions, MinUsers int64
	// Progress hears how far the training is, from one goroutine at a time.
	Progress func(Progress)
}

// Progress is how far a training is.
type Progress struct {
	Phase   string             // READING, TUNING, EVALUATING or FITTING
	Step    string             // of the phase, as the recipe calls it
	Share   float64            // of the step, 0 to 1
	Metrics map[string]float64 // known so far; not to be changed
	Trials  []Trial            // likewise
}

// Result is what a training has made.
type Result struct {
	Artifact *artifact.Artifact
	Recipe   string             // that it was trained by
	Metrics  map[string]float64 // of the hold-out, by the API's names
	Extra    map[string]float64 // further figures
	Trials   []Trial            // of Search, in the order in which they were made
	Tuned    map[string]string  // hyperparameters that Search has chosen, nil without it
	Warnings []string
	Phases   []Phase
}

// Phase is a part of the training and when it ran.
type Phase struct {
	Name    string
	Started time.Time
	Took    time.Duration
}

// run is one training under way.
type run struct {
	Spec
	of     recipe.Recipe // the best so far
	result Result
}

// Run trains. The same Spec makes the same model, whatever its Workers. What is
// wrong with the data or the settings is a *bespoke.Error, beside the warnings so
// far; it returns ctx's error soon after ctx is done.
func Run(ctx context.Context, spec Spec) (Result, error) {
	among, err := spec.candidates()
	if err != nil {
		return Result{}, err
	}
	t := &run{Spec: spec}
	end := t.phase("READING")
	in, items, err := t.read(ctx)
	if err != nil {
		return t.result, err
	}
	t.choose(&in, among[0])
	in.Objective = t.Objective
	if in.Objective != nil {
		if _, err := in.Objective.Values(in.Items); err != nil {
			return t.result, err
		}
	}
	end()
	if err := t.enough(in.Interactions); err != nil {
		return t.result, err
	}
	if err := t.search(ctx, &in, among); err != nil {
		return t.result, err
	}
	if err := t.evaluate(ctx, in); err != nil {
		return t.result, err
	}
	end = t.phase("FITTING")
	in.Progress = t.steps("FITTING")
	m, err := t.of.Fit(ctx, in)
	if err != nil {
		return t.result, err
	}
	end()
	in.Items = items
	t.result.Artifact, t.result.Recipe = artifact.New(t.of, m, in), t.of.Name
	return t.result, ctx.Err()
}

// recipe returns what a Spec trains, and by which settings.
func (s Spec) recipe() (recipe.Recipe, recipe.Settings, error) {
	r, ok := catalog.Find(s.Recipe)
	if !ok {
		return r, nil, bespoke.Errorf(bespoke.InvalidInput, "This version of Bespoke has no algorithm for %s.", s.Recipe)
	}
	settings, err := r.Settings(map[recipe.Kind]map[string]string{recipe.Hyperparameter: s.Algorithm, recipe.Featurization: s.Features})
	return r, settings, err
}

// phase begins a phase; the function it returns ends it.
func (t *run) phase(name string) (end func()) {
	began := time.Now()
	t.report(Progress{Phase: name})
	return func() {
		t.result.Phases = append(t.result.Phases, Phase{Name: name, Started: began, Took: time.Since(began)})
	}
}

func (t *run) report(p Progress) {
	if t.Progress != nil {
		p.Metrics, p.Trials = t.result.Metrics, t.result.Trials
		t.Progress(p)
	}
}

func (t *run) warn(msg string) { t.result.Warnings = append(t.result.Warnings, msg) }

// steps passes on what a recipe says while it fits.
func (t *run) steps(phase string) func(recipe.Progress) {
	return func(p recipe.Progress) { t.report(Progress{Phase: phase, Step: p.Phase, Share: p.Share}) }
}

// read reads the datasets. items has all columns of the items, the input's
// Items those that are trained on.
func (t *run) read(ctx context.Context) (in recipe.Input, items *history.Metadata, err error) {
	in = recipe.Input{Seed: uint64(t.Seed), Workers: t.Workers}
	h, err := t.interactions(ctx)
	if err != nil {
		return in, nil, fmt.Errorf("train: read interactions: %w", err)
	}
	in.Interactions = h.Filter(t.Rules...)
	if t.Items != nil {
		if items, err = Metadata(ctx, *t.Items, bespoke.Items); err != nil {
			return in, nil, fmt.Errorf("train: read items: %w", err)
		}
		in.Items = t.chosen(bespoke.Items, items)
	}
	if t.Users != nil {
		users, err := Metadata(ctx, *t.Users, bespoke.Users)
		if err != nil {
			return in, nil, fmt.Errorf("train: read users: %w", err)
		}
		in.Users = t.chosen(bespoke.Users, users)
	}
	return in, items, nil
}

// trains reports whether a column is one to train on.
func (t *run) trains(typ bespoke.DatasetType, column string) bool {
	included := t.Included[typ]
	return !slices.Contains(t.Excluded[typ], column) && (included == nil || slices.Contains(included, column))
}

// chosen returns the metadata without the columns that are not trained on.
func (t *run) chosen(typ bespoke.DatasetType, m *history.Metadata) *history.Metadata {
	out := &history.Metadata{IDs: m.IDs}
	for _, c := range m.Columns {
		if t.trains(typ, c.Name) {
			out.Columns = append(out.Columns, c)
		}
	}
	return out
}

// enough holds the data against the minima. A dataset without interactions
// cannot be trained on at all.
func (t *run) enough(h *history.History) error {
	if err := recipe.Empty(recipe.Input{Interactions: h}); err != nil {
		return err
	}
	perUser := make([]int, h.Users.Len())
	for _, u := range h.User {
		perUser[u]++
	}
	users, active := int64(0), int64(0)
	for _, n := range perUser {
		if n > 0 {
			users++
		}
		if n > 1 {
			active++
		}
	}
	n := int64(h.Len())
	short := func(limit, amazons, got int64, format string) error {
		switch {
		case limit > 0 && got < limit:
			return bespoke.Errorf(bespoke.InvalidInput, format, limit, got)
		case got < amazons:
			t.warn(fmt.Sprintf(format, amazons, got) + " Amazon Personalize would refuse to train; expect poor recommendations.")
		}
		return nil
	}
	if err := short(t.MinInteractions, bespoke.MinTrainInteractions, n, "Dataset has fewer than %d interactions after filtering: it has %d."); err != nil {
		return err
	}
	if err := short(t.MinUsers, bespoke.MinTrainUsers, active, "Dataset has fewer than %d users with at least 2 interactions each: it has %d."); err != nil {
		return err
	}
	if share := (users + 99) / 100; active < share {
		msg := fmt.Sprintf("Fewer than 1%% of the users have at least 2 interactions: %d of %d.", active, users)
		if t.MinUsers > 0 {
			return bespoke.Errorf(bespoke.InvalidInput, "%s", msg)
		}
		t.warn(msg)
	}
	return nil
}
