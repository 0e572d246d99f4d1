package blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
)

// Retry says how patiently S3 is read and written. A zero member means its default.
type Retry struct {
	// Stall is how long S3 may take to answer, and to send the next 16 KiB of a
	// body, before the connection is given up; default 30 s.
	Stall time.Duration
	// Attempts is how many in succession may bring nothing; default 8, which
	// with the default waits takes about 8 s where S3 refuses at once.
	Attempts int
	// MinWait is the longest wait after the first attempt. It doubles each time,
	// up to MaxWait, and at random is up to half as long. Default 100 ms, 5 s.
	MinWait, MaxWait time.Duration
}

func (r *Retry) setDefaults() {
	r.Stall = cmp.Or(r.Stall, 30*time.Second)
	r.Attempts = cmp.Or(r.Attempts, 8)
	r.MinWait = cmp.Or(r.MinWait, 100*time.Millisecond)
	r.MaxWait = cmp.Or(r.MaxWait, 5*time.Second)
}

// errStalled ends attempts that take longer than Retry.Stall.
var errStalled = errors.New("S3 sends nothing, or next to nothing")

// attempts are those in succession that bring nothing: of one call, or to go on
// from one byte.
type attempts struct {
	store   *Store
	op      string
	name    string // of the object or location
	failed  int
	renewed bool // the credentials, since the last that brought something
}

// next decides what follows an attempt that failed: another, once next returns
// nil, or the error that it returns.
func (a *attempts) next(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s %s: %w", a.op, a.name, context.Cause(ctx))
	case kindOf(err) == ErrExpired && !a.renewed && a.store.renewal.renew():
		a.renewed = true
		return nil
	case final(err):
		return wrap(a.op, a.name, err)
	}
	a.failed++
	if r := a.store.retry; a.failed >= r.Attempts {
		kind := ErrUnavailable
		if errors.Is(err, ErrAnswer) {
			kind = ErrAnswer
		}
		return fmt.Errorf("%s %s: %w, at %d attempts in succession: %w", a.op, a.name, kind, a.failed, err)
	}
	wait := time.NewTimer(a.store.retry.wait(a.failed))
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s %s: %w", a.op, a.name, context.Cause(ctx))
	}
}

// succeeded says that the last attempt has brought something.
func (a *attempts) succeeded() { a.failed, a.renewed = 0, false }

// wait is how long to wait after the nth failure, n from 1: up to MinWait
// doubled each time, and at least half of that.
func (r Retry) wait(n int) time.Duration {
	d := r.MinWait
	for ; n > 1 && d < r.MaxWait; n-- {
		d *= 2
	}
	d = min(d, r.MaxWait)
	return d - rand.N(d/2+1)
}

// once has the SDK make one attempt: this package counts them.
func once(o *s3.Options) { o.Retryer = aws.NopRetryer{} }

// call makes a call with a short answer, again where that may help.
func (s *Store) call(ctx context.Context, op, name string, f func(context.Context) error) error {
	return s.send(ctx, op, name, func() error { return s.callOnce(ctx, f) })
}

// send makes a call, again where that may help: it may have been heard before.
func (s *Store) send(ctx context.Context, op, name string, f func() error) error {
	a := attempts{store: s, op: op, name: name}
	for {
		err := f()
		if err == nil {
			return nil
		}
		if err := a.next(ctx, err); err != nil {
			return err
		}
	}
}

func (s *Store) callOnce(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.retry.Stall, errStalled)
	defer cancel()
	err := f(ctx)
	if err != nil && context.Cause(ctx) == errStalled {
		err = errStalled
	}
	return err
}

var sdk = retry.NewStandard()

// final reports whether the same request would be answered in the same way
// again.
func final(err error) bool {
	if e, ok := errors.AsType[smithy.APIError](err); ok && e.ErrorCode() == "RequestTimeTooSkewed" {
		return false // the next request is signed for the time of this answer
	}
	if kindOf(err) != nil {
		return true
	}
	e, ok := errors.AsType[*awshttp.ResponseError](err)
	return ok && refused(e.HTTPStatusCode()) && !sdk.IsErrorRetryable(err)
}

// refused reports whether the status puts the blame on the request.
func refused(status int) bool {
	return status >= 300 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooManyRequests
}

// renewal gets new credentials for a Store. The nil *renewal has none to get.
type renewal struct {
	forget func() // has credentials fetched anew when next needed

	mu   sync.Mutex
	last time.Time
}

// renew reports whether there may be new credentials now. Those who ask at the
// same time, for one expiry, get them once.
func (r *renewal) renew() bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.last) > time.Second {
		r.forget()
		r.last = time.Now()
	}
	return true
}
