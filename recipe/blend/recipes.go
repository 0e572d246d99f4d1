// Package blend is the personalization recipes. Three models look at a user's
// history: transitions, which know what tends to follow what and how soon,
// implicit factors, which know what goes together, and a network that begins
// with the factors and learns what comes next. Training weighs them, and what is
// popular now, by how well they predict the newest interaction of users that
// were held back. Affinities add what contexts and the attributes of users and
// items say, where they help. docs/evaluating.md says how to see how good they are.
package blend

import (
	"context"
	"strings"

	"bespoke/recipe"
)

// Recipe returns the recipe of that name, which must be one of the four:
// aws-user-personalization and aws-personalized-ranking, each also with -v2.
func Recipe(name string) recipe.Recipe {
	r := recipe.Recipe{
		Name: name, Algorithm: name, FeatureTransformation: name,
		Scores: true, RealTime: true, Version: 7, Decode: decode,
		Fit: func(ctx context.Context, in recipe.Input) (recipe.Model, error) {
			return fit(ctx, in, optionsOf(in.Settings))
		},
	}
	switch name {
	case "aws-user-personalization":
		r.Params, r.Explore = paramsV1(), recipe.ExploreBy(0.3, 30)
	case "aws-user-personalization-v2":
		// Amazon's guide: about 0.1 % of what is recommended is explored.
		r.Params, r.Explore = paramsV2(), recipe.Exploration{Chance: 0.001, MaxAgeDays: 30}
	case "aws-personalized-ranking":
		r.Params, r.FeatureTransformation = paramsV1(), "JSON-percentile-filtering"
	case "aws-personalized-ranking-v2":
		r.Params = paramsV2()
	default:
		panic("blend: no recipe " + name)
	}
	r.Type, r.Description = recipe.UserPersonalization, "What a user will most likely take next, by the order and recency of their history."
	if strings.HasPrefix(name, "aws-personalized-ranking") {
		r.Type, r.Description = recipe.PersonalizedRanking, "The items of a list, ordered by how likely a user will take each next."
	}
	return r
}

func paramsV1() []recipe.Param {
	return []recipe.Param{
		{Name: "hidden_dimension", Domain: recipe.Integer, Default: "149", Min: 32, Max: 256, Tunable: true},
		{Name: "bptt", Domain: recipe.Integer, Default: "32", Min: 2, Max: 32, Tunable: true, Aliases: []string{"training.bptt"}},
		{Name: "recency_mask", Domain: recipe.Categorical, Default: "true", Values: []string{"true", "false"}, Tunable: true, Aliases: []string{"data.recency_mask"}},
		{Name: "min_user_history_length_percentile", Kind: recipe.Featurization, Domain: recipe.Continuous, Default: "0.0", Min: 0, Max: 1, Aliases: []string{"min_hist_length_percentile"}},
		{Name: "max_user_history_length_percentile", Kind: recipe.Featurization, Domain: recipe.Continuous, Default: "0.99", Min: 0, Max: 1, Aliases: []string{"max_hist_length_percentile"}},
	}
}

func paramsV2() []recipe.Param {
	return []recipe.Param{
		{Name: "apply_recency_bias", Domain: recipe.Categorical, Default: "true", Values: []string{"true", "false"}},
	}
}

// optionsOf reads the settings of both versions: the latent size is the number
// of factors, the length of back-propagation how far transitions reach.
func optionsOf(s recipe.Settings) options {
	return options{
		window:  s.Int("bptt", 50),
		factors: (s.Int("hidden_dimension", 64) + 7) &^ 7, // eight are computed at a time
		recency: s.Bool("recency_mask", true) && s.Bool("apply_recency_bias", true),
		low:     s.Float("min_user_history_length_percentile", 0),
		high:    s.Float("max_user_history_length_percentile", 1),
	}
}
