package storetest

import (
	"testing"
	"time"

	"bespoke"
	"bespoke/store"
)

const sims bespoke.ARN = "arn:aws:personalize:::recipe/aws-sims"

func solution(name string, group bespoke.ARN) bespoke.Solution {
	return bespoke.Solution{
		Name: name, ARN: scope.Solution(name), GroupARN: group, RecipeARN: sims, Config: "{}",
	}
}

// solution makes an ACTIVE solution with automatic training every day.
func (f *fixture) solution(name string, group bespoke.ARN) bespoke.ARN {
	f.Helper()
	v := solution(name, group)
	v.TrainEvery = 24 * time.Hour
	f.ok(f.CreateSolution(f.Context(), v, nil, 0))
	f.activate(v.ARN)
	return v.ARN
}

func version(solution bespoke.ARN, id string) bespoke.SolutionVersion {
	return bespoke.SolutionVersion{
		Name: "v" + id, ARN: solution + "/" + bespoke.ARN(id), SolutionARN: solution,
		Mode: bespoke.TrainFull, Type: bespoke.TrainManual, Seed: -42,
	}
}

// training makes a version and begins its training.
func (f *fixture) training(solution bespoke.ARN, id string) bespoke.ARN {
	f.Helper()
	v := version(solution, id)
	f.ok(f.CreateSolutionVersion(f.Context(), v, nil, 0))
	f.ok(f.Move(f.Context(), v.ARN, bespoke.CreatePending, bespoke.CreateInProgress, ""))
	return v.ARN
}

// version makes an ACTIVE version.
func (f *fixture) version(solution bespoke.ARN, id string) bespoke.ARN {
	f.Helper()
	arn := f.training(solution, id)
	f.ok(f.FinishSolutionVersion(f.Context(), arn, sims, ""))
	return arn
}

func createSolution(t *testing.T, f *fixture) {
	ctx := t.Context()
	want := solution("s", f.group("shop"))
	want.PerformHPO, want.EventType, want.Config, want.TrainEvery = true, "View <é>", `{"eventValueThreshold":"1"}`, 72*time.Hour
	none := solution("n", scope.DatasetGroup("none"))
	fails(f, f.CreateSolution(ctx, none, nil, 0), &store.NotFoundError{ARN: none.GroupARN})
	now := f.clock.tick()
	f.queued(1, func() { f.ok(f.CreateSolution(ctx, want, []bespoke.Tag{{Key: "k", Value: "v"}}, 1)) })
	want.Status, want.Created, want.Updated = bespoke.CreatePending, now, now
	want.NextTraining = now.Add(bespoke.FirstTraining)
	got, err := f.Solution(ctx, want.ARN)
	f.ok(err)
	f.equal(got, want)
	listed, _, err := f.Solutions(ctx, want.GroupARN, store.Page{Limit: 1})
	f.ok(err)
	f.equal(listed, []bespoke.Solution{want})
	fails(f, f.CreateSolution(ctx, want, nil, 0), &store.ExistsError{ARN: want.ARN})
	fails(f, f.CreateSolution(ctx, solution("other", want.GroupARN), nil, 1), &store.LimitError{Quota: store.SolutionQuota, Limit: 1})
	f.ok(f.CreateSolution(ctx, solution("other", f.group("second")), nil, 1))
	fails(f, f.CreateSolutionVersion(ctx, version(want.ARN, "1"), nil, 0), &store.StateError{ARN: want.ARN, Status: bespoke.CreatePending})
}

func updateSolution(t *testing.T, f *fixture) {
	ctx := t.Context()
	arn := f.solution("s", f.group("shop"))
	u := bespoke.SolutionUpdate{PerformAutoTraining: new(true), Sent: `{"a":1}`, Config: `{"b":2}`, TrainEvery: 48 * time.Hour}
	began := f.clock.tick()
	f.queued(1, func() { f.ok(f.UpdateSolution(ctx, arn, u)) })
	u.Status, u.Created, u.Updated = bespoke.CreatePending, began, began
	got, err := f.Solution(ctx, arn)
	f.ok(err)
	f.equal(*got.Update, u)
	f.equal([]any{got.Config, got.TrainEvery}, []any{"{}", 24 * time.Hour})
	fails(f, f.UpdateSolution(ctx, arn, u), &store.StateError{ARN: arn, Status: bespoke.CreatePending})
	fails(f, f.DeleteSolution(ctx, arn), &store.StateError{ARN: arn, Status: bespoke.CreatePending})
	f.ok(f.BeginUpdate(ctx, arn))
	ended := f.clock.tick()
	f.ok(f.FinishUpdate(ctx, arn, ""))
	got, err = f.Solution(ctx, arn)
	f.ok(err)
	f.equal([]any{got.Config, got.TrainEvery, got.NextTraining}, []any{u.Config, u.TrainEvery, ended.Add(bespoke.FirstTraining)})
	f.equal(got.Update.Status, bespoke.Active)
	fails(f, f.FinishUpdate(ctx, arn, ""), &store.StateError{ARN: arn, Status: bespoke.Active})

	// One that is given up changes nothing; switching off ends the schedule.
	f.ok(f.UpdateSolution(ctx, arn, bespoke.SolutionUpdate{Sent: "{}", Config: "{}", TrainEvery: time.Hour}))
	f.ok(f.GiveUp(ctx, arn, "disk"))
	got, err = f.Solution(ctx, arn)
	f.ok(err)
	f.equal([]any{got.Status, got.Config, got.Update.Status, got.Update.FailureReason, got.Update.PerformAutoTraining},
		[]any{bespoke.Active, u.Config, bespoke.CreateFailed, "disk", (*bool)(nil)})
	f.ok(f.UpdateSolution(ctx, arn, bespoke.SolutionUpdate{PerformAutoTraining: new(false), Sent: "{}", Config: "{}"}))
	f.ok(f.FinishUpdate(ctx, arn, ""))
	got, err = f.Solution(ctx, arn)
	f.ok(err)
	f.equal(got.NextTraining, time.Time{})
}

func createVersion(t *testing.T, f *fixture) {
	ctx := t.Context()
	group := f.group("shop")
	arn := f.solution("s", group)
	want := version(arn, "1")
	now := f.clock.tick()
	f.queued(1, func() { f.ok(f.CreateSolutionVersion(ctx, want, []bespoke.Tag{{Key: "k"}}, 1)) })
	want.GroupARN, want.RecipeARN, want.Config = group, sims, "{}"
	want.Status, want.Created, want.Updated = bespoke.CreatePending, now, now
	got, err := f.SolutionVersion(ctx, want.ARN)
	f.ok(err)
	f.equal(got, want)
	fails(f, f.CreateSolutionVersion(ctx, want, nil, 0), &store.ExistsError{ARN: want.ARN})
	fails(f, f.CreateSolutionVersion(ctx, version(arn, "2"), nil, 1), &store.LimitError{Quota: store.TrainingQuota, Limit: 1})
	_, ok, err := f.LatestSolutionVersion(ctx, arn)
	f.ok(err)
	f.equal(ok, false)

	f.ok(f.Move(ctx, want.ARN, bespoke.CreatePending, bespoke.CreateInProgress, ""))
	_, ok, err = f.Training(ctx, want.ARN)
	f.ok(err)
	f.equal(ok, false)
	tr := store.Training{
		Inputs: []store.Input{{Dataset: scope.Dataset("shop", bespoke.Items), Type: bespoke.Items, Snapshot: 1<<62 + 1, Rows: 7, Read: now}},
		Hours:  0.25, Metrics: map[string]float64{"coverage": 0.5}, Warnings: []string{"few"},
	}
	f.ok(f.SaveTraining(ctx, want.ARN, tr))
	f.ok(f.FinishSolutionVersion(ctx, want.ARN, sims, ""))
	saved, ok, err := f.Training(ctx, want.ARN)
	f.ok(err)
	f.equal(ok, true)
	f.equal(saved, tr)
	latest, ok, err := f.LatestSolutionVersion(ctx, arn)
	f.ok(err)
	f.equal([]any{latest.ARN, ok, latest.Status}, []any{want.ARN, true, bespoke.Active})
	fails(f, f.FinishSolutionVersion(ctx, want.ARN, sims, "late"), &store.StateError{ARN: want.ARN, Status: bespoke.Active})
	none := arn + "/none"
	fails(f, f.SaveTraining(ctx, none, tr), &store.NotFoundError{ARN: none})
	_, _, err = f.Training(ctx, none)
	fails(f, err, &store.NotFoundError{ARN: none})
}

// versionChoosesRecipe has versions without a recipe until they are ACTIVE.
func versionChoosesRecipe(t *testing.T, f *fixture) {
	ctx := t.Context()
	automatic := solution("s", f.group("shop"))
	automatic.RecipeARN = ""
	f.ok(f.CreateSolution(ctx, automatic, nil, 0))
	f.activate(automatic.ARN)
	for id, reason := range map[string]string{"1": "", "2": "no data"} {
		v := f.training(automatic.ARN, id)
		got, err := f.SolutionVersion(ctx, v)
		f.ok(err)
		f.equal(got.RecipeARN, bespoke.ARN(""))
		f.ok(f.FinishSolutionVersion(ctx, v, sims, reason))
		got, err = f.SolutionVersion(ctx, v)
		f.ok(err)
		want := sims
		if reason != "" {
			want = ""
		}
		f.equal(got.RecipeARN, want)
	}
	got, err := f.Solution(ctx, automatic.ARN)
	f.ok(err)
	f.equal([]any{got.RecipeARN, got.AutoML()}, []any{bespoke.ARN(""), true})
}

func versionWaitsForImports(t *testing.T, f *fixture) {
	ctx := t.Context()
	dataset := f.items("shop")
	arn := f.solution("s", scope.DatasetGroup("shop"))
	job := f.importing("j", dataset)
	fails(f, f.CreateSolutionVersion(ctx, version(arn, "1"), nil, 0), &store.ImportingError{Job: job})
	f.importing("elsewhere", f.items("other"))
	f.ok(f.FinishImportJob(ctx, job, ""))
	f.training(arn, "1")
	fails(f, f.DeleteDataset(ctx, dataset), &store.InUseError{ARN: dataset, By: arn + "/1"})
	fails(f, f.DeleteSolution(ctx, arn), &store.InUseError{ARN: arn, By: arn + "/1"})
	group := scope.DatasetGroup("shop")
	fails(f, f.DeleteDatasetGroup(ctx, group), &store.InUseError{ARN: group, By: arn})
}

func stopVersion(t *testing.T, f *fixture) {
	ctx := t.Context()
	arn := f.solution("s", f.group("shop"))
	status := func(arn bespoke.ARN, want bespoke.Status) {
		t.Helper()
		v, err := f.SolutionVersion(ctx, arn)
		f.ok(err)
		f.equal(v.Status, want)
	}
	pending := version(arn, "1")
	f.ok(f.CreateSolutionVersion(ctx, pending, nil, 0))
	f.queued(0, func() { f.ok(f.StopSolutionVersion(ctx, pending.ARN)) })
	status(pending.ARN, bespoke.CreateStopped)
	fails(f, f.StopSolutionVersion(ctx, pending.ARN), &store.StateError{ARN: pending.ARN, Status: bespoke.CreateStopped})

	running := f.training(arn, "2")
	f.queued(1, func() { f.ok(f.StopSolutionVersion(ctx, running)) })
	status(running, bespoke.CreateStopping)
	fails(f, f.FinishSolutionVersion(ctx, running, sims, ""), &store.StateError{ARN: running, Status: bespoke.CreateStopping})
	f.ok(f.Move(ctx, running, bespoke.CreateStopping, bespoke.CreateStopped, ""))

	given := f.training(arn, "3")
	f.ok(f.StopSolutionVersion(ctx, given))
	f.ok(f.GiveUp(ctx, given, "disk"))
	status(given, bespoke.CreateStopped)
}

// versionRuns counts the runs of a training that did not end.
func versionRuns(t *testing.T, f *fixture) {
	ctx := t.Context()
	v := version(f.solution("s", f.group("shop")), "1")
	f.ok(f.CreateSolutionVersion(ctx, v, nil, 0))
	stands := func(status bespoke.Status, begun int) {
		t.Helper()
		got, err := f.SolutionVersion(ctx, v.ARN)
		f.ok(err)
		f.equal([]any{got.Status, got.Begun}, []any{status, begun})
	}
	stands(bespoke.CreatePending, 0)
	f.ok(f.BeginRun(ctx, v.ARN))
	f.ok(f.BeginRun(ctx, v.ARN))
	stands(bespoke.CreateInProgress, 2)
	f.ok(f.SuspendRun(ctx, v.ARN))
	stands(bespoke.CreateInProgress, 1)
	f.ok(f.FinishSolutionVersion(ctx, v.ARN, sims, "enough"))
	f.ok(f.SuspendRun(ctx, v.ARN))
	f.ok(f.SuspendRun(ctx, v.ARN))
	stands(bespoke.CreateFailed, 0)
	fails(f, f.BeginRun(ctx, v.ARN), &store.StateError{ARN: v.ARN, Status: bespoke.CreateFailed})
	none := v.ARN + "none"
	fails(f, f.BeginRun(ctx, none), &store.NotFoundError{ARN: none})
	fails(f, f.SuspendRun(ctx, none), &store.NotFoundError{ARN: none})
}

func dueSolutions(t *testing.T, f *fixture) {
	ctx := t.Context()
	group := f.group("shop")
	arn := f.solution("s", group)
	manual := solution("manual", group)
	f.ok(f.CreateSolution(ctx, manual, nil, 0))
	f.activate(manual.ARN)
	due := func(want ...bespoke.ARN) {
		t.Helper()
		all, err := f.DueSolutions(ctx)
		f.ok(err)
		var got []bespoke.ARN
		for _, s := range all {
			got = append(got, s.ARN)
		}
		f.equal(got, want)
	}
	due()
	f.clock.forward(bespoke.FirstTraining)
	due(arn)
	v := f.training(arn, "1") // begins the period anew
	due()
	f.clock.forward(24 * time.Hour)
	due() // the version is still in training
	f.ok(f.FinishSolutionVersion(ctx, v, sims, "no data"))
	due(arn)
	f.ok(f.PostponeTraining(ctx, arn))
	due()
}

func deleteSolution(t *testing.T, f *fixture) {
	ctx := t.Context()
	arn := f.solution("s", f.group("shop"))
	v := f.version(arn, "1")
	c := campaign("c", v)
	f.ok(f.CreateCampaign(ctx, c, nil, 0))
	fails(f, f.DeleteSolution(ctx, arn), &store.InUseError{ARN: arn, By: c.ARN})
	f.deploy(c.ARN)
	f.ok(f.DeleteCampaign(ctx, c.ARN))
	f.ok(f.FinishDelete(ctx, c.ARN))
	_, err := f.Campaign(ctx, c.ARN)
	f.gone(c.ARN, err)
	f.ok(f.Tag(ctx, v, []bespoke.Tag{{Key: "k"}}))
	f.queued(1, func() { f.ok(f.DeleteSolution(ctx, arn)) })
	f.ok(f.FinishDelete(ctx, arn))
	_, err = f.Solution(ctx, arn)
	f.gone(arn, err)
	_, err = f.SolutionVersion(ctx, v)
	f.gone(v, err)
}
