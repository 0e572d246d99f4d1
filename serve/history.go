package serve

import (
	"cmp"
	"slices"

	"bespoke/history"
	"bespoke/recipe"
)

// counts reports whether a live event is one that the model would have been
// trained on.
func (d *Deployment) counts(e history.Interaction) bool {
	if len(d.Rules) == 0 {
		return true
	}
	return slices.ContainsFunc(d.Rules, func(r history.Rule) bool {
		return (r.EventType == "" || r.EventType == e.EventType) && (r.MinValue == nil || e.Value != nil && *e.Value >= *r.MinValue)
	})
}

// within reports whether past, oldest first, has the event: live events stay
// known after a training that has read them.
func within(past []recipe.Event, e recipe.Event) bool {
	for _, p := range slices.Backward(past) {
		if p.Time < e.Time {
			return false
		}
		if p == e {
			return true
		}
	}
	return false
}

// settle puts events into the order of time, where the first n are already.
func settle(events []recipe.Event, n int) {
	if n == len(events) {
		return
	}
	older := func(a, b recipe.Event) int { return cmp.Compare(a.Time, b.Time) }
	if !slices.IsSortedFunc(events[max(n-1, 0):], older) {
		slices.SortStableFunc(events, older)
	}
}
