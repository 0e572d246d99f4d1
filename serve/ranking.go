package serve

import (
	"context"

	"bespoke/awsapi/catalog"
	"bespoke/awsapi/wire"
	"bespoke/recipe"
)

func (s *Server) getPersonalizedRanking(ctx context.Context, in *wire.GetPersonalizedRankingRequest) (*wire.GetPersonalizedRankingResponse, error) {
	if err := noFilter(in.FilterArn, in.FilterValues); err != nil {
		return nil, err
	}
	d, err := s.deployment(ctx, in.CampaignArn)
	if err != nil {
		return nil, err
	}
	if d.Recipe.Type != catalog.PersonalizedRanking {
		return nil, invalid("The campaign %s is of the recipe %s, which ranks no lists. Use GetRecommendations, or a campaign of aws-personalized-ranking-v2.", d.Campaign, d.Recipe.Name)
	}
	columns, err := d.columns(in.MetadataColumns)
	if err != nil {
		return nil, err
	}
	n := len(in.InputList)
	if columns != nil && n > maxResultsMetadata {
		return nil, invalid("inputList has %d items; with metadataColumns at most %d.", n, maxResultsMetadata)
	}
	if n > maxResults {
		return nil, invalid("inputList has %d items; at most %d.", n, maxResults)
	}
	known, unknown := d.split(in.InputList)
	var ranked []recipe.Scored
	if len(known) > 0 {
		q := d.query(asked{user: in.UserId, context: d.Artifact.Context(in.Context)}, s.recent(d, in.UserId))
		q.Only, q.K = known, len(known)
		ranked = d.Artifact.Model.Rank(q)
	}
	items := d.items(ranked, columns)
	for _, id := range unknown {
		item := wire.PredictedItem{ItemId: id}
		if columns != nil {
			item.Metadata = d.metadata(id, columns)
		}
		items = append(items, item)
	}
	return &wire.GetPersonalizedRankingResponse{PersonalizedRanking: items, RecommendationId: s.remember(d, items)}, nil
}

// split tells the items that the model knows from those that it does not, each
// once and in the order of the list.
func (d *Deployment) split(list []string) (known []uint32, unknown []string) {
	seen := make(map[string]bool, len(list))
	for _, id := range list {
		if seen[id] {
			continue
		}
		seen[id] = true
		if it, ok := d.Artifact.Model.Items().Lookup(id); ok {
			known = append(known, it)
		} else {
			unknown = append(unknown, id)
		}
	}
	return known, unknown
}
