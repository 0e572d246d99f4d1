package control_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/control"
)

// TestStopTraining stops versions before and in their training.
func TestStopTraining(t *testing.T) {
	t.Parallel()
	store := &cutOff{err: errors.New("the process ends here")}
	var seen []bespoke.Status
	f := open(t, func(c *control.Config) {
		store.Store, c.Store = c.Store, store
		c.ObserveTraining = func(t control.Trained) { seen = append(seen, t.Status) }
	})
	f.interacted("shop", 30)
	solution := f.solution("shop", nil)
	create := func() string {
		t.Helper()
		out, err := f.CreateSolutionVersion(f.ctx, &wire.CreateSolutionVersionRequest{SolutionArn: solution})
		f.must(err)
		return out.SolutionVersionArn
	}
	stop := func(arn string) error {
		return f.StopSolutionVersionCreation(f.ctx, &wire.StopSolutionVersionCreationRequest{SolutionVersionArn: arn})
	}
	pending := create()
	f.must(stop(pending))
	f.advance(pending)
	if v := f.version(pending); v.Status != "CREATE STOPPED" {
		t.Errorf("the pending version is %s", v.Status)
	}
	f.refused(stop(pending), bespoke.InUse, "CREATE STOPPED")
	_, err := f.CreateCampaign(f.ctx, &wire.CreateCampaignRequest{Name: "c", SolutionVersionArn: pending})
	f.refused(err, bespoke.InUse, "CREATE STOPPED. Create another version of its solution.")

	begun := create()
	if err := f.service.Advance(f.ctx, bespoke.ARN(begun)); !errors.Is(err, store.err) {
		t.Fatalf("got %v", err)
	}
	f.must(stop(begun))
	if v := f.version(begun); v.Status != "CREATE STOPPING" {
		t.Errorf("the version in training is %s", v.Status)
	}
	f.advance(begun)
	if v := f.version(begun); v.Status != "CREATE STOPPED" {
		t.Errorf("the version in training is %s", v.Status)
	}
	if _, err := f.model(begun); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its artifact: %v", err)
	}
	// The one that was stopped before it began is not there.
	if got := fmt.Sprint(seen); got != "[CREATE IN_PROGRESS CREATE STOPPED]" {
		t.Errorf("observed %s", got)
	}
}

// stopping is a store whose trainings are stopped at the moment when they begin.
type stopping struct{ control.Store }

func (s *stopping) Move(ctx context.Context, arn bespoke.ARN, from, to bespoke.Status, reason string) error {
	if arn.Kind() == "solution-version" && to == bespoke.CreateInProgress {
		if err := s.StopSolutionVersion(ctx, arn); err != nil {
			return err
		}
	}
	return s.Store.Move(ctx, arn, from, to, reason)
}

// TestStopTrainingAsItBegins stops a version that is about to be CREATE IN_PROGRESS,
// which is no failure of its job.
func TestStopTrainingAsItBegins(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *control.Config) { c.Store = &stopping{c.Store} })
	f.interacted("shop", 30)
	f.trained(f.solution("shop", nil), bespoke.CreateStopped)
}
