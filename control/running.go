package control

import (
	"sync"
	"sync/atomic"
	"time"

	"bespoke"
	"bespoke/ingest"
	"bespoke/store"
)

// importRun is one import job under way in this process. Safe for concurrent
// use.
type importRun struct {
	progress   ingest.Progress
	committing atomic.Bool
}

// describe fills in how far the run is.
func (r *importRun) describe(p *ImportProgress) {
	p.Phase = r.progress.Phase().String()
	if r.committing.Load() {
		p.Phase = "COMMITTING"
	}
	p.Phases = r.phases()
	p.Bytes = ByteCounts{Done: r.progress.BytesDone.Load(), Expected: max(p.Bytes.Expected, r.progress.BytesTotal.Load())}
	p.Rows.Read, p.Rows.Rejected = r.progress.Rows.Load(), r.progress.Rejected.Load()
	p.Rows.Expected = p.Rows.Read
	if p.Bytes.Done > 0 && p.Bytes.Done < p.Bytes.Expected {
		p.Rows.Expected = int64(float64(p.Rows.Read) / float64(p.Bytes.Done) * float64(p.Bytes.Expected))
	}
	p.RowsPerSecond = rate(p.Rows.Read, p.Phases)
}

// phases returns the phases that have begun, with their times; the last one is
// under way unless the rows are all there.
func (r *importRun) phases() []store.Phase {
	out := []store.Phase{}
	for _, ph := range []ingest.Phase{ingest.Reading, ingest.Comparing} {
		began, ok := r.progress.Began(ph)
		if !ok {
			break
		}
		end, ok := r.progress.Began(ph + 1)
		if !ok {
			end = time.Now()
		}
		out = append(out, store.Phase{Name: ph.String(), Started: began, Took: end.Sub(began)})
	}
	return out
}

// rate is how many rows a second were read.
func rate(rows int64, phases []store.Phase) float64 {
	if len(phases) == 0 || phases[0].Took <= 0 {
		return 0
	}
	return float64(rows) / phases[0].Took.Seconds()
}

// report is what remains of the run: what ingest has found.
func (r *importRun) report(res ingest.Result) store.Report {
	out := store.Report{
		Bytes: r.progress.BytesDone.Load(), Rows: res.Counts.Rows, Accepted: res.Counts.Accepted, Replaced: res.Counts.Replaced,
		Duplicate: res.Counts.Duplicate, Rejected: res.Counts.Rejected, Warnings: res.Warnings, Phases: r.phases(),
	}
	for _, b := range res.Bad {
		out.Bad = append(out.Bad, store.BadRow{Object: b.Object.String(), Line: b.Line, Column: b.Column, Value: b.Value, Reason: b.Reason})
	}
	return out
}

// runs are the imports that this process is working on.
type runs struct {
	mu sync.Mutex
	m  map[bespoke.ARN]*importRun
}

func (r *runs) get(job bespoke.ARN) (*importRun, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	run, ok := r.m[job]
	return run, ok
}

func (r *runs) add(job bespoke.ARN, run *importRun) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.m == nil {
		r.m = make(map[bespoke.ARN]*importRun)
	}
	r.m[job] = run
}

func (r *runs) remove(job bespoke.ARN) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.m, job)
}
