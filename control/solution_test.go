package control_test

import (
	"strings"
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
)

// refusedSolution asks for a solution that must be refused by name.
func (f *fixture) refusedSolution(change func(*wire.CreateSolutionRequest), texts ...string) {
	f.Helper()
	in := wire.CreateSolutionRequest{Name: "refused", DatasetGroupArn: string(scope.DatasetGroup("shop")), RecipeArn: popularityRecipe}
	change(&in)
	_, err := f.CreateSolution(f.ctx, &in)
	f.refused(err, bespoke.InvalidInput, texts...)
}

func TestCreateSolutionRefused(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	f.dataset("shop", "Items", avro("Items", field{Name: "ITEM_ID", Type: "string"}, field{Name: "GENRE", Type: "string", Categorical: true},
		field{Name: "PRICE", Type: "double"}, field{Name: "MARGIN", Type: []string{"null", "double"}}))
	recipe := func(name string) func(*wire.CreateSolutionRequest) {
		return func(in *wire.CreateSolutionRequest) { in.RecipeArn = "arn:aws:personalize:::recipe/" + name }
	}
	f.refusedSolution(recipe("aws-hrnn"), "aws-hrnn cannot be trained", "withdrawn")
	f.refusedSolution(recipe("aws-vod-top-picks"), "use case of a domain")
	f.refusedSolution(recipe("aws-item-affinity"), "no algorithm for it")
	f.refusedSolution(func(in *wire.CreateSolutionRequest) { in.RecipeArn = "" }, "recipeArn is missing")
	f.refusedSolution(func(in *wire.CreateSolutionRequest) { in.PerformHPO = new(true) }, "no hyperparameters that can be tuned")
	f.refusedSolution(func(in *wire.CreateSolutionRequest) { in.PerformIncrementalUpdate = new(true) }, "aws-semantic-similarity only")
	config := func(c wire.SolutionConfig) func(*wire.CreateSolutionRequest) {
		return func(in *wire.CreateSolutionRequest) { in.SolutionConfig = &c }
	}
	f.refusedSolution(config(wire.SolutionConfig{AlgorithmHyperParameters: map[string]string{"bptt": "8"}}),
		"Provide a hyperparameter that is used in the algorithm: arn:aws:personalize:::algorithm/aws-popularity-count.", `"bptt"`, "takes: none")
	f.refusedSolution(func(in *wire.CreateSolutionRequest) {
		recipe("aws-user-personalization")(in)
		in.SolutionConfig = &wire.SolutionConfig{AlgorithmHyperParameters: map[string]string{"bptt": "8", "training.bptt": "16"}}
	}, "algorithmHyperParameters has bptt twice")
	f.refusedSolution(config(wire.SolutionConfig{EventValueThreshold: "much"}), `eventValueThreshold "much"`)
	f.refusedSolution(config(wire.SolutionConfig{HpoConfig: &wire.HPOConfig{}}), "hpoConfig needs performHPO")
	f.refusedSolution(config(wire.SolutionConfig{OptimizationObjective: &wire.OptimizationObjective{ItemAttribute: "PRICE"}}), "optimizationObjective")
	objective := func(attribute, sensitivity string, change ...func(*wire.SolutionConfig)) func(*wire.CreateSolutionRequest) {
		return func(in *wire.CreateSolutionRequest) {
			recipe("aws-user-personalization")(in)
			in.SolutionConfig = &wire.SolutionConfig{OptimizationObjective: &wire.OptimizationObjective{ItemAttribute: attribute, ObjectiveSensitivity: sensitivity}}
			for _, c := range change {
				c(in.SolutionConfig)
			}
		}
	}
	f.refusedSolution(objective("", "LOW"), "itemAttribute is missing")
	f.refusedSolution(objective("COST", "LOW"), `no column "COST"`)
	f.refusedSolution(objective("GENRE", "LOW"), "GENRE (string, categorical)", "numbers that cannot be null")
	f.refusedSolution(objective("MARGIN", "HIGH"), "MARGIN (double or null)")
	f.refusedSolution(objective("PRICE", "HIGH", func(c *wire.SolutionConfig) {
		c.TrainingDataConfig = &wire.TrainingDataConfig{ExcludedDatasetColumns: map[string][]string{"ITEMS": {"PRICE"}}}
	}), "leaves the column PRICE out")
	f.refusedSolution(objective("PRICE", "HIGH", func(c *wire.SolutionConfig) {
		c.TrainingDataConfig = &wire.TrainingDataConfig{IncludedDatasetColumns: map[string][]string{"Items": {"GENRE"}}}
	}), "leaves the column PRICE out")
	f.refusedSolution(config(wire.SolutionConfig{EventsConfig: &wire.EventsConfig{EventParametersList: []wire.EventParameters{{EventType: "View"}}}}), "eventsConfig")
	f.refusedSolution(func(in *wire.CreateSolutionRequest) {
		recipe("aws-user-personalization-v2")(in)
		in.SolutionConfig = &wire.SolutionConfig{EventsConfig: &wire.EventsConfig{EventParametersList: []wire.EventParameters{{EventType: "View", Weight: new(0.0)}}}}
	}, "weights of 0 only")
	for _, rate := range []string{"rate(0 days)", "rate(31 days)", "rate(7 hours)", "cron(1)"} {
		f.refusedSolution(config(wire.SolutionConfig{AutoTrainingConfig: &wire.AutoTrainingConfig{SchedulingExpression: rate}}), rate, "rate(7 days)")
	}
	columns := func(typ, column string) func(*wire.CreateSolutionRequest) {
		return config(wire.SolutionConfig{TrainingDataConfig: &wire.TrainingDataConfig{ExcludedDatasetColumns: map[string][]string{typ: {column}}}})
	}
	f.refusedSolution(columns("Items", "COLOUR"), `no column "COLOUR"`)
	f.refusedSolution(columns("Interactions", "EVENT_TYPE"), "EVENT_TYPE cannot be left out")
	f.refusedSolution(columns("Films", "GENRE"), `"Films"`)
	_, err := f.CreateSolution(f.ctx, &wire.CreateSolutionRequest{Name: "s", DatasetGroupArn: string(scope.DatasetGroup("none")), RecipeArn: popularityRecipe})
	f.refused(err, bespoke.NotFound, "dataset-group/none")
}

func TestSolutionConfigComesBack(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	f.dataset("shop", "Items", items)
	solution := f.solution("shop", func(in *wire.CreateSolutionRequest) {
		in.EventType, in.PerformAutoTraining = "View", new(false)
		in.SolutionConfig = &wire.SolutionConfig{
			EventValueThreshold: "2.5",
			TrainingDataConfig:  &wire.TrainingDataConfig{ExcludedDatasetColumns: map[string][]string{"ITEMS": {"GENRE"}}},
		}
	})
	out, err := f.DescribeSolution(f.ctx, &wire.DescribeSolutionRequest{SolutionArn: solution})
	f.must(err)
	s := out.Solution
	if s.EventType != "View" || *s.PerformAutoTraining || s.SolutionConfig.EventValueThreshold != "2.5" ||
		s.SolutionConfig.TrainingDataConfig.ExcludedDatasetColumns["ITEMS"][0] != "GENRE" || s.LatestSolutionVersion != nil || s.LatestSolutionUpdate != nil {
		t.Errorf("the solution is %+v", s)
	}
}

func TestUpdateSolution(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	f.dataset("shop", "Items", items)
	solution := f.solution("shop", nil)
	update := func(in wire.UpdateSolutionRequest) error {
		in.SolutionArn = solution
		_, err := f.UpdateSolution(f.ctx, &in)
		return err
	}
	f.refused(update(wire.UpdateSolutionRequest{}), bespoke.InvalidInput, "nothing to update")
	f.must(update(wire.UpdateSolutionRequest{PerformAutoTraining: new(false)}))
	f.refused(update(wire.UpdateSolutionRequest{PerformAutoTraining: new(true)}), bespoke.InUse, "CREATE PENDING")
	f.refused(f.DeleteSolution(f.ctx, &wire.DeleteSolutionRequest{SolutionArn: solution}), bespoke.InUse)
	described := func() *wire.Solution {
		t.Helper()
		out, err := f.DescribeSolution(f.ctx, &wire.DescribeSolutionRequest{SolutionArn: solution})
		f.must(err)
		return out.Solution
	}
	if s := described(); s.LatestSolutionUpdate.Status != "CREATE PENDING" || !*s.PerformAutoTraining || s.Status != "ACTIVE" {
		t.Errorf("the solution under update is %+v", s)
	}
	f.advance(solution)
	if s := described(); s.LatestSolutionUpdate.Status != "ACTIVE" || *s.PerformAutoTraining || *s.LatestSolutionUpdate.PerformAutoTraining {
		t.Errorf("the updated solution is %+v", s)
	}
	rate := &wire.SolutionUpdateConfig{AutoTrainingConfig: &wire.AutoTrainingConfig{SchedulingExpression: "rate(1 day)"}}
	f.must(update(wire.UpdateSolutionRequest{PerformAutoTraining: new(true), SolutionUpdateConfig: rate}))
	f.advance(solution)
	if s := described(); !*s.PerformAutoTraining || s.SolutionConfig.AutoTrainingConfig.SchedulingExpression != "rate(1 day)" ||
		s.LatestSolutionUpdate.SolutionUpdateConfig.AutoTrainingConfig == nil {
		t.Errorf("the updated solution is %+v", s)
	}
	f.must(f.DeleteSolution(f.ctx, &wire.DeleteSolutionRequest{SolutionArn: solution}))
	f.advance(solution)
	_, err := f.DescribeSolution(f.ctx, &wire.DescribeSolutionRequest{SolutionArn: solution})
	f.refused(err, bespoke.NotFound)
}

// TestDeleteSolution takes the versions and their artifacts along.
func TestDeleteSolution(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.interacted("shop", 30)
	solution := f.solution("shop", nil)
	v := f.trained(solution, bespoke.Active)
	campaign := f.campaign("c", v.SolutionVersionArn, nil)
	remove := &wire.DeleteSolutionRequest{SolutionArn: solution}
	f.refused(f.DeleteSolution(f.ctx, remove), bespoke.InUse, campaign)
	f.refused(f.DeleteDataset(f.ctx, &wire.DeleteDatasetRequest{DatasetArn: dataset}), bespoke.InUse, campaign)
	f.must(f.DeleteCampaign(f.ctx, &wire.DeleteCampaignRequest{CampaignArn: campaign}))
	f.advance(campaign)
	_, err := f.GetRecommendations(f.ctx, &wire.GetRecommendationsRequest{CampaignArn: campaign, UserId: "u1"})
	f.refused(err, bespoke.NotFound, campaign)
	f.must(f.DeleteSolution(f.ctx, remove))
	f.advance(solution)
	if _, err := f.model(v.SolutionVersionArn); err == nil {
		t.Error("the artifact stays")
	}
	_, err = f.DescribeSolutionVersion(f.ctx, &wire.DescribeSolutionVersionRequest{SolutionVersionArn: v.SolutionVersionArn})
	f.refused(err, bespoke.NotFound, v.SolutionVersionArn)
}

// TestEventType trains on one type of event and those above a value.
func TestEventType(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", avro("Interactions", field{Name: "USER_ID", Type: "string"}, field{Name: "ITEM_ID", Type: "string"},
		field{Name: "TIMESTAMP", Type: "long"}, field{Name: "EVENT_TYPE", Type: "string"}, field{Name: "EVENT_VALUE", Type: []string{"null", "float"}}))
	f.imported("import", dataset, `USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE
u1,viewed,1,View,
u2,viewed,2,View,
u3,viewed,3,View,
u1,cheap,4,Buy,1
u2,cheap,5,Buy,1
u1,dear,6,Buy,9
`, bespoke.Active)
	for name, tt := range map[string]struct {
		eventType, threshold, want string
	}{
		"All":       {"", "", "viewed cheap dear"},
		"Type":      {"Buy", "", "cheap dear"},
		"Threshold": {"Buy", "5", "dear"},
	} {
		solution := f.solution("shop", func(in *wire.CreateSolutionRequest) {
			in.Name, in.EventType = name, tt.eventType
			in.SolutionConfig = &wire.SolutionConfig{EventValueThreshold: tt.threshold}
		})
		campaign := f.campaign(name, f.trained(solution, bespoke.Active).SolutionVersionArn, nil)
		if got := strings.Join(f.recommended(campaign, "", 5), " "); got != tt.want {
			t.Errorf("%s recommends %q, want %q", name, got, tt.want)
		}
	}
}
