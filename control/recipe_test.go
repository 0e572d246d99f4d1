package control_test

import (
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
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
