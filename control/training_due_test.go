package control_test

import (
	"testing"
	"time"

	"bespoke"
	"bespoke/awsapi/wire"
)

// TestTrainDue trains when the time has come and there is something new.
func TestTrainDue(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.interacted("shop", 30)
	solution := f.solution("shop", func(in *wire.CreateSolutionRequest) {
		in.SolutionConfig = &wire.SolutionConfig{AutoTrainingConfig: &wire.AutoTrainingConfig{SchedulingExpression: "rate(2 days)"}}
	})
	count := func(want int) {
		t.Helper()
		f.must(f.service.TrainDue(f.ctx))
		out, err := f.ListSolutionVersions(f.ctx, &wire.ListSolutionVersionsRequest{SolutionArn: solution})
		f.must(err)
		if len(out.SolutionVersions) != want {
			t.Fatalf("%d versions, want %d", len(out.SolutionVersions), want)
		}
		if want > 0 {
			if v := out.SolutionVersions[0]; v.TrainingType != "AUTOMATIC" || v.TrainingMode != "FULL" {
				t.Errorf("the newest version is %+v", v)
			}
			f.advance(out.SolutionVersions[0].SolutionVersionArn)
		}
	}
	later := func(d time.Duration) { f.ahead.Add(int64(d)) }
	count(0)
	later(bespoke.FirstTraining + time.Minute)
	count(1)
	later(25 * time.Hour)
	count(1) // two days have not passed
	later(25 * time.Hour)
	count(1) // nothing is new
	f.imported("more", dataset, historyCSV(31), bespoke.Active)
	count(1) // the period has begun anew
	later(49 * time.Hour)
	job := f.accepted("unfinished", dataset, f.put("unfinished.csv", historyCSV(32)))
	count(1) // it waits for the import
	f.advance(job)
	count(2)
	// Nothing is new yet, but comes: no period is lost.
	later(49 * time.Hour)
	job = f.accepted("late", dataset, f.put("late.csv", historyCSV(33)))
	count(2)
	f.advance(job)
	count(3)
}
