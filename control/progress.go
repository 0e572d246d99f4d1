package control

import (
	"context"
	"time"

	"bespoke"
	"bespoke/store"
)

// ImportProgress is how far an import job is and what it has found: what the
// API itself cannot say.
type ImportProgress struct {
	JobARN        bespoke.ARN        `json:"datasetImportJobArn"`
	DatasetARN    bespoke.ARN        `json:"datasetArn"`
	Mode          bespoke.ImportMode `json:"importMode"`
	Status        bespoke.Status     `json:"status"`
	FailureReason string             `json:"failureReason,omitempty"`
	Phase         string             `json:"phase"` // WAITING, READING, COMPARING, COMMITTING or DONE
	Bytes         ByteCounts         `json:"bytes"`
	Rows          RowCounts          `json:"rows"`
	RowsPerSecond float64            `json:"rowsPerSecond"` // while it was reading
	RejectedRows  []store.BadRow     `json:"rejectedRows"`  // the first of them
	Warnings      []string           `json:"warnings"`
	Phases        []store.Phase      `json:"phases"`
	Created       time.Time          `json:"creationDateTime"`
	Updated       time.Time          `json:"lastUpdatedDateTime"`
}

// ByteCounts is how much of a job's objects is read.
type ByteCounts struct {
	Done     int64 `json:"done"`
	Expected int64 `json:"expected"`
}

// RowCounts says what became of a job's rows. Expected is an estimate from the
// bytes until all are read.
type RowCounts struct {
	Read      int64 `json:"read"`
	Expected  int64 `json:"expected"`
	Accepted  int64 `json:"accepted"`
	Replaced  int64 `json:"replaced"`
	Duplicate int64 `json:"duplicate"`
	Rejected  int64 `json:"rejected"`
}

// firstRejected is how many bad rows ImportProgress shows; the report has all
// that were kept.
const firstRejected = 10

// ImportProgress returns how far the job is. It is cheap enough to be polled.
func (s *Service) ImportProgress(ctx context.Context, job bespoke.ARN) (ImportProgress, error) {
	j, err := s.cfg.Store.ImportJob(ctx, job)
	if err != nil {
		return ImportProgress{}, refusal(err)
	}
	p := ImportProgress{
		JobARN: j.ARN, DatasetARN: j.DatasetARN, Mode: j.Mode, Status: j.Status, FailureReason: j.FailureReason,
		Phase: "WAITING", RejectedRows: []store.BadRow{}, Warnings: []string{}, Phases: []store.Phase{},
		Created: j.Created, Updated: j.Updated,
	}
	for _, o := range j.Objects {
		p.Bytes.Expected += o.Size
	}
	if run, ok := s.running.get(job); ok && !j.Status.Settled() {
		run.describe(&p)
		return p, nil
	}
	if !j.Status.Settled() {
		return p, nil
	}
	p.Phase = "DONE"
	r, _, err := s.cfg.Store.Report(ctx, job)
	if err != nil {
		return p, refusal(err)
	}
	p.Bytes.Done = r.Bytes
	p.Rows = RowCounts{Read: r.Rows, Expected: r.Rows, Accepted: r.Accepted, Replaced: r.Replaced, Duplicate: r.Duplicate, Rejected: r.Rejected}
	p.RejectedRows = append(p.RejectedRows, r.Bad[:min(firstRejected, len(r.Bad))]...)
	p.Warnings = append(p.Warnings, r.Warnings...)
	p.Phases = append(p.Phases, r.Phases...)
	p.RowsPerSecond = rate(r.Rows, r.Phases)
	return p, nil
}

// ImportReport returns everything that was kept of what the job found. A job
// that the server gave up has none.
func (s *Service) ImportReport(ctx context.Context, job bespoke.ARN) (store.Report, error) {
	j, err := s.cfg.Store.ImportJob(ctx, job)
	if err != nil {
		return store.Report{}, refusal(err)
	}
	if !j.Status.Settled() {
		return store.Report{}, bespoke.Errorf(bespoke.InUse, "The job %s has no report yet. Wait until it has ended.", job)
	}
	r, ok, err := s.cfg.Store.Report(ctx, job)
	if err == nil && !ok {
		return r, bespoke.Errorf(bespoke.NotFound, "The job %s ended without a report: %s", job, j.FailureReason)
	}
	return r, refusal(err)
}
