package event_test

import (
	"fmt"
	"testing"

	"bespoke"
	"bespoke/event"
)

// TestThrottle has more calls wait for the disk than may: the others get the error that
// SDKs retry, and what was accepted is there.
func TestThrottle(t *testing.T) {
	t.Parallel()
	const waiting, calls = 3, 10
	writing, goOn := make(chan struct{}, calls), make(chan struct{})
	f := open(t, func(c *event.Config) {
		c.MaxWaiting = waiting
		c.Observe = func(bespoke.ARN, []*event.Record) {
			writing <- struct{}{}
			<-goOn
		}
	})
	d := f.tracked("shop", plainSchema)
	answers := make(chan error, 1+calls)
	go func() { answers <- f.click("first") }()
	<-writing
	for i := range calls {
		go func() { answers <- f.click(fmt.Sprint("i", i)) }()
	}
	for range calls - waiting { // the others cannot be answered yet
		f.refused(<-answers, bespoke.Throttling, "Rate exceeded")
	}
	close(goOn)
	for range 1 + waiting {
		f.must(<-answers)
	}
	if rows := f.rows(d); len(rows) != 1+waiting {
		t.Errorf("%d rows of %d accepted events: %v", len(rows), 1+waiting, rows)
	}
}
