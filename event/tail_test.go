package event_test

import (
	"fmt"
	"strings"
	"testing"

	"bespoke/awsapi/wire"
	"bespoke/event"
)

// Live state is bounded by the size of the records too.
func TestTailBytes(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *event.Config) { c.TailBytes = 20_000 })
	d := f.tracked("shop", plainSchema)
	var want []string
	for i := range 3000 / 10 {
		var events []wire.Event
		for n := range 10 {
			events = append(events, wire.Event{EventType: "c", ItemId: fmt.Sprint(10*i + n), SentAt: at(1), RecommendationId: strings.Repeat("r", 40)})
		}
		f.must(f.put("shop", "u", "s", events...))
	}
	got := f.recent(d, "u", 100)
	if len(got) < 20 || len(got) > 60 {
		t.Errorf("%d records are in memory", len(got))
	}
	for i := 3000 - len(got); i < 3000; i++ {
		want = append(want, fmt.Sprintf("%d@1", i))
	}
	f.listed(got, want...)
}
