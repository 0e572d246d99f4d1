package job_test

import (
	"cmp"
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
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
