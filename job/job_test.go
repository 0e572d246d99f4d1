package job_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bespoke"
	"bespoke/job"
)

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
