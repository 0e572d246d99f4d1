package recipe

import (
	"context"
	"time"

	"bespoke"
	"bespoke/history"
)

// The types of recipes that are built here, which decide what a request must say.
const (
	UserPersonalization = "USER_PERSONALIZATION"
	PopularItems        = "POPULAR_ITEMS"
	PersonalizedRanking = "PERSONALIZED_RANKING"
	RelatedItems        = "RELATED_ITEMS"
)

// Recipe is one way to make models.
type Recipe struct {
	Name                  string // as in arn:aws:personalize:::recipe/NAME
	Type                  string
	Algorithm             string // as in arn:aws:personalize:::algorithm/NAME
	FeatureTransformation string // as in arn:aws:personalize:::feature-transformation/NAME
	Description           string
	Params                []Param

	// Scores says that answers carry scores on the wire.
	Scores bool
	// RealTime says that events after training change the next answer.
	RealTime bool
	// Explore is the exploration that campaigns have by default, the zero
	// value for recipes that do not explore.
	Explore Exploration

	// Moving is set by recipes whose answers change with the time: how often a
	// model is made anew while it serves, and how far back it looks for changes.
	Moving func(s Settings) (every, window time.Duration)

	// Version is the version of what Encode writes and Decode reads.
	Version uint32
	// Fit trains a model. The same Input, whatever its Workers, makes a model
	// that encodes to the same bytes. It returns ctx's error soon after ctx is
	// done, and a *bespoke.Error where the data is too little to learn from.
	Fit func(ctx context.Context, in Input) (Model, error)
	// Metrics, if set, measures what only this recipe is about, on a hold-out of
	// its own, and returns it by the API's names.
	Metrics func(ctx context.Context, in Input) (map[string]float64, error)
	// Decode reads what Encode of this recipe's models wrote.
	Decode func(d *Decoder) (Model, error)
}

// Input is what a recipe learns from. Recipes do not change it.
type Input struct {
	Interactions *history.History
	Items, Users *history.Metadata // nil if there is no such dataset
	Settings     Settings          // of Recipe.Settings; nil means all defaults
	// Objective, if set, is what answers are to have much of beside being
	// relevant. Only the personalization recipes pursue one.
	Objective *Objective
	Seed      uint64
	// Now is what recipes that are Moving take for the present, Unix seconds; 0
	// means the time of the newest interaction.
	Now int64
	// Workers bounds the goroutines that compute; 0 means one.
	Workers int
	// Progress, if set, hears how far the training is, from one goroutine at a
	// time. It must return soon.
	Progress func(Progress)
}

// Objective is an attribute of items of which more is better.
type Objective struct {
	Column      string // of Items, with numbers
	Sensitivity Sensitivity
}

// Values returns the objective's numbers by row of the items, NaN where one has none,
// or a *bespoke.Error if they are not trained on with such a column.
func (o *Objective) Values(items *history.Metadata) ([]float64, error) {
	c, ok := items.Column(o.Column)
	if !ok || c.Number == nil {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "The objective %.150q is no column of numbers that the items are trained on with.", o.Column)
	}
	return c.Number, nil
}

// Sensitivity is how much an objective counts beside relevance.
type Sensitivity string

// The sensitivities: less than relevance, the same, and more.
const (
	Low    Sensitivity = "LOW"
	Medium Sensitivity = "MEDIUM"
	High   Sensitivity = "HIGH"
)

// Attributes returns what the Users dataset says of a user of the interactions.
func (in Input) Attributes(user uint32) map[string]string {
	return in.Users.Of(in.Interactions.Users.ID(user))
}

// Report tells Progress, if there is one.
func (in Input) Report(p Progress) {
	if in.Progress != nil {
		in.Progress(p)
	}
}

// Progress is how far a training is.
type Progress struct {
	Phase string  // "count", "factorize", ...
	Share float64 // of the phase, 0 to 1
	// Metric is the name of a figure known so far, "" if there is none, and
	// Value its value.
	Metric string
	Value  float64
}
