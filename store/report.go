package store

import "time"

// Report is what an import job found in its objects. A job that runs again
// after a crash replaces its report. The JSON form is how stores keep it.
type Report struct {
	Bytes     int64    `json:"bytes"`     // read
	Rows      int64    `json:"rows"`      // data rows read
	Accepted  int64    `json:"accepted"`  // rows of this job that are visible once it is ACTIVE
	Replaced  int64    `json:"replaced"`  // earlier records with the same ID that gave way
	Duplicate int64    `json:"duplicate"` // rows repeated within the job, or there already
	Rejected  int64    `json:"rejected"`  // bad rows, of which Bad keeps the first
	Bad       []BadRow `json:"bad,omitempty"`
	Warnings  []string `json:"warnings,omitempty"`
	Phases    []Phase  `json:"phases,omitempty"` // in the order they ran
}

// BadRow is one row that an import job refused.
type BadRow struct {
	Object string `json:"object"` // s3:// URL
	Line   int64  `json:"line"`   // physical line of the object, from 1; the header is line 1
	Column string `json:"column"` // "" where the row as a whole is wrong
	Value  string `json:"value"`  // cut short
	Reason string `json:"reason"` // what was expected
}

// Phase is a part of an import job and when it ran.
type Phase struct {
	Name    string        `json:"name"`
	Started time.Time     `json:"started"`
	Took    time.Duration `json:"took"` // nanoseconds
}
