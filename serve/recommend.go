package serve

import (
	"context"
	"math/rand/v2"

	"github.com/google/uuid"

	"bespoke/awsapi/catalog"
	"bespoke/awsapi/wire"
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
	q, err := s.query(d, in.UserId, in.ItemId)
	if err != nil {
		return nil, err
	}
	if q.K, err = results(in.NumResults, columns != nil); err != nil {
		return nil, err
	}
	out := &wire.GetRecommendationsResponse{ItemList: d.items(d.Artifact.Model.Rank(q), columns), RecommendationId: newRecommendationID()}
	s.given.add(out.RecommendationId, d.Campaign, in.UserId, len(out.ItemList), func(i int) string { return out.ItemList[i].ItemId })
	return out, nil
}

func newRecommendationID() string { return "RID-" + uuid.NewString() }

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

// query is what a request asks the model, but for K.
func (s *Server) query(d *Deployment, user, item string) (recipe.Query, error) {
	q := recipe.Query{Explore: d.Explore}
	if d.Explore.Chance > 0 {
		q.Seed = rand.Uint64()
	}
	switch d.Recipe.Type {
	case catalog.PersonalizedRanking:
		return q, invalid("The campaign %s ranks lists. Use GetPersonalizedRanking.", d.Campaign)
	case catalog.RelatedItems:
		if item == "" {
			return q, invalid("itemId is missing: the campaign %s finds items related to an item.", d.Campaign)
		}
		q.Item, q.ItemKnown = d.Artifact.Model.Items().Lookup(item)
	case catalog.UserPersonalization:
		if user == "" && d.Recipe.RealTime {
			return q, invalid("userId is missing: the campaign %s recommends items to a user.", d.Campaign)
		}
	}
	if user != "" {
		q.History = s.history(d, user)
	}
	return q, nil
}

// history is a user's interactions as the model may see them, oldest first:
// those of training and, with recipes that take them, those since.
func (s *Server) history(d *Deployment, user string) []recipe.Event {
	if s.cfg.Live == nil || !d.Recipe.RealTime {
		past, _ := d.Artifact.History(user, 0)
		return past
	}
	recent := s.cfg.Live.Recent(d.GroupARN, user)
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
