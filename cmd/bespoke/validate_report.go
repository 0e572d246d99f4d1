package main

import (
	"fmt"
	"io"
	"strings"

	"bespoke"
	"bespoke/control"
	"bespoke/ingest"
	"bespoke/insight"
	"bespoke/store"
)

// validation is the report of the validate verb. Members that an import's
// report has too are called the same.
type validation struct {
	Type         bespoke.DatasetType `json:"datasetType"`
	Objects      int                 `json:"objects"`
	Bytes        int64               `json:"bytes"`
	Rows         control.RowCounts   `json:"rows"`
	Users        *userCounts         `json:"users,omitempty"` // of interactions
	RejectedRows []store.BadRow      `json:"rejectedRows"`    // the first of them
	Warnings     []string            `json:"warnings"`
	Insights     []insight.Insight   `json:"insights"`
}

// userCounts are numbers of distinct users in good rows.
type userCounts struct {
	All      int64 `json:"all"`
	Repeated int64 `json:"withTwoOrMoreInteractions"`
}

func newValidation(cfg ingest.Config, res ingest.Result, insights []insight.Insight) validation {
	c := res.Counts
	v := validation{
		Type: cfg.Type, Objects: len(cfg.Objects),
		Rows:         control.RowCounts{Read: c.Rows, Expected: c.Rows, Accepted: c.Accepted, Duplicate: c.Duplicate, Rejected: c.Rejected},
		RejectedRows: []store.BadRow{}, Warnings: append([]string{}, res.Warnings...), Insights: insights,
	}
	for _, o := range cfg.Objects {
		v.Bytes += o.Size
	}
	if cfg.Type.Key() == "" {
		v.Users = &userCounts{res.Users.All, res.Users.Repeated}
	}
	for _, b := range res.Bad {
		v.RejectedRows = append(v.RejectedRows, store.BadRow{Object: b.Object.String(), Line: b.Line, Column: b.Column, Value: b.Value, Reason: b.Reason})
	}
	return v
}

// print writes the report for people.
func (v validation) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s rows in %s objects, %s bytes\n", v.Type, grouped(v.Rows.Read), grouped(int64(v.Objects)), grouped(v.Bytes))
	fmt.Fprintf(&b, "  accepted %s, duplicate %s, bad %s\n", grouped(v.Rows.Accepted), grouped(v.Rows.Duplicate), grouped(v.Rows.Rejected))
	if v.Users != nil {
		fmt.Fprintf(&b, "  users %s, with two interactions or more %s\n", grouped(v.Users.All), grouped(v.Users.Repeated))
	}
	if len(v.RejectedRows) > 0 {
		b.WriteString("\nBad rows:\n")
	}
	for _, r := range v.RejectedRows {
		fmt.Fprintf(&b, "  %s line %d", r.Object, r.Line)
		if r.Column != "" {
			fmt.Fprintf(&b, ", column %s", r.Column)
		}
		if r.Value != "" {
			fmt.Fprintf(&b, ", value %q", r.Value)
		}
		fmt.Fprintf(&b, ": %s\n", r.Reason)
	}
	if more := v.Rows.Rejected - int64(len(v.RejectedRows)); more > 0 {
		fmt.Fprintf(&b, "  and %s more; --max-bad-rows lists more of them\n", grouped(more))
	}
	if len(v.Warnings) > 0 {
		b.WriteString("\nWarnings:\n")
	}
	for _, s := range v.Warnings {
		fmt.Fprintf(&b, "  %s\n", s)
	}
	if len(v.Insights) > 0 {
		b.WriteString("\nInsights (an import goes through, but training may suffer):\n")
	}
	for _, i := range v.Insights {
		name := i.Code
		if i.Column != "" {
			name += " " + i.Column
		}
		fmt.Fprintf(&b, "  %s: %s\n", name, i.Message)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
