package control_test

import (
	"slices"
	"testing"

	"bespoke"
	"bespoke/awsapi/catalog"
	"bespoke/awsapi/wire"
	"bespoke/recipe"
	built "bespoke/recipe/catalog"
)

func TestListRecipes(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	var names []string
	for token := ""; ; {
		out, err := f.ListRecipes(f.ctx, &wire.ListRecipesRequest{MaxResults: new(7), NextToken: token})
		f.must(err)
		for _, r := range out.Recipes {
			if r.Status != "ACTIVE" || r.CreationDateTime.IsZero() || r.RecipeArn != "arn:aws:personalize:::recipe/"+r.Name {
				t.Errorf("%+v", r)
			}
			names = append(names, r.Name)
		}
		if token = out.NextToken; token == "" {
			break
		}
	}
	if len(names) != 25 || names[0] != "aws-ecomm-customers-who-viewed-x-also-viewed" {
		t.Errorf("%d recipes: %v", len(names), names)
	}
	for _, domain := range []string{"ECOMMERCE", "VIDEO_ON_DEMAND"} {
		out, err := f.ListRecipes(f.ctx, &wire.ListRecipesRequest{Domain: domain})
		f.must(err)
		for _, r := range out.Recipes {
			if r.Domain != domain {
				t.Errorf("%s is of the domain %q", r.Name, r.Domain)
			}
		}
		if len(out.Recipes) != 5 {
			t.Errorf("%s has %d use cases", domain, len(out.Recipes))
		}
	}
	page, err := f.ListRecipes(f.ctx, &wire.ListRecipesRequest{MaxResults: new(1)})
	f.must(err)
	_, err = f.ListRecipes(f.ctx, &wire.ListRecipesRequest{Domain: "ECOMMERCE", NextToken: page.NextToken})
	f.refused(err, bespoke.InvalidNextToken)
}

func TestDescribeRecipe(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	recipe, err := f.DescribeRecipe(f.ctx, &wire.DescribeRecipeRequest{RecipeArn: "arn:aws:personalize:::recipe/aws-sims"})
	f.must(err)
	r := recipe.Recipe
	if r.RecipeType != "RELATED_ITEMS" || r.AlgorithmArn != "arn:aws:personalize:::algorithm/aws-sims" ||
		r.FeatureTransformationArn != "arn:aws:personalize:::feature-transformation/sims" || r.Status != "ACTIVE" || r.Description == "" {
		t.Errorf("%+v", r)
	}
	algorithm, err := f.DescribeAlgorithm(f.ctx, &wire.DescribeAlgorithmRequest{AlgorithmArn: r.AlgorithmArn})
	f.must(err)
	a := algorithm.Algorithm
	if a.DefaultHyperParameters["popularity_discount_factor"] != "0.5" || a.DefaultHyperParameters["min_cointeraction_count"] != "3" {
		t.Errorf("defaults %v", a.DefaultHyperParameters)
	}
	whole, real := a.DefaultHyperParameterRanges.IntegerHyperParameterRanges, a.DefaultHyperParameterRanges.ContinuousHyperParameterRanges
	if len(whole) != 1 || *whole[0].MaxValue != 10 || !*whole[0].IsTunable || len(real) != 1 || *real[0].MaxValue != 1 {
		t.Errorf("ranges %+v", a.DefaultHyperParameterRanges)
	}
	features, err := f.DescribeFeatureTransformation(f.ctx, &wire.DescribeFeatureTransformationRequest{FeatureTransformationArn: r.FeatureTransformationArn})
	f.must(err)
	if p := features.FeatureTransformation.DefaultParameters; len(p) != 4 || p["max_item_interaction_count_percentile"] != "0.9" {
		t.Errorf("parameters %v", p)
	}
	for _, arn := range []string{"arn:aws:personalize:::recipe/none", "arn:aws:personalize:us-east-1::recipe/aws-sims", "arn:aws-cn:personalize:::recipe/aws-sims"} {
		_, err = f.DescribeRecipe(f.ctx, &wire.DescribeRecipeRequest{RecipeArn: arn})
		f.refused(err, bespoke.NotFound, arn)
	}
	_, err = f.DescribeRecipe(f.ctx, &wire.DescribeRecipeRequest{RecipeArn: "arn:aws:personalize:::algorithm/aws-sims"})
	f.refused(err, bespoke.InvalidInput, "not that of a recipe")
}

// TestRecipesAgree compares what is listed with what the algorithms take.
func TestRecipesAgree(t *testing.T) {
	t.Parallel()
	for _, r := range built.All() {
		listed, ok := catalog.Find(r.Name)
		if !ok || listed.Missing != "" {
			t.Errorf("%s is built and not listed as such", r.Name)
			continue
		}
		if string(listed.Type) != r.Type || listed.AlgorithmName != r.Algorithm || listed.FeaturesName != r.FeatureTransformation || listed.Scored != r.Scores || listed.RealTime != r.RealTime {
			t.Errorf("%s is listed as %+v", r.Name, listed)
		}
		of := map[recipe.Kind][]catalog.Parameter{recipe.Hyperparameter: listed.Algorithm, recipe.Featurization: listed.Features}
		for _, p := range r.Params {
			l, ok := catalog.Named(of[p.Kind], p.Name)
			if !ok || l.Default != p.Default || l.Min != p.Min || l.Max != p.Max || int(l.Kind) != int(p.Domain) || !slices.Equal(l.Values, p.Values) ||
				l.Tunable != p.Tunable || l.RangesOnly != p.OnlyTuned || !slices.Equal(l.Aliases, p.Aliases) {
				t.Errorf("%s: %s is listed as %+v, and is %+v", r.Name, p.Name, l, p)
			}
		}
		if n := len(listed.Algorithm) + len(listed.Features); n != len(r.Params) {
			t.Errorf("%s is listed with %d parameters, and has %d", r.Name, n, len(r.Params))
		}
	}
}
