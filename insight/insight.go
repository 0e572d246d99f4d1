// Package insight tells what makes a dataset poor to train on although every
// row of it is good: too few interactions, users who did one thing only,
// columns that are mostly empty, categories without end, times that cannot be.
// They are the findings that the console of Amazon Personalize calls data
// insights, with the same thresholds where those are documented.
//
// A [Survey] hands an observer to each worker of a check and draws its
// conclusions when the check has ended. Counts are exact. Distinct values are
// counted up to a bound and said to be more beyond it, so that the memory of a
// survey depends on the number of columns and workers only.
// Source: Amazon Personalize developer guide, "Analyzing data", "Quotas".
package insight

import (
	"hash/maphash"
	"sync"

	"bespoke"
	"bespoke/ingest"
	"bespoke/schema"
)

// Insight is one finding. It is advice: an import goes through all the same.
type Insight struct {
	Code    string `json:"code"`             // such as SPARSE_COLUMN
	Column  string `json:"column,omitempty"` // "" where the dataset as a whole is meant
	Message string `json:"message"`          // what was found, and what to do
}

// Survey collects what is needed for the insights into one dataset.
type Survey struct {
	kind    bespoke.DatasetType
	columns []schema.Column
	seed    maphash.Seed

	mu    sync.Mutex
	parts []*part
}

// NewSurvey returns a survey of a dataset with the schema s.
func NewSurvey(t bespoke.DatasetType, s *schema.Schema) *Survey {
	return &Survey{kind: t, columns: s.Columns, seed: maphash.MakeSeed()}
}

// Observer returns an observer for one worker. It is safe for concurrent use.
func (s *Survey) Observer() ingest.Observer {
	p := &part{seed: s.seed, columns: make([]tally, len(s.columns))}
	for i, c := range s.columns {
		p.columns[i] = newTally(c)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts = append(s.parts, p)
	return p
}

// part is what one worker has seen.
type part struct {
	seed    maphash.Seed
	columns []tally
}

func (p *part) Null(column int) { p.columns[column].missing++ }

func (p *part) Text(column int, value []byte) { p.columns[column].text(p.seed, value) }

func (p *part) Number(column int, value float64) { p.columns[column].number(value) }

// totals merges what all workers have seen.
func (s *Survey) totals() []tally {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]tally, len(s.columns))
	for i, c := range s.columns {
		all[i] = newTally(c)
		for _, p := range s.parts {
			all[i].merge(&p.columns[i])
		}
	}
	return all
}
