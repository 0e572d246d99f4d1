package serve

import (
	"context"
	"math"
	"time"

	"bespoke"
)

// Explained is an answer with the reasons for it: what the API itself cannot
// say.
type Explained struct {
	CampaignARN bespoke.ARN `json:"campaignArn"`
	VersionARN  bespoke.ARN `json:"solutionVersionArn"`
	Recipe      string      `json:"recipe"`
	UserID      string      `json:"userId,omitempty"`
	ItemID      string      `json:"itemId,omitempty"`
	// Context is what the model heard of the request's, Attributes what it was told
	// of the user's.
	Context    map[string]string `json:"context,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	History    []Seen            `json:"history"` // what the model was told of the user, newest first
	Items      []ExplainedItem   `json:"items"`
}

// Seen is one interaction.
type Seen struct {
	ItemID string    `json:"itemId"`
	Time   time.Time `json:"timestamp"`
}

// ExplainedItem is one recommended item.
type ExplainedItem struct {
	ItemID  string   `json:"itemId"`
	Score   *float64 `json:"score,omitempty"` // as the API has it
	Why     string   `json:"why"`             // relevant, popular, trending or explored
	Because []Reason `json:"because"`         // what carried most weight, most first
}

// Reason is the part that an item of the history, the asked item, or a value of the
// context, the user or the recommended item has in a recommendation.
type Reason struct {
	ItemID    string  `json:"itemId,omitempty"`
	Attribute string  `json:"attribute,omitempty"` // such as "context DEVICE=phone"
	Share     float64 `json:"share"`               // of all weight in favour, 0 to 1
}

// mostReasons and mostSeen bound what is shown.
const (
	mostReasons = 5
	mostSeen    = 25
)

// Explain answers as GetRecommendations does, with reasons; moment is the request's
// context. It leaves no trace
// that events could refer to.
func (s *Server) Explain(ctx context.Context, campaign bespoke.ARN, user, item string, moment map[string]string, k int) (Explained, error) {
	d, err := s.deployment(ctx, string(campaign))
	if err != nil {
		return Explained{}, err
	}
	if err := d.answerable(user, item); err != nil {
		return Explained{}, err
	}
	q := d.query(asked{user, item, d.Artifact.Context(moment)}, s.recent(d, user))
	if q.K, err = results(&k, false); err != nil {
		return Explained{}, err
	}
	q.Why = true
	ids := d.Artifact.Model.Items()
	out := Explained{
		CampaignARN: d.Campaign, VersionARN: d.Version, Recipe: d.Recipe.Name, UserID: user, ItemID: item,
		Context: q.Context, Attributes: q.Attributes, History: []Seen{}, Items: []ExplainedItem{},
	}
	for i := len(q.History) - 1; i >= 0 && len(out.History) < mostSeen; i-- {
		e := q.History[i]
		out.History = append(out.History, Seen{ItemID: ids.ID(e.Item), Time: time.Unix(e.Time, 0).UTC()})
	}
	for _, r := range s.rank(d, user, q) {
		e := ExplainedItem{ItemID: d.id(r.Item), Why: r.Why.String(), Because: []Reason{}}
		if d.scored(r) {
			e.Score = new(math.Round(r.Score*scoreDigits) / scoreDigits)
		}
		for _, b := range r.Because[:min(len(r.Because), mostReasons)] {
			reason := Reason{Attribute: b.Attribute, Share: b.Share}
			if b.Attribute == "" {
				reason.ItemID = ids.ID(b.Item)
			}
			e.Because = append(e.Because, reason)
		}
		out.Items = append(out.Items, e)
	}
	return out, nil
}
