package job

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"bespoke"
)

// Config says what a [Runner] runs and how hard it tries.
type Config struct {
	Queue *Queue
	// Handle takes the next steps for a resource until it is settled. It may
	// run again after having done some or all of its work. A resource that is
	// gone or already settled is success. An error, or a panic, means that the
	// attempt failed and is to be repeated; what can never succeed has to be
	// recorded in the resource instead. An error made by [Snooze] puts the job
	// off. The context ends when the runner stops, and only then: there is no
	// time limit.
	Handle func(ctx context.Context, arn bespoke.ARN) error
	// OnGiveUp is called once Handle has failed Attempts times, with the last
	// error. It must bring the resource to a final state. If it fails, the job
	// is kept, and both are tried again later.
	OnGiveUp func(ctx context.Context, arn bespoke.ARN, err error) error

	Workers  int // steps of other resources at once; default 4
	Imports  int // import jobs at once; default 2
	Rewrites int // export and deletion jobs at once; default 1
	// Trainings is how many solution versions are trained at once; default 1:
	// one training uses all processors.
	Trainings int

	Attempts   int           // default 15, which with the default waits is about 7 minutes
	MinBackoff time.Duration // before the second attempt, doubled each time; default 250 ms
	MaxBackoff time.Duration // default 1 minute

	// Grace is how long [Runner.Stop] lets jobs finish before it cancels their
	// contexts; default 5 s. A cancelled job goes on after the next start.
	Grace  time.Duration
	Logger *slog.Logger // default slog.Default()
}

func (c *Config) defaults() error {
	c.Workers = cmp.Or(c.Workers, 4)
	c.Imports = cmp.Or(c.Imports, 2)
	c.Rewrites = cmp.Or(c.Rewrites, 1)
	c.Trainings = cmp.Or(c.Trainings, 1)
	c.Attempts = cmp.Or(c.Attempts, 15)
	c.MinBackoff = cmp.Or(c.MinBackoff, 250*time.Millisecond)
	c.MaxBackoff = cmp.Or(c.MaxBackoff, time.Minute)
	c.Grace = cmp.Or(c.Grace, 5*time.Second)
	c.Logger = cmp.Or(c.Logger, slog.Default())
	var errs []error
	check := func(ok bool, msg string) {
		if !ok {
			errs = append(errs, errors.New(msg))
		}
	}
	check(c.Queue != nil, "Queue is missing")
	check(c.Handle != nil, "Handle is missing")
	check(c.OnGiveUp != nil, "OnGiveUp is missing")
	check(c.Workers > 0 && c.Imports > 0 && c.Rewrites > 0 && c.Trainings > 0, "Workers, Imports, Rewrites and Trainings must be above 0")
	check(c.Attempts > 0, "Attempts must be above 0")
	check(0 < c.MinBackoff && c.MinBackoff <= c.MaxBackoff, "MinBackoff must be above 0 and at most MaxBackoff")
	check(c.Grace > 0, "Grace must be above 0")
	return errors.Join(errs...)
}

// Runner runs the jobs of a queue in this process. There must be one at most
// per database.
type Runner struct {
	queue  *Queue
	client *river.Client[*sql.Tx]
}

// NewRunner returns a runner that has yet to be started.
func NewRunner(cfg Config) (*Runner, error) {
	if err := cfg.defaults(); err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{cfg: cfg, busy: newLocks()})
	client, err := river.NewClient(cfg.Queue.driver, &river.Config{
		Queues: map[string]river.QueueConfig{
			steps:     {MaxWorkers: cfg.Workers},
			imports:   {MaxWorkers: cfg.Imports},
			rewrite:   {MaxWorkers: cfg.Rewrites},
			trainings: {MaxWorkers: cfg.Trainings},
		},
		Workers:           workers,
		JobTimeout:        -1,
		FetchCooldown:     5 * time.Millisecond,
		FetchPollInterval: 500 * time.Millisecond,
		SoftStopTimeout:   cfg.Grace,
		Logger:            cfg.Queue.logger,
	})
	if err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	return &Runner{queue: cfg.Queue, client: client}, nil
}

// Start puts jobs that a killed process was running back into the queue, makes
// those that wait after an error due, since a restart is often the remedy, and
// begins to run jobs. It returns at once. Cancelling ctx has the effect of
// [Runner.Stop].
func (r *Runner) Start(ctx context.Context) error {
	if err := r.queue.rescue(ctx); err != nil {
		return fmt.Errorf("job: put interrupted jobs back: %w", err)
	}
	if err := r.client.Start(ctx); err != nil {
		return fmt.Errorf("job: start: %w", err)
	}
	return nil
}

// Stop takes no further jobs, waits for those that run, cancels their contexts
// after Config.Grace, and returns when all handlers have returned or ctx ends.
// Jobs that did not finish go on after the next start; the attempt does not
// count.
func (r *Runner) Stop(ctx context.Context) error {
	if err := r.client.Stop(ctx); err != nil {
		return fmt.Errorf("job: stop: jobs are still running: %w", err)
	}
	return nil
}

// rescue makes rows available that say running, or that wait to be retried. The
// runner of the former is gone: a database has one, and this one has not started. The attempt that was
// cut short is given back, since a kill says nothing about the job. All have
// their turns in the order in which they were inserted, those that were stopped too. River's
// own rescue would wait for an hour, and never comes for jobs without a time
// limit. Leadership of the dead runner would likewise delay retries until it
// expires.
func (q *Queue) rescue(ctx context.Context) error {
	tx, err := q.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, `UPDATE river_job
		SET state = 'available', scheduled_at = created_at,
			attempt = CASE state WHEN 'running' THEN max(attempt - 1, 0) ELSE attempt END
		WHERE state IN ('running', 'retryable', 'available')`); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM river_leader`); err != nil {
		return err
	}
	return tx.Commit()
}
