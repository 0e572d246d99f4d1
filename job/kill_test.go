package job_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"bespoke"
	"bespoke/job"
)

// With this variable set, the test binary is the process to be killed: it runs
// the jobs of the database that the variable names, says so, and never ends.
const victim = "BESPOKE_TEST_VICTIM"

func TestMain(m *testing.M) {
	if path := os.Getenv(victim); path != "" {
		fmt.Fprintln(os.Stderr, runForever(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func runForever(path string) error {
	ctx := context.Background()
	db, err := openDB(path)
	if err != nil {
		return err
	}
	q, err := job.Open(ctx, db, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	r, err := job.NewRunner(job.Config{
		Queue: q,
		Handle: func(_ context.Context, arn bespoke.ARN) error {
			fmt.Println(arn)
			select {}
		},
		OnGiveUp: func(context.Context, bespoke.ARN, error) error { return nil },
	})
	if err != nil {
		return err
	}
	if err := r.Start(ctx); err != nil {
		return err
	}
	select {}
}

// TestKill kills a process in the midst of a job, several times, and expects
// the job to run at once after each restart and to have all its attempts.
func TestKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "jobs.db")
	f := openAt(t, path)
	f.insert(group)
	if err := f.db.Close(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		runAndKill(t, path, group)
	}
	f = openAt(t, path)
	ran := make(chan bespoke.ARN, 1)
	began := time.Now()
	f.start(job.Config{Attempts: 1, Handle: func(_ context.Context, arn bespoke.ARN) error {
		ran <- arn
		return nil
	}})
	if got := wait(f, ran); got != group {
		t.Errorf("%s ran", got)
	}
	t.Logf("the job went on %v after the start", time.Since(began))
	f.idle()
}

// TestTurn kills a process, and stops one, that have the first of two trainings in hand,
// and expects it to have its turn before the second.
func TestTurn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "jobs.db")
	f := openAt(t, path)
	first := scope.Solution("shop/1")
	second := scope.Solution("shop/2")
	f.insert(first, second)
	if err := f.db.Close(); err != nil {
		t.Fatal(err)
	}
	runAndKill(t, path, first)
	f = openAt(t, path)
	ran := make(chan bespoke.ARN, 2)
	r := f.start(job.Config{Grace: time.Millisecond, Handle: func(ctx context.Context, arn bespoke.ARN) error {
		ran <- arn
		<-ctx.Done()
		return ctx.Err()
	}})
	if got := wait(f, ran); got != first {
		t.Errorf("after the kill %s has its turn, want %s", got, first)
	}
	f.stop(r)
	f.start(job.Config{Handle: func(_ context.Context, arn bespoke.ARN) error {
		ran <- arn
		return nil
	}})
	if got := wait(f, ran); got != first {
		t.Errorf("after the stop %s has its turn, want %s", got, first)
	}
	if got := wait(f, ran); got != second {
		t.Errorf("then %s has its turn, want %s", got, second)
	}
	f.idle()
}

// runAndKill runs the victim until it has a job in hand, which must be the wanted one.
func runAndKill(t *testing.T, path string, want bespoke.ARN) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), victim+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != string(want)+"\n" {
		t.Errorf("the process said %q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	cmd.Wait()
}
