package control_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/control"
)

const simsRecipe = "arn:aws:personalize:::recipe/aws-sims"

// TestPerformHPO shows what was tried and chosen, and does it again in the same way
// where the process ends at the last moment.
func TestPerformHPO(t *testing.T) {
	t.Parallel()
	cut := &cutOff{err: errors.New("the process ends here")}
	f := open(t, func(c *control.Config) { cut.Store, c.Store = c.Store, cut })
	f.interacted("shop", 60)
	solution := f.solution("shop", func(in *wire.CreateSolutionRequest) {
		in.RecipeArn, in.PerformHPO = simsRecipe, new(true)
		in.SolutionConfig = &wire.SolutionConfig{
			AlgorithmHyperParameters: map[string]string{"min_cointeraction_count": "5"},
			HpoConfig: &wire.HPOConfig{
				HpoResourceConfig: &wire.HPOResourceConfig{MaxNumberOfTrainingJobs: "4", MaxParallelTrainingJobs: "2"},
				AlgorithmHyperParameterRanges: &wire.HyperParameterRanges{
					ContinuousHyperParameterRanges: []wire.ContinuousHyperParameterRange{{Name: "popularity_discount_factor", MaxValue: new(0.25)}},
				},
			},
		}
	})
	p := f.searchedTwice(cut, solution, func(v *wire.SolutionVersion, _ control.TrainingProgress) {
		if v.TunedHPOParams != nil || !*v.PerformHPO {
			t.Errorf("the version in training is %+v", v)
		}
	})
	if len(p.Trials) != 4 || p.Trials[0].Parameters["popularity_discount_factor"] != "0.25" || p.Phases[1].Name != "TUNING" {
		t.Errorf("the progress is %+v", p)
	}
	best := p.Trials[0]
	for _, trial := range p.Trials {
		if trial.Value > best.Value {
			best = trial
		}
	}
	tuned := f.version(string(p.VersionARN)).TunedHPOParams
	if tuned == nil || best.Value == 0 || best.Parameters["min_cointeraction_count"] != "5" || !maps.Equal(tuned.AlgorithmHyperParameters, best.Parameters) {
		t.Errorf("tuned %+v, the best is %+v", tuned, best)
	}
}

// searchedTwice trains a version of a solution up to its end, which is cut off, shows
// what there is then, and trains it again, which must find the same.
func (f *fixture) searchedTwice(cut *cutOff, solution string, between func(*wire.SolutionVersion, control.TrainingProgress)) control.TrainingProgress {
	f.Helper()
	out, err := f.CreateSolutionVersion(f.ctx, &wire.CreateSolutionVersionRequest{SolutionArn: solution})
	f.must(err)
	version := out.SolutionVersionArn
	if err := f.service.Advance(f.ctx, bespoke.ARN(version)); !errors.Is(err, cut.err) {
		f.Fatalf("got %v", err)
	}
	found := func() ([]byte, control.TrainingProgress) {
		f.Helper()
		model, err := f.model(version)
		f.must(err)
		p, err := f.service.TrainingProgress(f.ctx, bespoke.ARN(version))
		f.must(err)
		return model, p
	}
	first, before := found()
	between(f.version(version), before)
	cut.err = nil
	f.advance(version)
	again, p := found()
	if !bytes.Equal(first, again) || fmt.Sprint(before.Trials) != fmt.Sprint(p.Trials) {
		f.Error("the second search finds something else than the first")
	}
	return p
}

// TestPerformHPODefaults makes the default number of trials in the default ranges.
func TestPerformHPODefaults(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	f.interacted("shop", 60)
	v := f.trained(f.solution("shop", func(in *wire.CreateSolutionRequest) { in.RecipeArn, in.PerformHPO = simsRecipe, new(true) }), bespoke.Active)
	p, err := f.service.TrainingProgress(f.ctx, bespoke.ARN(v.SolutionVersionArn))
	f.must(err)
	counts := map[string]bool{}
	for _, trial := range p.Trials {
		counts[trial.Parameters["min_cointeraction_count"]] = true
	}
	if len(p.Trials) != 8 || len(counts) < 3 || p.Trials[0].Parameters["popularity_discount_factor"] != "0.5" {
		t.Errorf("the trials are %+v", p.Trials)
	}
	algorithm, err := f.DescribeAlgorithm(f.ctx, &wire.DescribeAlgorithmRequest{AlgorithmArn: "arn:aws:personalize:::algorithm/aws-sims"})
	f.must(err)
	if c := algorithm.Algorithm.DefaultResourceConfig; c["maxNumberOfTrainingJobs"] != "8" || c["maxParallelTrainingJobs"] != "1" {
		t.Errorf("the default resources are %v", c)
	}
}

func TestHPOConfigRefused(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	f.dataset("shop", "Interactions", interactions)
	refused := func(c wire.HPOConfig, texts ...string) {
		t.Helper()
		f.refusedSolution(func(in *wire.CreateSolutionRequest) {
			in.RecipeArn, in.PerformHPO, in.SolutionConfig = simsRecipe, new(true), &wire.SolutionConfig{HpoConfig: &c}
		}, texts...)
	}
	refused(wire.HPOConfig{HpoResourceConfig: &wire.HPOResourceConfig{MaxNumberOfTrainingJobs: "41"}}, "maxNumberOfTrainingJobs", "from 1 to 40", `"41"`)
	refused(wire.HPOConfig{HpoResourceConfig: &wire.HPOResourceConfig{MaxParallelTrainingJobs: "0"}}, "maxParallelTrainingJobs", "from 1 to 10")
	ranges := func(r wire.HyperParameterRanges, texts ...string) {
		t.Helper()
		refused(wire.HPOConfig{AlgorithmHyperParameterRanges: &r}, texts...)
	}
	ranges(wire.HyperParameterRanges{IntegerHyperParameterRanges: []wire.IntegerHyperParameterRange{{Name: "bptt"}}}, `"bptt"`, "min_cointeraction_count")
	ranges(wire.HyperParameterRanges{IntegerHyperParameterRanges: []wire.IntegerHyperParameterRange{{Name: "min_cointeraction_count", MaxValue: new(11)}}}, "from 0 to 10")
	ranges(wire.HyperParameterRanges{IntegerHyperParameterRanges: []wire.IntegerHyperParameterRange{{Name: "min_cointeraction_count", MinValue: new(5), MaxValue: new(4)}}}, "above its maxValue")
	ranges(wire.HyperParameterRanges{ContinuousHyperParameterRanges: []wire.ContinuousHyperParameterRange{{Name: "min_cointeraction_count"}}}, "cannot be tuned")
	one := wire.IntegerHyperParameterRange{Name: "min_cointeraction_count"}
	ranges(wire.HyperParameterRanges{IntegerHyperParameterRanges: []wire.IntegerHyperParameterRange{one, one}}, "twice")
	f.refusedSolution(func(in *wire.CreateSolutionRequest) {
		in.RecipeArn, in.PerformHPO = "arn:aws:personalize:::recipe/aws-user-personalization-v2", new(true)
	}, "no hyperparameters that can be tuned")
}
