package serve

import (
	"context"

	"bespoke/awsapi/catalog"
	"bespoke/awsapi/wire"
	"bespoke/history"
	"bespoke/recipe"
)

// The most items of one answer.
const (
	defaultResults      = 25
	maxResults          = 500
	maxResultsMetadata  = 50
	maxMetadataColumns  = 10
	scoreDigits         = 1e7
	metadataDatasetName = "ITEMS"
)

func (s *Server) getRecommendations(ctx context.Context, in *wire.GetRecommendationsRequest) (*wire.GetRecommendationsResponse, error) {
	switch {
	case in.RecommenderArn != "":
		return nil, invalid("recommenderArn: this version of Bespoke has no recommenders. Use a campaign of a custom solution, by campaignArn.")
	case in.CampaignArn == "":
		return nil, invalid("campaignArn is missing.")
	case len(in.Promotions) > 0:
		return nil, invalid("promotions: this version of Bespoke has no promotions yet. Leave them out.")
	}
	if err := noFilter(in.FilterArn, in.FilterValues); err != nil {
		return nil, err
	}
	d, err := s.deployment(ctx, in.CampaignArn)
	if err != nil {
		return nil, err
	}
	columns, err := d.columns(in.MetadataColumns)
	if err != nil {
		return nil, err
	}
	k, err := results(in.NumResults, columns != nil)
	if err != nil {
		return nil, err
	}
	if err := d.answerable(in.UserId, in.ItemId); err != nil {
		return nil, err
	}
	q := d.query(asked{in.UserId, in.ItemId, d.Artifact.Context(in.Context)}, s.recent(d, in.UserId))
	q.K = k
	items := d.items(s.rank(d, in.UserId, q), columns)
	return &wire.GetRecommendationsResponse{ItemList: items, RecommendationId: s.remember(d, items)}, nil
}

func noFilter(arn string, values map[string]string) error {
	if arn != "" || len(values) > 0 {
		return invalid("filterArn: this version of Bespoke has no filters yet. Leave filterArn and filterValues out, and filter the answer in your code.")
	}
	return nil
}

// results is how many items an answer has.
func results(asked *int, metadata bool) (int, error) {
	most := maxResults
	if metadata {
		most = maxResultsMetadata
	}
	switch {
	case asked == nil, *asked == 0:
		return defaultResults, nil
	case *asked > most && metadata:
		return 0, invalid("numResults is %d; with metadataColumns at most %d.", *asked, most)
	case *asked > most:
		return 0, invalid("numResults is %d; at most %d.", *asked, most)
	}
	return *asked, nil
}

// answerable refuses a request that the deployment's recipe has no answer for.
func (d *Deployment) answerable(user, item string) error {
	switch {
	case d.Recipe.Type == catalog.PersonalizedRanking:
		return invalid("The campaign %s ranks lists. Use GetPersonalizedRanking.", d.Campaign)
	case d.Recipe.Type == catalog.RelatedItems && item == "":
		return invalid("itemId is missing: the campaign %s finds items related to an item.", d.Campaign)
	case d.Recipe.Type == catalog.UserPersonalization && d.Recipe.RealTime && user == "":
		return invalid("userId is missing: the campaign %s recommends items to a user.", d.Campaign)
	}
	return nil
}

// asked is whom a request is about.
type asked struct {
	user, item string
	context    map[string]string // as far as the model asks for it
}

// rank returns the model's answer with what is explored.
func (s *Server) rank(d *Deployment, user string, q recipe.Query) []recipe.Scored {
	ranked := d.Artifact.Model.Rank(q)
	s.explore(d, user, q.History, ranked)
	return ranked
}

// query is what a request asks the model, but for K.
func (d *Deployment) query(of asked, recent []history.Interaction) recipe.Query {
	q := recipe.Query{Context: of.context}
	if d.Recipe.Type == catalog.RelatedItems {
		q.Item, q.ItemKnown = d.Artifact.Model.Items().Lookup(of.item)
	}
	if of.user != "" {
		q.History, q.Attributes = d.history(of.user, recent), d.Artifact.Attributes.Of(of.user)
	}
	return q
}

// recent returns what a user has done since the training, where that counts.
func (s *Server) recent(d *Deployment, user string) []history.Interaction {
	if s.cfg.Live == nil || user == "" || !d.Recipe.RealTime {
		return nil
	}
	return s.cfg.Live.Recent(d.GroupARN, user)
}

// history is a user's interactions as the model may see them, oldest first:
// those of training and recent ones.
func (d *Deployment) history(user string, recent []history.Interaction) []recipe.Event {
	past, _ := d.Artifact.History(user, len(recent))
	trained := len(past)
	for _, e := range recent {
		if !d.counts(e) {
			continue
		}
		it, ok := d.Artifact.Model.Items().Lookup(e.Item)
		if !ok {
			continue
		}
		if next := (recipe.Event{Item: it, Time: e.Time}); !within(past[:trained], next) {
			past = append(past, next)
		}
	}
	settle(past, trained)
	return past
}
