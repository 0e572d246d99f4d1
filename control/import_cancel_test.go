package control_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"bespoke"
	"bespoke/blob"
	"bespoke/test/faulty"
)

// cancel cancels a job and returns how long that took.
func (f *fixture) cancel(arn string) (time.Duration, error) {
	began := time.Now()
	_, err := f.service.CancelImport(f.ctx, bespoke.ARN(arn))
	return time.Since(began), err
}

// cancelledQuickly cancels a job that must end at once.
func (f *fixture) cancelledQuickly(arn string) {
	f.Helper()
	took, err := f.cancel(arn)
	f.must(err)
	if took > time.Second {
		f.Errorf("cancelling %s took %s", arn, took)
	}
	if j := f.job(arn); j.Status != "CREATE FAILED" || j.FailureReason != "The import was cancelled by "+root.ARN+"." {
		f.Errorf("the job %s is %s: %s", arn, j.Status, j.FailureReason)
	}
}

// TestCancel cancels a job whose S3 has stalled in mid-body, with another that
// waits behind it and one that is to go on.
func TestCancel(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	p := f.behindFaults(blob.Retry{}) // the patience that a server has
	dataset := f.dataset("shop", "Interactions", interactions)
	f.imported("first", dataset, three, bespoke.Active)
	running := f.accepted("running", dataset, f.put("running.csv", rows(1000)))
	stalled := make(chan struct{})
	var once sync.Once
	p.Set(func(_ int64, r *http.Request) faulty.Fault {
		if !strings.HasSuffix(r.URL.Path, "running.csv") {
			return nil
		}
		once.Do(func() { close(stalled) })
		return faulty.Stall(500)
	})
	f.run(3)
	<-stalled
	waiting := f.accepted("waiting", dataset, f.put("waiting.csv", rows(50)))
	next := f.accepted("next", dataset, f.put("next.csv", rows(20)))
	f.cancelledQuickly(waiting)
	f.cancelledQuickly(running)
	f.poll("the next job's end", func() bool { return f.job(next).Status == "ACTIVE" })
	if c := f.content(dataset); c.Rows.Bulk != 20 || len(c.Snapshots) != 2 {
		t.Errorf("the dataset holds %+v", c)
	}
	if left := f.strays(dataset); len(left) > 0 {
		t.Errorf("files are left: %q", left)
	}
	for _, arn := range []string{running, next} {
		_, err := f.cancel(arn)
		f.refused(err, bespoke.InUse, f.job(arn).Status, "Only a job that has not ended")
	}
	_, err := f.cancel(string(scope.ImportJob("none")))
	f.refused(err, bespoke.NotFound)
}

var cancelSeed = flag.Uint64("cancel.seed", 0, "of when TestCancelRaces cancels; 0 draws one. The machine has its part in the outcome too")

// TestCancelRaces cancels jobs at random moments of their lives: each is either
// cancelled, and nothing of it is there, or it is told to be too late, and
// becomes ACTIVE.
func TestCancelRaces(t *testing.T) {
	t.Parallel()
	seed := *cancelSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-cancel.seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	f.imported("first", dataset, three, bespoke.Active)
	<-f.ended
	f.run(3)
	typical := 20 * time.Millisecond
	want, outcomes := f.lines(dataset), map[bespoke.Status]int{}
	repeat := 40
	if testing.Short() {
		repeat = 10
	}
	for i := range repeat {
		name := fmt.Sprint("job-", i)
		location := f.put(name+".csv", header+name+",i,1\n"+name+",i,2\n")
		began := time.Now()
		arn := f.accepted(name, dataset, location)
		time.Sleep(time.Duration(r.Float64() * float64(typical))) // any moment of the job
		_, err := f.cancel(arn)
		if err != nil {
			f.refused(err, bespoke.InUse)
		}
		f.poll(name, func() bool { return bespoke.Status(f.job(arn).Status).Settled() })
		j := f.job(arn)
		switch {
		case err == nil && j.Status == "CREATE FAILED" && strings.Contains(j.FailureReason, "was cancelled by"):
		case err != nil && j.Status == "ACTIVE":
			want = map[string]int{name + ",i,1": 1, name + ",i,2": 1}
			typical = time.Since(began)
		default:
			t.Fatalf("cancelling %s: %v; it is %s: %s", name, err, j.Status, j.FailureReason)
		}
		outcomes[bespoke.Status(j.Status)]++
		if p := <-f.ended; string(p.JobARN) != arn || string(p.Status) != j.Status {
			t.Fatalf("observed %+v", p)
		}
		if got := f.lines(dataset); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("after %s, which is %s, the dataset shows %v, want %v", name, j.Status, got, want)
		}
	}
	t.Log(outcomes)
	f.poll("no files left", func() bool { return len(f.strays(dataset)) == 0 })
}

// TestCancelCommitted cancels a job that was killed after its commit, before it
// runs again: its rows are visible, so it is ACTIVE.
func TestCancelCommitted(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	job := f.accepted("job", dataset, f.put("three.csv", three))
	f.diesAfterCommit(job)
	if j, c := f.job(job), f.content(dataset); j.Status != "CREATE IN_PROGRESS" || c.Rows.Bulk != 3 {
		t.Fatalf("the job is %s, the dataset holds %+v", j.Status, c)
	}
	_, err := f.cancel(job)
	f.refused(err, bespoke.InUse, "ACTIVE already")
	if j := f.job(job); j.Status != "ACTIVE" {
		t.Errorf("the job is %s: %s", j.Status, j.FailureReason)
	}

	// The same where the server gives it up.
	job = f.accepted("again", dataset, f.put("three.csv", three))
	f.diesAfterCommit(job)
	f.must(f.service.GiveUp(f.ctx, bespoke.ARN(job), context.DeadlineExceeded))
	if j := f.job(job); j.Status != "ACTIVE" {
		t.Errorf("the job that was given up is %s: %s", j.Status, j.FailureReason)
	}
	// A job that has not run, or not got so far, is not.
	job = f.accepted("third", dataset, f.put("three.csv", three))
	f.must(f.service.GiveUp(f.ctx, bespoke.ARN(job), context.DeadlineExceeded))
	if j := f.job(job); j.Status != "CREATE FAILED" {
		t.Errorf("the job that never ran is %s: %s", j.Status, j.FailureReason)
	}
}
