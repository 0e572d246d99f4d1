package job_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"bespoke"
	"bespoke/job"
)

var (
	scope = bespoke.Scope{Partition: "aws", Region: "eu-west-1", Account: "123456789012"}
	group = scope.DatasetGroup("shop")
)

// patience is how long a test waits for what has to happen.
const patience = 20 * time.Second

type fixture struct {
	testing.TB
	db    *sql.DB
	queue *job.Queue
}

func open(t testing.TB) *fixture {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "jobs.db"))
}

func openAt(t testing.TB, path string) *fixture {
	t.Helper()
	db, err := openDB(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	q, err := job.Open(t.Context(), db, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{TB: t, db: db, queue: q}
}

func openDB(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// start runs jobs with quick retries until the end of the test.
func (f *fixture) start(cfg job.Config) *job.Runner {
	f.Helper()
	cfg.Queue = f.queue
	cfg.MinBackoff = cmp.Or(cfg.MinBackoff, time.Millisecond)
	cfg.MaxBackoff = cfg.MinBackoff
	cfg.Logger = slog.New(slog.NewTextHandler(f.Output(), nil))
	if cfg.OnGiveUp == nil {
		cfg.OnGiveUp = func(_ context.Context, arn bespoke.ARN, err error) error {
			f.Errorf("gave up %s: %v", arn, err)
			return nil
		}
	}
	r, err := job.NewRunner(cfg)
	if err != nil {
		f.Fatal(err)
	}
	if err := r.Start(context.WithoutCancel(f.Context())); err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { f.stop(r) })
	return r
}

func (f *fixture) stop(r *job.Runner) {
	f.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(f.Context()), patience)
	defer cancel()
	if err := r.Stop(ctx); err != nil {
		f.Error(err)
	}
}

// insert commits a job and wakes the runner, as a store does.
func (f *fixture) insert(arns ...bespoke.ARN) {
	f.Helper()
	tx, err := f.db.BeginTx(f.Context(), nil)
	if err != nil {
		f.Fatal(err)
	}
	defer tx.Rollback()
	for _, arn := range arns {
		if err := f.queue.Insert(f.Context(), tx, arn); err != nil {
			f.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		f.Fatal(err)
	}
	f.queue.Wake()
}

// wait returns the next value of c.
func wait[T any](f *fixture, c <-chan T) (v T) {
	f.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		f.Fatal("nothing happened")
	}
	return v
}

// idle waits until no job is left.
func (f *fixture) idle() {
	f.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		c, err := f.queue.Counts(f.Context())
		if err != nil {
			f.Fatal(err)
		}
		if c == (job.Counts{}) {
			return
		}
		if time.Now().After(deadline) {
			f.Fatalf("jobs are left: %+v", c)
		}
	}
}

func TestRunsWhatCommits(t *testing.T) {
	t.Parallel()
	f := open(t)
	ran := make(chan bespoke.ARN, 10)
	f.start(job.Config{Handle: func(_ context.Context, arn bespoke.ARN) error {
		ran <- arn
		return nil
	}})
	tx, err := f.db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.queue.Insert(t.Context(), tx, scope.Schema("rolled-back")); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	f.queue.Wake()
	want := []bespoke.ARN{group, scope.ImportJob("j"), scope.Dataset("shop", bespoke.Items)}
	f.insert(want...)
	got := map[bespoke.ARN]bool{}
	for range want {
		got[wait(f, ran)] = true
	}
	for _, arn := range want {
		if !got[arn] {
			t.Errorf("%s did not run", arn)
		}
	}
	f.idle()
	if len(ran) > 0 {
		t.Errorf("%s ran as well", <-ran)
	}
}

func TestRetries(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(n int32) error{
		"Error":  func(n int32) error { return fmt.Errorf("disk %d", n) },
		"Panic":  func(n int32) error { panic(n) },
		"Snooze": func(int32) error { return fmt.Errorf("wait: %w", job.Snooze(0)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t)
			var tries atomic.Int32
			done := make(chan struct{}, 10)
			attempts := 4 // the last one succeeds
			if name == "Snooze" {
				attempts = 1 // snoozing is no attempt
			}
			f.start(job.Config{Attempts: attempts, Handle: func(context.Context, bespoke.ARN) error {
				if n := tries.Add(1); n < 4 {
					return fail(n)
				}
				done <- struct{}{}
				return nil
			}})
			f.insert(group)
			wait(f, done)
			f.idle()
			if n := tries.Load(); n != 4 {
				t.Errorf("%d tries, want 4", n)
			}
		})
	}
}

func TestGivesUp(t *testing.T) {
	t.Parallel()
	f := open(t)
	broken := errors.New("disk gone")
	var tries, gaveUp atomic.Int32
	f.start(job.Config{
		Attempts: 3,
		Handle: func(context.Context, bespoke.ARN) error {
			tries.Add(1)
			return broken
		},
		OnGiveUp: func(_ context.Context, arn bespoke.ARN, err error) error {
			if arn != group || !errors.Is(err, broken) {
				t.Errorf("gave up %s: %v", arn, err)
			}
			if gaveUp.Add(1) == 1 {
				return errors.New("cannot write that down either")
			}
			return nil
		},
	})
	f.insert(group)
	f.idle()
	if tries.Load() != 4 || gaveUp.Load() != 2 {
		t.Errorf("%d tries, given up %d times; want 4 tries, of which the last two were given up", tries.Load(), gaveUp.Load())
	}
}

func TestOneAtATimePerResource(t *testing.T) {
	t.Parallel()
	f := open(t)
	var running atomic.Int32
	entered, leave := make(chan struct{}, 10), make(chan struct{})
	f.start(job.Config{Handle: func(context.Context, bespoke.ARN) error {
		if running.Add(1) > 1 {
			t.Error("two jobs run for one resource")
		}
		entered <- struct{}{}
		<-leave
		running.Add(-1)
		return nil
	}})
	f.insert(group, group, group)
	for range 3 {
		wait(f, entered)
		leave <- struct{}{}
	}
	f.idle()
}

func TestImportsHoldUpNothingElse(t *testing.T) {
	t.Parallel()
	f := open(t)
	leave, ran := make(chan struct{}), make(chan bespoke.ARN, 10)
	f.start(job.Config{Imports: 1, Workers: 1, Handle: func(_ context.Context, arn bespoke.ARN) error {
		ran <- arn
		if arn.Kind() == "dataset-import-job" {
			<-leave
		}
		return nil
	}})
	first := scope.ImportJob("first")
	f.insert(first)
	if got := wait(f, ran); got != first {
		t.Fatalf("%s ran", got)
	}
	f.insert(scope.ImportJob("second"), scope.ImportJob("third"), group)
	if got := wait(f, ran); got != group {
		t.Fatalf("%s ran", got)
	}
	c, err := f.queue.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c.Waiting != 2 || c.Running < 1 {
		t.Errorf("%+v, want two waiting and one running", c)
	}
	close(leave)
	f.idle()
}

func TestStopLetsJobsFinish(t *testing.T) {
	t.Parallel()
	f := open(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	var finished atomic.Bool
	r := f.start(job.Config{Grace: patience, Handle: func(ctx context.Context, _ bespoke.ARN) error {
		close(entered)
		<-leave
		finished.Store(ctx.Err() == nil)
		return nil
	}})
	f.insert(group)
	wait(f, entered)
	var wg sync.WaitGroup
	wg.Go(func() { f.stop(r) })
	close(leave)
	wg.Wait()
	if !finished.Load() {
		t.Error("the job was not allowed to finish")
	}
	f.idle()
}

func TestStopCancelsAfterGrace(t *testing.T) {
	t.Parallel()
	f := open(t)
	entered := make(chan struct{})
	r := f.start(job.Config{Attempts: 1, Grace: time.Millisecond, Handle: func(ctx context.Context, _ bespoke.ARN) error {
		close(entered)
		<-ctx.Done()
		return fmt.Errorf("interrupted: %v", ctx.Err()) // as drivers do, without the cause
	}})
	f.insert(group)
	wait(f, entered)
	f.stop(r)
	// The job goes on after the next start, and has its one attempt still.
	ran := make(chan struct{})
	f.start(job.Config{Attempts: 1, Handle: func(context.Context, bespoke.ARN) error {
		close(ran)
		return nil
	}})
	wait(f, ran)
	f.idle()
}

// A restart is often the remedy, so nobody waits for a retry that is due later.
func TestStartRetriesAtOnce(t *testing.T) {
	t.Parallel()
	f := open(t)
	failed, ran := make(chan struct{}), make(chan struct{})
	r := f.start(job.Config{MinBackoff: time.Hour, Handle: func(context.Context, bespoke.ARN) error {
		close(failed)
		return errors.New("disk full")
	}})
	f.insert(group)
	wait(f, failed)
	f.stop(r)
	f.start(job.Config{Handle: func(context.Context, bespoke.ARN) error {
		close(ran)
		return nil
	}})
	wait(f, ran)
	f.idle()
}

func TestOpenRefusesNewer(t *testing.T) {
	t.Parallel()
	f := open(t)
	if _, err := f.db.ExecContext(t.Context(), "INSERT INTO river_migration (line, version) VALUES ('main', 1000)"); err != nil {
		t.Fatal(err)
	}
	_, err := job.Open(t.Context(), f.db, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "version 1000") || !strings.Contains(err.Error(), "newer program") {
		t.Errorf("got %v", err)
	}
}

func TestNewRunnerSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := job.NewRunner(job.Config{Workers: -1, Attempts: -1, MinBackoff: time.Hour})
	for _, want := range []string{"Queue", "Handle", "OnGiveUp", "Workers", "Attempts", "MinBackoff"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error %v does not say %s", err, want)
		}
	}
}

// BenchmarkPickUp is the time from a commit to the first line of the handler.
func BenchmarkPickUp(b *testing.B) {
	f := open(b)
	ran := make(chan struct{}, 1)
	f.start(job.Config{Handle: func(context.Context, bespoke.ARN) error {
		ran <- struct{}{}
		return nil
	}})
	var total, worst time.Duration
	for i := 0; b.Loop(); i++ {
		tx, err := f.db.BeginTx(b.Context(), nil)
		if err != nil {
			b.Fatal(err)
		}
		if err := f.queue.Insert(b.Context(), tx, scope.DatasetGroup(fmt.Sprint("g", i))); err != nil {
			b.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		f.queue.Wake()
		wait(f, ran)
		took := time.Since(began)
		total, worst = total+took, max(worst, took)
	}
	b.ReportMetric(float64(total.Microseconds())/float64(b.N)/1000, "ms/pickup")
	b.ReportMetric(float64(worst.Microseconds())/1000, "ms/worst")
}
