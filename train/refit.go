package train

import (
	"context"
	"time"

	"bespoke/artifact"
)

// Moving returns how often the model of a Spec is to be made anew while it
// serves, and how far back it looks for changes; 0 for recipes whose models stay
// as they were trained. See recipe.Recipe.
func Moving(spec Spec) (every, window time.Duration, err error) {
	r, settings, err := spec.recipe()
	if err != nil || r.Moving == nil {
		return 0, 0, err
	}
	every, window = r.Moving(settings)
	return every, window, nil
}

// Refit makes the model of a Spec anew from what there is now, without measuring
// it: for recipes that are Moving.
func Refit(ctx context.Context, spec Spec, now time.Time) (*artifact.Artifact, error) {
	r, settings, err := spec.recipe()
	if err != nil {
		return nil, err
	}
	t := &run{Spec: spec, of: r}
	in, items, err := t.read(ctx)
	if err != nil {
		return nil, err
	}
	in.Settings, in.Now = settings, now.Unix()
	m, err := r.Fit(ctx, in)
	if err != nil {
		return nil, err
	}
	in.Items = items
	return artifact.New(r, m, in), nil
}
