package control_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/control"
	"bespoke/store"
)

const (
	personalRecipe = "arn:aws:personalize:::recipe/aws-user-personalization"
	secondRecipe   = "arn:aws:personalize:::recipe/aws-user-personalization-v2"
)

// choosing makes a request one with performAutoML among recipes.
func choosing(metric string, recipes ...string) func(*wire.CreateSolutionRequest) {
	return func(in *wire.CreateSolutionRequest) {
		in.RecipeArn, in.PerformAutoML = "", new(true)
		in.SolutionConfig = &wire.SolutionConfig{AutoMLConfig: &wire.AutoMLConfig{MetricName: metric, RecipeList: recipes}}
	}
}

// TestPerformAutoML trains by the recipe that does best, makes the same choice again
// where the process ends at the last moment, and serves what was chosen.
func TestPerformAutoML(t *testing.T) {
	t.Parallel()
	cut := &cutOff{err: errors.New("the process ends here")}
	var observed []string
	f := open(t, func(c *control.Config) {
		cut.Store, c.Store = c.Store, cut
		c.ObserveTraining = func(t control.Trained) { observed = append(observed, fmt.Sprint(t.Recipe, " ", t.Status)) }
	})
	f.walkedShop()
	solution := f.solution("shop", choosing("", popularityRecipe, secondRecipe))
	described := func() *wire.Solution {
		t.Helper()
		out, err := f.DescribeSolution(f.ctx, &wire.DescribeSolutionRequest{SolutionArn: solution})
		f.must(err)
		return out.Solution
	}
	if s := described(); !*s.PerformAutoML || !*s.PerformHPO || s.RecipeArn != "" || s.AutoMLResult != nil || len(s.SolutionConfig.AutoMLConfig.RecipeList) != 2 {
		t.Errorf("the solution is %+v", s)
	}
	p := f.searchedTwice(cut, solution, func(v *wire.SolutionVersion, p control.TrainingProgress) {
		if !*v.PerformAutoML || v.RecipeArn != "" || p.RecipeARN != "" || described().AutoMLResult != nil {
			t.Errorf("the version in training is %+v", v)
		}
	})
	version := string(p.VersionARN)
	if len(p.Trials) != 2 || p.Trials[0].Recipe != "aws-popularity-count" || p.Trials[1].Value <= p.Trials[0].Value || p.RecipeARN != secondRecipe {
		t.Errorf("the progress is %+v", p)
	}
	if v := f.version(version); v.RecipeArn != secondRecipe || !*v.PerformHPO || v.TunedHPOParams.AlgorithmHyperParameters["apply_recency_bias"] != "true" {
		t.Errorf("the version is %+v", v)
	}
	if s := described(); s.RecipeArn != "" || s.AutoMLResult.BestRecipeArn != secondRecipe {
		t.Errorf("the solution is %+v", s)
	}
	if want := []string{"performAutoML CREATE IN_PROGRESS", "performAutoML CREATE IN_PROGRESS", "aws-user-personalization-v2 ACTIVE"}; !slices.Equal(observed, want) {
		t.Errorf("observed %q", observed)
	}
	if m := f.metrics(version); len(m) != 8 || m["coverage"] == 0 {
		t.Errorf("the metrics are %v", m)
	}

	// What a campaign takes and answers is up to the recipe that was chosen.
	exploring := &wire.CampaignConfig{ItemExplorationConfig: map[string]string{"explorationWeight": "0"}}
	_, err := f.CreateCampaign(f.ctx, &wire.CreateCampaignRequest{Name: "c", SolutionVersionArn: version, CampaignConfig: exploring})
	f.refused(err, bespoke.InvalidInput, "itemExplorationConfig", "aws-user-personalization-v2")
	campaign := f.campaign("c", version, nil)
	if a, b := f.recommended(campaign, "u1", 3), f.recommended(campaign, "u2", 3); slices.Equal(a, b) {
		t.Errorf("two users get the same: %v", a)
	}
	_, err = f.CreateSolutionVersion(f.ctx, &wire.CreateSolutionVersionRequest{SolutionArn: solution, TrainingMode: "UPDATE"})
	f.refused(err, bespoke.InvalidInput, "UPDATE", "performAutoML")
	_, err = f.UpdateSolution(f.ctx, &wire.UpdateSolutionRequest{SolutionArn: solution, SolutionUpdateConfig: &wire.SolutionUpdateConfig{
		EventsConfig: &wire.EventsConfig{EventParametersList: []wire.EventParameters{{EventType: "View"}}},
	}})
	f.refused(err, bespoke.InvalidInput, "eventsConfig", "performAutoML")
	_, err = f.UpdateSolution(f.ctx, &wire.UpdateSolutionRequest{SolutionArn: solution, PerformAutoTraining: new(false)})
	f.must(err)
	f.advance(solution)
	if s := described(); *s.PerformAutoTraining || !*s.PerformAutoML || len(s.SolutionConfig.AutoMLConfig.RecipeList) != 2 {
		t.Errorf("the updated solution is %+v", s)
	}
}

// TestPerformAutoMLSettings chooses among all that are built by default, tunes them,
// and by another metric takes another. What else solutionConfig has does not count.
func TestPerformAutoMLSettings(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	f.walkedShop()
	train := func(solution string) (version string, p control.TrainingProgress) {
		t.Helper()
		version = f.trained(solution, bespoke.Active).SolutionVersionArn
		p, err := f.service.TrainingProgress(f.ctx, bespoke.ARN(version))
		f.must(err)
		return version, p
	}
	solution := f.solution("shop", func(in *wire.CreateSolutionRequest) {
		in.RecipeArn, in.PerformAutoML, in.PerformHPO = "", new(true), new(true)
	})
	_, p := train(solution)
	var tried []string
	for _, trial := range p.Trials {
		tried = append(tried, trial.Recipe)
	}
	if want := "aws-user-personalization-v2" + strings.Repeat(" aws-user-personalization", 8) + " aws-popularity-count"; strings.Join(tried, " ") != want {
		t.Errorf("tried %q", tried)
	}

	solution = f.solution("shop", func(in *wire.CreateSolutionRequest) {
		choosing("precision_at_25", personalRecipe)(in)
		in.Name, in.EventType = "views", "View"
		in.SolutionConfig.AutoTrainingConfig = &wire.AutoTrainingConfig{SchedulingExpression: "rate(3 days)"}
		in.SolutionConfig.EventValueThreshold, in.SolutionConfig.AlgorithmHyperParameters = "much", map[string]string{"depth": "3"}
	})
	version, p := train(solution)
	// All 12 items that are viewed are in each answer: one in 25 is right.
	if len(p.Trials) != 8 || slices.ContainsFunc(p.Trials, func(t store.Trial) bool { return t.Value != 0.04 }) {
		t.Errorf("tried %+v", p.Trials)
	}
	v := f.version(version)
	if c := v.SolutionConfig; v.RecipeArn != personalRecipe || c.AutoTrainingConfig.SchedulingExpression != "rate(3 days)" || c.EventValueThreshold != "" || c.AlgorithmHyperParameters != nil {
		t.Errorf("the version is %+v with %+v", v, c)
	}
	exploring := &wire.CampaignConfig{ItemExplorationConfig: map[string]string{"explorationWeight": "0"}}
	if got := f.recommended(f.campaign("views", version, exploring), "u1", 12); slices.ContainsFunc(got, func(id string) bool { return id[0] != 'v' }) {
		t.Errorf("trained on views it recommends %v", got)
	}
}

func TestPerformAutoMLRefused(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	f.dataset("shop", "Interactions", interactions)
	with := func(change func(*wire.CreateSolutionRequest)) func(*wire.CreateSolutionRequest) {
		return func(in *wire.CreateSolutionRequest) {
			choosing("")(in)
			change(in)
		}
	}
	f.refusedSolution(with(func(in *wire.CreateSolutionRequest) { in.RecipeArn = popularityRecipe }), "performAutoML and recipeArn")
	f.refusedSolution(with(func(in *wire.CreateSolutionRequest) { in.PerformHPO = new(false) }), "performHPO cannot be false with performAutoML")
	f.refusedSolution(with(func(in *wire.CreateSolutionRequest) { in.PerformIncrementalUpdate = new(true) }), "performIncrementalUpdate")
	f.refusedSolution(with(func(in *wire.CreateSolutionRequest) {
		in.SolutionConfig.AutoTrainingConfig = &wire.AutoTrainingConfig{SchedulingExpression: "rate(31 days)"}
	}), "rate(31 days)")
	f.refusedSolution(func(in *wire.CreateSolutionRequest) {
		in.SolutionConfig = &wire.SolutionConfig{AutoMLConfig: &wire.AutoMLConfig{}}
	}, "autoMLConfig needs performAutoML")
	f.refusedSolution(choosing("recall"), `metricName: there is no metric "recall"`, "coverage, mean_reciprocal_rank_at_25, normalized_discounted_cumulative_gain_at_10")
	f.refusedSolution(choosing("", simsRecipe), "aws-sims is of type RELATED_ITEMS", "USER_PERSONALIZATION")
	f.refusedSolution(choosing("", "arn:aws:personalize:::recipe/aws-hrnn"), "aws-hrnn cannot be trained", "withdrawn")
	f.refusedSolution(choosing("", popularityRecipe, popularityRecipe), "recipeList has aws-popularity-count twice")
	in := wire.CreateSolutionRequest{Name: "none", DatasetGroupArn: string(scope.DatasetGroup("shop"))}
	choosing("", "arn:aws:personalize:::recipe/aws-none")(&in)
	_, err := f.CreateSolution(f.ctx, &in)
	f.refused(err, bespoke.NotFound, "recipe/aws-none")
}
