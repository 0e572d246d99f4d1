package store

import (
	"cmp"
	"time"

	"bespoke"
)

// Training is what a solution version's training reads and finds. The inputs
// are there once it has begun, the rest once it has succeeded. The JSON form is
// how stores keep it.
type Training struct {
	Inputs   []Input            `json:"inputs"`
	Hours    float64            `json:"hours,omitempty"`   // that it took
	Metrics  map[string]float64 `json:"metrics,omitempty"` // of the hold-out, by the API's names
	Extra    map[string]float64 `json:"extra,omitempty"`   // further figures, for the extensions
	Tuned    map[string]string  `json:"tuned,omitempty"`   // parameters that were chosen by trials
	Trials   []Trial            `json:"trials,omitempty"`  // that they were chosen by, and the recipe with performAutoML
	Warnings []string           `json:"warnings,omitempty"`
	Phases   []Phase            `json:"phases,omitempty"` // in the order they ran
}

// Trial is one of the trials of a training's hyperparameters or recipes.
type Trial struct {
	Recipe     string            `json:"recipe,omitempty"` // its name; "" in those of earlier builds
	Parameters map[string]string `json:"parameters"`
	Value      float64           `json:"value"` // NDCG@10 or the metric that was asked for, on users who were held out
}

// Input is a state of a dataset that a training reads.
type Input struct {
	Dataset  bespoke.ARN         `json:"datasetArn"`
	Type     bespoke.DatasetType `json:"datasetType"`
	Snapshot int64               `json:"snapshotId,string"`               // of its table
	Data     int64               `json:"dataSnapshotId,string,omitempty"` // see lake.Snapshot.Data; 0 in those of earlier builds
	Rows     int64               `json:"rows"`
	Read     time.Time           `json:"pinned"`
}

// State tells whether two inputs of one dataset have the same rows: then it is the
// same.
func (in Input) State() int64 { return cmp.Or(in.Data, in.Snapshot) }
