package control

import (
	"context"
	"slices"
	"strings"

	"bespoke"
	"bespoke/awsapi/catalog"
	"bespoke/awsapi/wire"
	"bespoke/train"
)

// recipeOf returns the recipe of a solution.
func (s *Service) recipeOf(v bespoke.Solution) (catalog.Recipe, error) {
	if v.AutoML() {
		return automatic, nil
	}
	return s.recipe(string(v.RecipeARN))
}

// named returns the recipe that a request for a solution of this group names, if this
// server can train it as is asked.
func (s *Service) named(ctx context.Context, in *wire.CreateSolutionRequest, group bespoke.ARN) (bespoke.ARN, error) {
	r, err := s.trainable(in)
	if err != nil {
		return "", err
	}
	columns, err := s.columns(ctx, group)
	if err != nil {
		return "", err
	}
	return r.ARN(s.cfg.Scope.Partition), s.checkConfig(r, in.SolutionConfig, in.EventType, columns)
}

// errIncremental refuses performIncrementalUpdate.
var errIncremental = invalid("performIncrementalUpdate is for aws-semantic-similarity only.")

// trainable is named without a look at the parameters and columns.
func (s *Service) trainable(in *wire.CreateSolutionRequest) (catalog.Recipe, error) {
	if in.RecipeArn == "" {
		return catalog.Recipe{}, invalid("recipeArn is missing. ListRecipes shows the recipes.")
	}
	r, err := s.recipe(in.RecipeArn)
	if err != nil {
		return r, err
	}
	if err := canTrain(r); err != nil {
		return r, err
	}
	switch {
	case yes(in.PerformIncrementalUpdate):
		return r, errIncremental
	case yes(in.PerformHPO) && !tunable(r):
		return r, invalid("performHPO: %s has no hyperparameters that can be tuned.", r.Name)
	case in.SolutionConfig != nil && in.SolutionConfig.HpoConfig != nil && !yes(in.PerformHPO):
		return r, invalid("solutionConfig.hpoConfig needs performHPO.")
	}
	return r, nil
}

// canTrain refuses a recipe that is not built here.
func canTrain(r catalog.Recipe) error {
	if why := r.Missing; why != "" {
		return invalid("The recipe %s cannot be trained. %s.", r.Name, why)
	}
	if !train.Can(r.Name) {
		return invalid("The recipe %s cannot be trained. This version of Bespoke has no algorithm for it.", r.Name)
	}
	return nil
}

func tunable(r catalog.Recipe) bool {
	for _, p := range r.Algorithm {
		if p.Tunable {
			return true
		}
	}
	return false
}

// autoMLRecipes are what performAutoML chooses among where it has no recipeList:
// those that are built and answer for a user. Of equally good ones the first is
// taken.
var autoMLRecipes = []string{"aws-user-personalization-v2", "aws-user-personalization", "aws-popularity-count"}

// automatic stands for the recipe where performAutoML has yet to choose one. It takes
// nothing that only some recipes take.
var automatic = catalog.Recipe{Name: "performAutoML"}

// autoML checks a request with performAutoML. It returns what counts of its
// solutionConfig, which is autoMLConfig as at Amazon, and the schedule.
func (s *Service) autoML(in *wire.CreateSolutionRequest) (*wire.SolutionConfig, error) {
	switch {
	case in.RecipeArn != "":
		return nil, invalid("performAutoML and recipeArn cannot be given both. Leave recipeArn out to have a recipe chosen, or performAutoML to name it.")
	case in.PerformHPO != nil && !*in.PerformHPO:
		return nil, invalid("performHPO cannot be false with performAutoML, which chooses hyperparameters too. Leave it out.")
	case yes(in.PerformIncrementalUpdate):
		return nil, errIncremental
	}
	c := in.SolutionConfig
	if c == nil {
		return nil, nil
	}
	if _, err := s.choice(c.AutoMLConfig); err != nil {
		return nil, err
	}
	return &wire.SolutionConfig{AutoMLConfig: c.AutoMLConfig, AutoTrainingConfig: c.AutoTrainingConfig}, checkSchedule(c.AutoTrainingConfig)
}

// choice is what performAutoML means: trials of each recipe's tunable
// hyperparameters, in their default ranges.
func (s *Service) choice(c *wire.AutoMLConfig) (*train.Search, error) {
	search := &train.Search{Recipes: autoMLRecipes, Trials: trials}
	if c == nil {
		return search, nil
	}
	if all := train.SearchMetrics(); c.MetricName != "" && !slices.Contains(all, c.MetricName) {
		return nil, invalid("solutionConfig.autoMLConfig.metricName: there is no metric %q. There are: %s.", cutText(c.MetricName), strings.Join(all, ", "))
	}
	search.Metric = c.MetricName
	if len(c.RecipeList) == 0 {
		return search, nil
	}
	search.Recipes = nil
	for _, arn := range c.RecipeList {
		r, err := s.recipe(arn)
		if err == nil {
			err = canTrain(r)
		}
		switch {
		case err != nil:
			return nil, err
		case r.Type != catalog.UserPersonalization:
			return nil, invalid("solutionConfig.autoMLConfig.recipeList: %s is of type %s. performAutoML chooses among recipes of type %s.", r.Name, r.Type, catalog.UserPersonalization)
		case slices.Contains(search.Recipes, r.Name):
			return nil, invalid("solutionConfig.autoMLConfig.recipeList has %s twice.", r.Name)
		}
		search.Recipes = append(search.Recipes, r.Name)
	}
	return search, nil
}
