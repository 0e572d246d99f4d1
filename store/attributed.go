package store

import (
	"time"

	"bespoke"
)

// Attributed is the sum of a metric for one source and a quarter of an hour.
type Attributed struct {
	Start     time.Time `json:"start"` // of the quarter of an hour
	Metric    string    `json:"metric"`
	EventType string    `json:"eventType"`
	Function  string    `json:"function"`
	Source    string    `json:"source"`
	Value     float64   `json:"value"`
}

// AttributedFrom says which part of a dataset sums are of, so that none is
// counted twice: all of an import job, or individual records up to a number.
type AttributedFrom struct {
	DatasetARN bespoke.ARN
	Job        bespoke.ARN // "" for individual records
	Place      uint64      // 1 for a job
}
