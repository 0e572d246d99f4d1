package serve

import (
	"slices"

	"bespoke"
	"bespoke/artifact"
	"bespoke/event"
	"bespoke/history"
)

// recentEvents is how many of a user's newest events are looked at.
const recentEvents = artifact.MaxHistory

// Events is what users have done since, as the log of events knows it.
type Events struct {
	Log   *event.Service
	Scope bespoke.Scope
}

// Impressions returns what was shown with a user's newest events.
func (e Events) Impressions(group bespoke.ARN, user string, n int) []Impression {
	var out []Impression
	for _, r := range slices.Backward(e.Log.Recent(e.Scope.Dataset(group.Name(), bespoke.Interactions), user, recentEvents)) {
		if len(r.Impression) == 0 && r.RecommendationID == "" {
			continue
		}
		out = append(out, Impression{Taken: r.Target, Items: r.Impression, RecommendationID: r.RecommendationID})
		if len(out) == n {
			break
		}
	}
	return out
}

// Recent returns a user's newest events. An ID that no user has is taken for a
// session's.
func (e Events) Recent(group bespoke.ARN, user string) []history.Interaction {
	records := e.Log.Recent(e.Scope.Dataset(group.Name(), bespoke.Interactions), user, recentEvents)
	out := make([]history.Interaction, 0, len(records))
	for _, r := range records {
		in := history.Interaction{User: user, Item: r.Target, Time: r.Time, EventType: r.Type}
		if v := r.Value("EVENT_VALUE"); !v.Null() {
			in.Value = new(float32(v.Real))
		}
		out = append(out, in)
	}
	return out
}
