package job

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"bespoke"
)

// Snooze returns an error for Config.Handle to return: run this job again
// after d, at least 0, and count no attempt.
func Snooze(d time.Duration) error { return river.JobSnooze(d) }

// worker runs one job at a time per resource.
type worker struct {
	river.WorkerDefaults[Advance]
	cfg  Config
	busy *locks
}

// A resource can have two jobs for a moment, for example when it is deleted
// while the job that created it returns. The second waits a little and then
// makes room.
const (
	patience = 100 * time.Millisecond
	retryIn  = time.Second
)

func (w *worker) Work(ctx context.Context, j *river.Job[Advance]) error {
	arn := j.Args.ARN
	release, ok := w.busy.acquire(ctx, arn, patience)
	if !ok {
		return river.JobSnooze(retryIn)
	}
	defer release()
	err := w.handle(ctx, arn)
	log := w.cfg.Logger.With("arn", string(arn), "attempt", j.Attempt)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err() // the runner stops; River puts the job back
	case isSnooze(err):
		return err
	case j.Attempt < w.cfg.Attempts:
		log.WarnContext(ctx, "job failed, will be retried", "in", w.backoff(j.Attempt), "err", err)
		return err
	}
	log.ErrorContext(ctx, "job failed for the last time", "err", err)
	if err := w.cfg.OnGiveUp(ctx, arn, err); err != nil {
		log.ErrorContext(ctx, "giving a job up failed, will be retried", "in", w.cfg.MaxBackoff, "err", err)
		return river.JobSnooze(w.cfg.MaxBackoff)
	}
	return river.JobCancel(err)
}

// handle calls the handler and turns a panic into an error.
func (w *worker) handle(ctx context.Context, arn bespoke.ARN) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.cfg.Logger.ErrorContext(ctx, "job panicked", "arn", string(arn), "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return w.cfg.Handle(ctx, arn)
}

func isSnooze(err error) bool {
	_, ok := errors.AsType[*rivertype.JobSnoozeError](err)
	return ok
}

// NextRetry is when River runs a failed job again.
func (w *worker) NextRetry(j *river.Job[Advance]) time.Time {
	return time.Now().Add(w.backoff(j.Attempt))
}

// backoff is the wait after the nth attempt, n from 1.
func (w *worker) backoff(n int) time.Duration {
	d := w.cfg.MinBackoff
	for ; n > 1 && d < w.cfg.MaxBackoff; n-- {
		d *= 2
	}
	return min(d, w.cfg.MaxBackoff)
}

// locks is a set of ARNs that are being worked on.
type locks struct {
	mu   sync.Mutex
	held map[bespoke.ARN]chan struct{} // closed on release
}

func newLocks() *locks { return &locks{held: map[bespoke.ARN]chan struct{}{}} }

// acquire takes arn, waiting for at most d. It reports false if it could not.
func (l *locks) acquire(ctx context.Context, arn bespoke.ARN, d time.Duration) (release func(), ok bool) {
	late := time.NewTimer(d)
	defer late.Stop()
	for {
		l.mu.Lock()
		held, busy := l.held[arn]
		if !busy {
			mine := make(chan struct{})
			l.held[arn] = mine
			l.mu.Unlock()
			return func() {
				l.mu.Lock()
				delete(l.held, arn)
				l.mu.Unlock()
				close(mine)
			}, true
		}
		l.mu.Unlock()
		select {
		case <-held:
		case <-late.C:
			return nil, false
		case <-ctx.Done():
			return nil, false
		}
	}
}
