package control_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/control"
)

// TestTraining goes from interactions to recommendations.
func TestTraining(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	f.interacted("shop", 30)
	solution := f.solution("shop", nil)
	v := f.trained(solution, bespoke.Active)
	if v.TrainingMode != "FULL" || v.TrainingType != "MANUAL" || v.TrainingHours == nil || *v.TrainingHours <= 0 || v.SolutionConfig == nil ||
		!strings.HasPrefix(v.SolutionVersionArn, solution+"/") || v.Name != "shop-solution/"+v.SolutionVersionArn[len(solution)+1:] {
		t.Errorf("the version is %+v", v)
	}
	described, err := f.DescribeSolution(f.ctx, &wire.DescribeSolutionRequest{SolutionArn: solution})
	f.must(err)
	if s := described.Solution; s.LatestSolutionVersion == nil || s.LatestSolutionVersion.SolutionVersionArn != v.SolutionVersionArn || !*s.PerformAutoTraining {
		t.Errorf("the solution is %+v", s)
	}
	p, err := f.service.TrainingProgress(f.ctx, bespoke.ARN(v.SolutionVersionArn))
	f.must(err)
	if p.Phase != "DONE" || len(p.Inputs) != 1 || p.Inputs[0].Rows != 465 || p.Inputs[0].Snapshot == 0 || p.Seed == 0 || len(p.Phases) == 0 ||
		len(p.Warnings) == 0 || !strings.Contains(p.Warnings[0], "it has 465") {
		t.Errorf("the progress is %+v", p)
	}
	metrics, err := f.GetSolutionMetrics(f.ctx, &wire.GetSolutionMetricsRequest{SolutionVersionArn: v.SolutionVersionArn})
	f.must(err)
	// Of at most 30 items of a user 3 are to be found. Who is held out is chance.
	if m := metrics.Metrics; len(m) != 8 || m["coverage"] <= 0 || m["precision_at_25"] > 3./25 || p.Extra["last_item_out_users"] != 3 {
		t.Errorf("the metrics are %v, %v", m, p.Extra)
	}
	campaign := f.campaign("c", v.SolutionVersionArn, nil)
	if c := f.describedCampaign(campaign); c.Status != "ACTIVE" || *c.MinProvisionedTPS != 1 || c.LatestCampaignUpdate != nil || c.SolutionVersionArn != v.SolutionVersionArn {
		t.Errorf("the campaign is %+v", c)
	}
	if got := fmt.Sprint(f.recommended(campaign, "u3", 3)); got != "[i0 i1 i2]" {
		t.Errorf("recommended %s", got)
	}
}

// cutOff is a store whose trainings cannot be finished while err is set.
type cutOff struct {
	control.Store
	err error
}

func (c *cutOff) FinishSolutionVersion(ctx context.Context, arn, recipe bespoke.ARN, reason string) error {
	if c.err != nil {
		return c.err
	}
	return c.Store.FinishSolutionVersion(ctx, arn, recipe, reason)
}

// model returns the file of a version's artifact.
func (f *fixture) model(version string) ([]byte, error) { return os.ReadFile(f.modelPath(version)) }

func (f *fixture) modelPath(version string) string {
	return filepath.Join(f.models, strings.ReplaceAll(bespoke.ARN(version).Name(), "/", ".")+".model")
}

// TestTrainingAgain trains a version whose first training was cut off after
// the artifact was published, and finds the same artifact and what the first
// training read, although the dataset has changed.
func TestTrainingAgain(t *testing.T) {
	t.Parallel()
	store := &cutOff{err: errors.New("the process ends here")}
	f := open(t, func(c *control.Config) {
		c.KeepSnapshots = 0
		store.Store, c.Store = c.Store, store
	})
	dataset := f.interacted("shop", 30)
	out, err := f.CreateSolutionVersion(f.ctx, &wire.CreateSolutionVersionRequest{SolutionArn: f.solution("shop", nil)})
	f.must(err)
	arn := out.SolutionVersionArn
	if err := f.service.Advance(f.ctx, bespoke.ARN(arn)); !errors.Is(err, store.err) {
		t.Fatalf("got %v", err)
	}
	first, err := f.model(arn)
	f.must(err)
	f.imported("more", dataset, historyCSV(40), bespoke.Active)
	store.err = nil
	f.advance(arn)
	second, err := f.model(arn)
	f.must(err)
	if !bytes.Equal(first, second) {
		t.Error("the second training made another model")
	}
	p, err := f.service.TrainingProgress(f.ctx, bespoke.ARN(arn))
	f.must(err)
	if p.Status != bespoke.Active || p.Inputs[0].Rows != 465 {
		t.Errorf("the progress is %+v", p)
	}
	table, err := f.tables.Table(f.ctx, bespoke.ARN(dataset))
	f.must(err)
	if tags, err := table.Tags(f.ctx); err != nil || len(tags) != 0 {
		t.Errorf("the tags %v stay, %v", tags, err)
	}
}

// killed is a store whose process ends when a training has just been finished.
type killed struct {
	control.Store
	err error
}

func (k *killed) FinishSolutionVersion(ctx context.Context, arn, recipe bespoke.ARN, reason string) error {
	return errors.Join(k.Store.FinishSolutionVersion(ctx, arn, recipe, reason), k.err)
}

// A training that was finished just before a kill lets the states go that it read.
func TestTrainingFinishedAndKilled(t *testing.T) {
	t.Parallel()
	store := &killed{err: errors.New("the process ends here")}
	f := open(t, func(c *control.Config) { store.Store, c.Store = c.Store, store })
	dataset := f.interacted("shop", 30)
	out, err := f.CreateSolutionVersion(f.ctx, &wire.CreateSolutionVersionRequest{SolutionArn: f.solution("shop", nil)})
	f.must(err)
	if err := f.service.Advance(f.ctx, bespoke.ARN(out.SolutionVersionArn)); !errors.Is(err, store.err) {
		t.Fatalf("got %v", err)
	}
	f.advance(out.SolutionVersionArn)
	table, err := f.tables.Table(f.ctx, bespoke.ARN(dataset))
	f.must(err)
	if tags, err := table.Tags(f.ctx); err != nil || len(tags) != 0 {
		t.Errorf("the tags %v stay, %v", tags, err)
	}
}

// A training whose states a deletion has taken reads those without the users.
func TestTrainingAfterDeletion(t *testing.T) {
	t.Parallel()
	store := &cutOff{err: errors.New("the process ends here")}
	f := open(t, func(c *control.Config) { store.Store, c.Store = c.Store, store })
	f.interacted("shop", 30)
	out, err := f.CreateSolutionVersion(f.ctx, &wire.CreateSolutionVersionRequest{SolutionArn: f.solution("shop", nil)})
	f.must(err)
	arn := out.SolutionVersionArn
	if err := f.service.Advance(f.ctx, bespoke.ARN(arn)); !errors.Is(err, store.err) {
		t.Fatalf("got %v", err)
	}
	before, err := f.service.TrainingProgress(f.ctx, bespoke.ARN(arn))
	f.must(err)
	job, err := f.deleteUsers("forget", "shop", f.put("lists/forget.csv", "USER_ID\n"+strings.Split(strings.Split(historyCSV(1), "\n")[1], ",")[0]+"\n"), f.reader())
	f.must(err)
	f.advance(job)
	store.err = nil
	f.advance(arn)
	after, err := f.service.TrainingProgress(f.ctx, bespoke.ARN(arn))
	f.must(err)
	if after.Status != bespoke.Active || after.Inputs[0].Snapshot == before.Inputs[0].Snapshot || after.Inputs[0].Rows >= before.Inputs[0].Rows {
		t.Errorf("the training reads %+v, before the deletion %+v; it is %s: %s", after.Inputs, before.Inputs, after.Status, after.FailureReason)
	}
}

// TestTrainingWithoutData cannot succeed, and says why.
func TestTrainingWithoutData(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	f.dataset("empty", "Interactions", interactions)
	v := f.trained(f.solution("empty", nil), bespoke.CreateFailed)
	if !strings.HasPrefix(v.FailureReason, "Create failed. There are no interactions to learn from.") {
		t.Errorf("the reason is %q", v.FailureReason)
	}
	f.group("bare", "")
	_, err := f.CreateSolutionVersion(f.ctx, &wire.CreateSolutionVersionRequest{SolutionArn: f.solution("bare", nil)})
	f.refused(err, bespoke.InvalidInput, "no ACTIVE Interactions dataset")
	_, err = f.GetSolutionMetrics(f.ctx, &wire.GetSolutionMetricsRequest{SolutionVersionArn: v.SolutionVersionArn})
	f.refused(err, bespoke.InUse, "CREATE FAILED")
}

// TestTrainingStrict refuses to train on less than Amazon does.
func TestTrainingStrict(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *control.Config) { c.Limits.TrainInteractions, c.Limits.TrainUsers = 1000, 25 })
	f.interacted("few", 30)
	v := f.trained(f.solution("few", nil), bespoke.CreateFailed)
	if v.FailureReason != "Create failed. Dataset has fewer than 1000 interactions after filtering: it has 465." {
		t.Errorf("the reason is %q", v.FailureReason)
	}
}

// TestObserveTraining tells of the begin and the end of trainings, with the time of
// the phases of good ones.
func TestObserveTraining(t *testing.T) {
	t.Parallel()
	var seen []control.Trained
	f := open(t, func(c *control.Config) {
		c.ObserveTraining = func(t control.Trained) { seen = append(seen, t) }
	})
	f.dataset("empty", "Interactions", interactions)
	f.trained(f.solution("empty", nil), bespoke.CreateFailed)
	f.interacted("shop", 30)
	f.trained(f.solution("shop", nil), bespoke.Active)
	var got []string
	for _, s := range seen {
		got = append(got, fmt.Sprint(s.Recipe, " ", s.Status, " ", len(s.Phases), " ", s.Took > 0))
	}
	want := "aws-popularity-count CREATE IN_PROGRESS 0 true, aws-popularity-count CREATE FAILED 0 true, " +
		"aws-popularity-count CREATE IN_PROGRESS 0 true, aws-popularity-count ACTIVE 3 true"
	if strings.Join(got, ", ") != want {
		t.Errorf("observed %s, want %s", strings.Join(got, ", "), want)
	}
}
