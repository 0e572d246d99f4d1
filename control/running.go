package control

import (
	"cmp"
	"context"
	"sync"
	"time"

	"bespoke"
	"bespoke/ingest"
	"bespoke/store"
)

// importRun is one import job that somebody in this process has in hand: who
// runs it, or who ends it without running it. Safe for concurrent use.
type importRun struct {
	progress ingest.Progress
	stop     context.CancelFunc
	ended    chan struct{} // closed once nobody has the job in hand any more

	mu          sync.Mutex
	committing  bool
	cancelledBy string // the ARN of who cancelled the job, "" for nobody
}

// cancel stops the run on behalf of a caller. It reports false where the run
// has begun to commit, which is not interrupted.
func (r *importRun) cancel(by string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.committing {
		return false
	}
	r.cancelledBy = cmp.Or(r.cancelledBy, by)
	r.stop()
	return true
}

// commit says that the run begins to commit. It reports false where the run is
// cancelled, and then must not.
func (r *importRun) commit() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.committing = r.cancelledBy == ""
	return r.committing
}

// cancelled returns who has cancelled the run, "" for nobody.
func (r *importRun) cancelled() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cancelledBy
}

// describe fills in how far the run is.
func (r *importRun) describe(p *ImportProgress) {
	p.Phase = r.progress.Phase().String()
	if r.progress.Phase() == ingest.Done { // the job itself is not
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

// runs are the import jobs that this process has in hand, each of them once.
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

// take takes a job in hand and returns a context that ends when it is
// cancelled. Where somebody has the job in hand already, ok is false and run
// theirs. What was taken has to be let go.
func (r *runs) take(ctx context.Context, job bespoke.ARN) (_ context.Context, run *importRun, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if run := r.m[job]; run != nil {
		return ctx, run, false
	}
	if r.m == nil {
		r.m = make(map[bespoke.ARN]*importRun)
	}
	run = &importRun{ended: make(chan struct{})}
	ctx, run.stop = context.WithCancel(ctx)
	r.m[job] = run
	return ctx, run, true
}

// await takes a job in hand as soon as nobody else has it.
func (r *runs) await(ctx context.Context, job bespoke.ARN) (context.Context, *importRun, error) {
	for {
		own, run, ok := r.take(ctx, job)
		if ok {
			return own, run, nil
		}
		select {
		case <-run.ended:
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
}

func (r *runs) letGo(job bespoke.ARN, run *importRun) {
	run.stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.m, job)
	close(run.ended)
}
