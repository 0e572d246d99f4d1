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
	CampaignARN bespoke.ARN     `json:"campaignArn"`
	VersionARN  bespoke.ARN     `json:"solutionVersionArn"`
	Recipe      string          `json:"recipe"`
	UserID      string          `json:"userId,omitempty"`
	ItemID      string          `json:"itemId,omitempty"`
	History     []Seen          `json:"history"` // what the model was told of the user, newest first
	Items       []ExplainedItem `json:"items"`
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

// Reason is the part that an item of the history, or the asked item, has in a
// recommendation.
type Reason struct {
	ItemID string  `json:"itemId"`
	Share  float64 `json:"share"` // of all weight in favour, 0 to 1
}

// mostReasons and mostSeen bound what is shown.
const (
	mostReasons = 5
	mostSeen    = 25
)

// Explain answers as GetRecommendations does, with reasons. It leaves no trace
// that events could refer to.
func (s *Server) Explain(ctx context.Context, campaign bespoke.ARN, user, item string, k int) (Explained, error) {
	d, err := s.deployment(ctx, string(campaign))
	if err != nil {
		return Explained{}, err
	}
	if err := d.answerable(user, item); err != nil {
		return Explained{}, err
	}
	q := d.query(user, item, s.recent(d, user))
	if q.K, err = results(&k, false); err != nil {
		return Explained{}, err
	}
	q.Why = true
	ids := d.Artifact.Model.Items()
	out := Explained{
		CampaignARN: d.Campaign, VersionARN: d.Version, Recipe: d.Recipe.Name, UserID: user, ItemID: item,
		History: []Seen{}, Items: []ExplainedItem{},
	}
	for i := len(q.History) - 1; i >= 0 && len(out.History) < mostSeen; i-- {
		e := q.History[i]
		out.History = append(out.History, Seen{ItemID: ids.ID(e.Item), Time: time.Unix(e.Time, 0).UTC()})
	}
	for _, r := range d.rank(q) {
		e := ExplainedItem{ItemID: d.id(r.Item), Why: r.Why.String(), Because: []Reason{}}
		if d.scored(r) {
			e.Score = new(math.Round(r.Score*scoreDigits) / scoreDigits)
		}
		for _, b := range r.Because[:min(len(r.Because), mostReasons)] {
			e.Because = append(e.Because, Reason{ItemID: ids.ID(b.Item), Share: b.Share})
		}
		out.Items = append(out.Items, e)
	}
	return out, nil
}
