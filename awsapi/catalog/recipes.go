package catalog

import "time"

var (
	launch    = time.Date(2019, 6, 10, 0, 0, 0, 0, time.UTC)
	personal  = time.Date(2020, 8, 5, 0, 0, 0, 0, time.UTC)
	similar   = time.Date(2021, 10, 5, 0, 0, 0, 0, time.UTC)
	domains   = time.Date(2021, 11, 29, 0, 0, 0, 0, time.UTC)
	trending  = time.Date(2023, 1, 6, 0, 0, 0, 0, time.UTC)
	actions   = time.Date(2023, 11, 26, 0, 0, 0, 0, time.UTC)
	secondGen = time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	semantic  = time.Date(2025, 11, 30, 0, 0, 0, 0, time.UTC)
)

var boolean = []string{"true", "false"}

// sequence are the parameters of the first generation of sequence models.
func sequence(hidden string) []Parameter {
	return []Parameter{
		{Name: "hidden_dimension", Kind: Integer, Default: hidden, Min: 32, Max: 256, Tunable: true},
		{Name: "bptt", Aliases: []string{"training.bptt"}, Kind: Integer, Default: "32", Min: 2, Max: 32, Tunable: true},
		{Name: "recency_mask", Aliases: []string{"data.recency_mask"}, Kind: Categorical, Default: "true", Values: boolean, Tunable: true},
	}
}

func historyLength(low, high string) []Parameter {
	return []Parameter{
		{Name: "min_user_history_length_percentile", Aliases: []string{"min_hist_length_percentile"}, Kind: Continuous, Default: low, Max: 1},
		{Name: "max_user_history_length_percentile", Aliases: []string{"max_hist_length_percentile"}, Kind: Continuous, Default: high, Max: 1},
	}
}

func recencyBias() []Parameter {
	return []Parameter{{Name: "apply_recency_bias", Kind: Categorical, Default: "true", Values: boolean}}
}

// personalization are the recipes that rank items for a user.
func personalization() []Recipe {
	return []Recipe{{
		Name: "aws-user-personalization-v2", Type: UserPersonalization, Created: secondGen,
		Description:   "Recommends items to a user from the order and recency of the user's interactions. For catalogues of up to 5 million items.",
		AlgorithmName: "aws-user-personalization-v2", FeaturesName: "aws-user-personalization-v2",
		Algorithm: recencyBias(), Metadata: MetadataAlways, Scored: true, RealTime: true, Context: true, Events: true,
	}, {
		Name: "aws-user-personalization", Type: UserPersonalization, Created: personal,
		Description:   "Recommends items to a user from the order and recency of the user's interactions, and gives new items a chance by exploration.",
		AlgorithmName: "aws-user-personalization", FeaturesName: "aws-user-personalization",
		Algorithm: sequence("149"), Features: historyLength("0.0", "0.99"),
		Exploration: true, Metadata: MetadataOptIn, Scored: true, RealTime: true, Context: true, Objective: true, Update: true,
	}, {
		Name: "aws-personalized-ranking-v2", Type: PersonalizedRanking, Created: secondGen,
		Description:   "Orders a list of items for a user.",
		AlgorithmName: "aws-personalized-ranking-v2", FeaturesName: "aws-personalized-ranking-v2",
		Algorithm: recencyBias(), Metadata: MetadataAlways, Scored: true, RealTime: true, Context: true, Events: true,
	}, {
		Name: "aws-personalized-ranking", Type: PersonalizedRanking, Created: launch,
		Description:   "Orders a list of items for a user.",
		AlgorithmName: "aws-personalized-ranking", FeaturesName: "JSON-percentile-filtering",
		Algorithm: sequence("149"), Features: historyLength("0.0", "0.99"),
		Metadata: MetadataOptIn, Scored: true, RealTime: true, Context: true, Objective: true,
	}, {
		Name: "aws-popularity-count", Type: UserPersonalization, Created: launch,
		Description:   "Recommends the items that most users have interacted with: the same for everyone.",
		AlgorithmName: "aws-popularity-count", FeaturesName: "sims", Metadata: MetadataOptIn,
	}, {
		Name: "aws-trending-now", Type: PopularItems, Created: trending,
		Description:   "Recommends the items whose number of interactions grows most.",
		AlgorithmName: "aws-trending-now-custom", FeaturesName: "aws-trending-now",
		Features: []Parameter{{
			Name: "trend_discovery_frequency", Kind: Categorical, Default: "2 hours",
			Values: []string{"30 minutes", "1 hour", "2 hours", "3 hours", "1 day"},
		}},
		Metadata: MetadataOptIn,
	}}
}

// related are the recipes that find items close to an item.
func related() []Recipe {
	return []Recipe{{
		Name: "aws-similar-items", Type: RelatedItems, Created: similar,
		Description:   "Finds items that are similar to an item, by who interacted with both and by the items' metadata.",
		AlgorithmName: "aws-similar-items", FeaturesName: "aws-similar-items",
		Algorithm: []Parameter{
			{Name: "popularity_discount_factor", Kind: Continuous, Default: "0.0", Max: 1},
			{Name: "item_id_hidden_dim", Aliases: []string{"item_id_hidden_dimension", "model.id_embedding_dim"}, Kind: Integer, Default: "100", Min: 30, Max: 200, Tunable: true, RangesOnly: true},
			{Name: "item_metadata_hidden_dim", Aliases: []string{"item_metadata_hidden_dimension", "model.feature_embedding_dim"}, Kind: Integer, Default: "100", Min: 30, Max: 200, Tunable: true, RangesOnly: true},
		},
		Metadata: MetadataOptIn,
	}, {
		Name: "aws-sims", Type: RelatedItems, Created: launch,
		Description:   "Finds items that the same users interacted with.",
		AlgorithmName: "aws-sims", FeaturesName: "sims",
		Algorithm: []Parameter{
			{Name: "popularity_discount_factor", Kind: Continuous, Default: "0.5", Max: 1, Tunable: true},
			{Name: "min_cointeraction_count", Kind: Integer, Default: "3", Max: 10, Tunable: true},
		},
		Features: append(historyLength("0.005", "0.995"),
			Parameter{Name: "min_item_interaction_count_percentile", Kind: Continuous, Default: "0.01", Max: 1},
			Parameter{Name: "max_item_interaction_count_percentile", Kind: Continuous, Default: "0.9", Max: 1}),
		Metadata: MetadataOptIn,
	}, {
		Name: "aws-semantic-similarity", Type: RelatedItems, Created: semantic,
		Description:   "Finds items whose titles and descriptions mean something similar.",
		AlgorithmName: "aws-semantic-similarity", FeaturesName: "aws-semantic-similarity",
		Metadata: MetadataAlways, Missing: notBuilt,
	}}
}

const (
	notBuilt  = "This version of Bespoke has no algorithm for it"
	withdrawn = "Amazon has withdrawn it; aws-user-personalization-v2 takes its place"
	useCase   = "It is a use case of a domain, for CreateRecommender"
)

// others are the recipes that rank no items for a user, and withdrawn ones.
func others() []Recipe {
	hidden := []Parameter{{Name: "hidden_dimension", Kind: Integer, Default: "149", Min: 32, Max: 256}}
	cold := append(historyLength("0.0", "0.99"),
		Parameter{Name: "cold_start_max_interactions", Kind: Integer, Default: "15", Min: 1, Max: 1e6},
		Parameter{Name: "cold_start_max_duration", Kind: Continuous, Default: "5.0", Max: 1e6},
		Parameter{Name: "cold_start_relative_from", Kind: Categorical, Default: "latestItem", Values: []string{"latestItem", "currentTime"}})
	return []Recipe{{
		Name: "aws-next-best-action", Type: PersonalizedActions, Created: actions,
		Description:   "Predicts which actions a user is likely to take.",
		AlgorithmName: "aws-next-best-action", FeaturesName: "aws-next-best-action",
		Features: []Parameter{{Name: "action_optimization_period", Kind: Integer, Default: "14", Min: 7, Max: 28}},
		Scored:   true, RealTime: true, Missing: notBuilt,
	}, {
		Name: "aws-item-affinity", Type: UserSegmentation, Created: domains,
		Description:   "Finds the users who are most likely to interact with an item.",
		AlgorithmName: "aws-item-affinity", FeaturesName: "item-affinity", Algorithm: hidden, Missing: notBuilt,
	}, {
		Name: "aws-item-attribute-affinity", Type: UserSegmentation, Created: domains,
		Description:   "Finds the users who are most likely to interact with items of an attribute.",
		AlgorithmName: "aws-item-attribute-affinity", FeaturesName: "item-attribute-affinity", Algorithm: hidden, Missing: notBuilt,
	}, {
		Name: "aws-hrnn", Type: UserPersonalization, Created: launch,
		Description:   "Predicts the items with which a user will interact. Withdrawn.",
		AlgorithmName: "aws-hrnn", FeaturesName: "JSON-percentile-filtering",
		Algorithm: sequence("43"), Features: historyLength("0.0", "0.99"), Scored: true, RealTime: true, Missing: withdrawn,
	}, {
		Name: "aws-hrnn-metadata", Type: UserPersonalization, Created: launch,
		Description:   "Predicts the items with which a user will interact, with metadata. Withdrawn.",
		AlgorithmName: "aws-hrnn-metadata", FeaturesName: "featurize_metadata",
		Algorithm: sequence("43"), Features: historyLength("0.0", "0.99"), Scored: true, RealTime: true, Missing: withdrawn,
	}, {
		Name: "aws-hrnn-coldstart", Type: UserPersonalization, Created: launch,
		Description:   "Predicts the new items with which a user will interact. Withdrawn.",
		AlgorithmName: "aws-hrnn-coldstart", FeaturesName: "featurize_coldstart",
		Algorithm: sequence("149"), Features: cold, Scored: true, RealTime: true, Missing: withdrawn,
	}}
}
