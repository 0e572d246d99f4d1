package control_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/blob"
	"bespoke/control"
	"bespoke/test/faulty"
)

// dying is a store that loses what comes after the commit of an import, and the end
// of a training, as the death of a process does.
type dying struct {
	control.Store
	f *fixture
}

var errDead = errors.New("the process is dead")

func (d dying) FinishImportJob(ctx context.Context, arn bespoke.ARN, reason string) error {
	if d.f.dead.Load() {
		return errDead
	}
	return d.Store.FinishImportJob(ctx, arn, reason)
}

func (d dying) SuspendRun(ctx context.Context, arn bespoke.ARN) error {
	if d.f.dead.Load() {
		return errDead
	}
	return d.Store.SuspendRun(ctx, arn)
}

// diesAfterCommit runs a job in a process that dies, at the latest after the
// commit, before it can write down
// that the run has ended.
func (f *fixture) diesAfterCommit(job string) {
	f.Helper()
	f.dead.Store(true)
	defer f.dead.Store(false)
	if err := f.service.Advance(f.ctx, bespoke.ARN(job)); !errors.Is(err, errDead) {
		f.Fatalf("got %v", err)
	}
}

// TestPoison has the process die in the midst of every run of a job: after some,
// the job fails, and the dataset's next has its turn. Runs that end in an
// orderly way do not count.
func TestPoison(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *control.Config) { c.MaxCrashes = 3 })
	p := f.behindFaults(blob.Retry{Attempts: 1})
	dataset := f.dataset("shop", "Interactions", interactions)
	poison := f.accepted("poison", dataset, f.put("poison.csv", three))
	next := f.accepted("next", dataset, f.put("next.csv", rows(20)))
	begun := func(want int) {
		t.Helper()
		j, err := f.store.ImportJob(f.ctx, bespoke.ARN(poison))
		f.must(err)
		if j.Begun != want || j.Status != bespoke.CreateInProgress {
			t.Fatalf("the job is %s with %d runs begun, want %d", j.Status, j.Begun, want)
		}
	}
	p.Set(faulty.Always(faulty.Refuse(503, "SlowDown")))
	for range 5 { // S3 is away
		if err := f.service.Advance(f.ctx, bespoke.ARN(poison)); err == nil {
			t.Fatal("no error without S3")
		}
		begun(0)
	}
	for range 5 { // the server is stopped
		ctx, stop := context.WithCancel(f.ctx)
		p.Set(faulty.Always(faulty.ResetAfter(10, stop)))
		if err := f.service.Advance(ctx, bespoke.ARN(poison)); err == nil {
			t.Fatal("no error of a server that stops")
		}
		begun(0)
	}
	p.Set(faulty.Always(faulty.Refuse(503, "SlowDown")))
	for n := range 3 {
		f.diesAfterCommit(poison)
		begun(n + 1)
	}
	p.Set(nil)
	f.advance(poison)
	if j := f.job(poison); j.Status != "CREATE FAILED" || !strings.Contains(j.FailureReason, "ended 3 times in the midst of this import") {
		t.Errorf("the job is %s: %s", j.Status, j.FailureReason)
	}
	f.advance(next)
	if j, c := f.job(next), f.content(dataset); j.Status != "ACTIVE" || c.Rows.Bulk != 20 {
		t.Errorf("the next job is %s, the dataset holds %+v", j.Status, c)
	}

	// One that got as far as its commit is ACTIVE however often that was.
	late := f.accepted("late", dataset, f.put("three.csv", three))
	for range 4 {
		f.diesAfterCommit(late)
	}
	f.advance(late)
	if j := f.job(late); j.Status != "ACTIVE" {
		t.Errorf("the committed job is %s: %s", j.Status, j.FailureReason)
	}
}

// TestPoisonTraining has the process die in the midst of every run of a training: after
// some, the version fails. Runs that end in an orderly way do not count.
func TestPoisonTraining(t *testing.T) {
	t.Parallel()
	store := &cutOff{err: errors.New("the database cannot be written")}
	f := open(t, func(c *control.Config) {
		c.MaxCrashes = 3
		store.Store, c.Store = c.Store, store
	})
	f.interacted("shop", 30)
	solution := f.solution("shop", nil)
	created, err := f.CreateSolutionVersion(f.ctx, &wire.CreateSolutionVersionRequest{SolutionArn: solution})
	f.must(err)
	poison := created.SolutionVersionArn
	begun := func(want int) {
		t.Helper()
		v, err := f.store.SolutionVersion(f.ctx, bespoke.ARN(poison))
		f.must(err)
		if v.Begun != want || v.Status != bespoke.CreateInProgress {
			t.Fatalf("the version is %s with %d runs begun, want %d", v.Status, v.Begun, want)
		}
	}
	if err := f.service.Advance(f.ctx, bespoke.ARN(poison)); !errors.Is(err, store.err) {
		t.Fatalf("got %v", err)
	}
	begun(0)
	for n := range 3 {
		f.diesAfterCommit(poison)
		begun(n + 1)
	}
	store.err = nil
	f.advance(poison)
	if v := f.version(poison); v.Status != "CREATE FAILED" || !strings.Contains(v.FailureReason, "ended 3 times in the midst of this training") {
		t.Errorf("the version is %s: %s", v.Status, v.FailureReason)
	}
	f.trained(solution, bespoke.Active)
}
