package control

import (
	"context"
	"slices"
	"strconv"

	"bespoke"
	"bespoke/awsapi/catalog"
	"bespoke/awsapi/wire"
	"bespoke/store"
)

func (s *Service) listRecipes(_ context.Context, in *wire.ListRecipesRequest) (*wire.ListRecipesResponse, error) {
	list := "ListRecipes " + in.Domain
	page, err := s.page(list, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	all := catalog.All()
	if in.Domain != "" {
		all = slices.DeleteFunc(all, func(r catalog.Recipe) bool { return string(r.Domain) != in.Domain })
	}
	from := min(int(page.After.ID), len(all))
	to := min(from+page.Limit, len(all))
	out := &wire.ListRecipesResponse{}
	for _, r := range all[from:to] {
		made := wire.Timestamp{Time: r.Created}
		out.Recipes = append(out.Recipes, wire.RecipeSummary{
			Name: r.Name, RecipeArn: string(r.ARN(s.cfg.Scope.Partition)), Status: string(bespoke.Active), Domain: string(r.Domain),
			CreationDateTime: made, LastUpdatedDateTime: made,
		})
	}
	if to < len(all) {
		out.NextToken = s.pageToken(list, store.Position{Created: all[to-1].Created, ID: int64(to)})
	}
	return out, nil
}

func (s *Service) describeRecipe(_ context.Context, in *wire.DescribeRecipeRequest) (*wire.DescribeRecipeResponse, error) {
	r, err := s.recipe(in.RecipeArn)
	if err != nil {
		return nil, err
	}
	partition, made := s.cfg.Scope.Partition, wire.Timestamp{Time: r.Created}
	return &wire.DescribeRecipeResponse{Recipe: &wire.Recipe{
		Name: r.Name, RecipeArn: string(r.ARN(partition)), AlgorithmArn: string(r.AlgorithmARN(partition)),
		FeatureTransformationArn: string(r.FeaturesARN(partition)), Status: string(bespoke.Active), Description: r.Description,
		RecipeType: string(r.Type), CreationDateTime: made, LastUpdatedDateTime: made,
	}}, nil
}

// recipe returns the recipe that an ARN names.
func (s *Service) recipe(arn string) (catalog.Recipe, error) {
	return catalogued(s, "recipe", arn, catalog.Find, catalog.Recipe.ARN)
}

// catalogued returns the recipe that has something with an ARN of this kind.
func catalogued(s *Service, kind, arn string, find func(string) (catalog.Recipe, bool), is func(catalog.Recipe, string) bespoke.ARN) (catalog.Recipe, error) {
	a, err := resource(kind, arn)
	if err != nil {
		return catalog.Recipe{}, err
	}
	r, ok := find(a.Name())
	if !ok || is(r, s.cfg.Scope.Partition) != a {
		return catalog.Recipe{}, refusal(&store.NotFoundError{ARN: a})
	}
	return r, nil
}

func (s *Service) describeAlgorithm(_ context.Context, in *wire.DescribeAlgorithmRequest) (*wire.DescribeAlgorithmResponse, error) {
	r, err := catalogued(s, "algorithm", in.AlgorithmArn, catalog.FindAlgorithm, catalog.Recipe.AlgorithmARN)
	if err != nil {
		return nil, err
	}
	made := wire.Timestamp{Time: r.Created}
	return &wire.DescribeAlgorithmResponse{Algorithm: &wire.Algorithm{
		Name: r.AlgorithmName, AlgorithmArn: in.AlgorithmArn, DefaultHyperParameters: catalog.Values(r.Algorithm, nil),
		DefaultHyperParameterRanges: defaultRanges(r.Algorithm),
		DefaultResourceConfig:       map[string]string{"maxNumberOfTrainingJobs": strconv.Itoa(trials), "maxParallelTrainingJobs": "1"},
		TrainingInputMode:           "File", CreationDateTime: made, LastUpdatedDateTime: made,
	}}, nil
}

func defaultRanges(all []catalog.Parameter) *wire.DefaultHyperParameterRanges {
	out := &wire.DefaultHyperParameterRanges{}
	for _, p := range all {
		switch p.Kind {
		case catalog.Integer:
			out.IntegerHyperParameterRanges = append(out.IntegerHyperParameterRanges, wire.DefaultIntegerHyperParameterRange{
				Name: p.Name, MinValue: new(int(p.Min)), MaxValue: new(int(p.Max)), IsTunable: &p.Tunable,
			})
		case catalog.Continuous:
			out.ContinuousHyperParameterRanges = append(out.ContinuousHyperParameterRanges, wire.DefaultContinuousHyperParameterRange{
				Name: p.Name, MinValue: &p.Min, MaxValue: &p.Max, IsTunable: &p.Tunable,
			})
		case catalog.Categorical:
			out.CategoricalHyperParameterRanges = append(out.CategoricalHyperParameterRanges, wire.DefaultCategoricalHyperParameterRange{
				Name: p.Name, Values: p.Values, IsTunable: &p.Tunable,
			})
		}
	}
	return out
}

func (s *Service) describeFeatureTransformation(_ context.Context, in *wire.DescribeFeatureTransformationRequest) (*wire.DescribeFeatureTransformationResponse, error) {
	r, err := catalogued(s, "feature-transformation", in.FeatureTransformationArn, catalog.FindFeatures, catalog.Recipe.FeaturesARN)
	if err != nil {
		return nil, err
	}
	made := wire.Timestamp{Time: r.Created}
	return &wire.DescribeFeatureTransformationResponse{FeatureTransformation: &wire.FeatureTransformation{
		Name: r.FeaturesName, FeatureTransformationArn: in.FeatureTransformationArn, DefaultParameters: catalog.Values(r.Features, nil),
		Status: string(bespoke.Active), CreationDateTime: made, LastUpdatedDateTime: made,
	}}, nil
}
