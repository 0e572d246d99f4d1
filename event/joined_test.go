package event_test

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"bespoke"
	"bespoke/event"
)

// joining is a call of Joined.
type joining struct {
	at    time.Time
	last  uint64
	items string
}

// Joined is called again after an error and after a start, although no record comes, and
// not before its time.
func TestJoinedAgain(t *testing.T) {
	t.Parallel()
	const age = 30 * time.Millisecond
	calls, verdicts := make(chan joining), make(chan error)
	f := open(t, func(c *event.Config) {
		c.FlushAge = age
		c.Joined = func(ctx context.Context, _ bespoke.ARN, last uint64, read func(uint64) iter.Seq2[*event.Record, error]) error {
			call := joining{at: time.Now(), last: last}
			for r, err := range read(0) {
				if err != nil {
					return err
				}
				call.items += r.Target
			}
			select {
			case calls <- call:
				return <-verdicts
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	})
	f.tracked("shop", plainSchema)
	// next is the next call, which must be for these records and is answered with a verdict.
	next := func(verdict error, last uint64, items string) time.Time {
		t.Helper()
		select {
		case c := <-calls:
			verdicts <- verdict
			if c.last != last || c.items != items {
				t.Fatalf("Joined of records up to %d, %q; want %d, %q", c.last, c.items, last, items)
			}
			return c.at
		case <-time.After(20 * time.Second):
			t.Fatal("Joined is not called")
			return time.Time{}
		}
	}
	no := errors.New("not now")
	f.must(f.click("a"))
	was := next(no, 1, "a")
	for range 3 {
		again := next(no, 1, "a")
		if d := again.Sub(was); d < age {
			t.Errorf("called again after %s", d)
		}
		was = again
	}
	f.restart()
	next(no, 1, "a")
	next(nil, 1, "a")
	// Nothing is owed now, so that the next call is for the next record.
	f.must(f.click("b"))
	next(nil, 2, "ab")
	f.restart()
	next(nil, 2, "ab") // whether it was called before is not known after a start
	if st := f.service.Stats(); st.Waiting != 0 {
		t.Errorf("stats %+v", st)
	}
}
