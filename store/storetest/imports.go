package storetest

import (
	"slices"
	"testing"
	"time"

	"bespoke"
	"bespoke/store"
)

func createImport(t *testing.T, f *fixture) {
	ctx := t.Context()
	want := importJob("j", f.items("shop"))
	want.Location, want.RoleARN, want.CallerARN = "s3://bucket/folder/", "arn:aws:iam::123456789012:role/r", scope.Root()
	want.PublishMetrics = true
	want.Objects = nil
	for i := range 10_000 {
		want.Objects = append(want.Objects, bespoke.Object{
			Bucket: "bucket", Key: numbered("folder/<é> & \"part\"", i), ETag: `"5d41402abc4b2a76b9719d911017c592"`, Size: 5<<40 + int64(i),
		})
	}
	now := f.clock.tick()
	f.queued(1, func() { f.ok(f.CreateImportJob(ctx, want, []bespoke.Tag{{Key: "k", Value: "v"}}, 1)) })
	want.Status = bespoke.CreatePending
	want.Created, want.Updated = now, now
	got, err := f.ImportJob(ctx, want.ARN)
	f.ok(err)
	if !slices.Equal(got.Objects, want.Objects) {
		t.Fatalf("%d objects came back different", len(got.Objects))
	}
	got.Objects, want.Objects = nil, nil
	f.equal(got, want)
	listed, _, err := f.ImportJobs(ctx, want.DatasetARN, store.Page{Limit: 1})
	f.ok(err)
	f.equal(listed, []bespoke.ImportJob{want})
	fails(f, f.CreateImportJob(ctx, want, nil, 1), &store.ExistsError{ARN: want.ARN})
}

func importRefused(t *testing.T, f *fixture) {
	ctx := t.Context()
	arn := f.items("shop")
	f.queued(0, func() {
		none := scope.Dataset("none", bespoke.Items)
		fails(f, f.CreateImportJob(ctx, importJob("j", none), nil, 0), &store.NotFoundError{ARN: none})
		j := importJob("j", arn)
		j.Mode = bespoke.Incremental
		fails(f, f.CreateImportJob(ctx, j, nil, 0), &store.NotImportedError{ARN: arn})
	})
	f.ok(f.FinishImportJob(ctx, f.importing("failed", arn), "bad rows"))
	j := importJob("j", arn)
	j.Mode = bespoke.Incremental
	fails(f, f.CreateImportJob(ctx, j, nil, 0), &store.NotImportedError{ARN: arn})
	f.ok(f.FinishImportJob(ctx, f.importing("full", arn), ""))
	f.ok(f.CreateImportJob(ctx, j, nil, 0))
}

func importQuota(t *testing.T, f *fixture) {
	ctx := t.Context()
	a, b := f.items("a"), f.items("b")
	first := f.importing("1", a)
	f.importing("2", b)
	fails(f, f.CreateImportJob(ctx, importJob("3", b), nil, 2), &store.LimitError{Quota: store.ImportJobQuota, Limit: 2})
	f.ok(f.FinishImportJob(ctx, first, ""))
	f.ok(f.CreateImportJob(ctx, importJob("3", b), nil, 2))
}

func importOrder(t *testing.T, f *fixture) {
	ctx := t.Context()
	arn, other := f.items("shop"), f.items("other")
	// The clock stands still: the order is that of acceptance all the same.
	names := []string{"z", "b", "y", "a"}
	for _, n := range names {
		f.ok(f.CreateImportJob(ctx, importJob(n, arn), nil, 0))
	}
	f.importing("elsewhere", other)
	for i, n := range names {
		next, ok, err := f.NextImportJob(ctx, arn)
		f.ok(err)
		f.equal([]any{next, ok}, []any{scope.ImportJob(n), true})
		f.ok(f.Move(ctx, next, bespoke.CreatePending, bespoke.CreateInProgress, ""))
		waiting := min(1, len(names)-1-i)
		f.queued(waiting, func() { f.ok(f.FinishImportJob(ctx, next, "")) })
	}
	_, ok, err := f.NextImportJob(ctx, arn)
	f.ok(err)
	f.equal(ok, false)
}

// importRuns counts the runs of a job that did not end.
func importRuns(t *testing.T, f *fixture) {
	ctx := t.Context()
	j := importJob("j", f.items("shop"))
	f.ok(f.CreateImportJob(ctx, j, nil, 0))
	stands := func(status bespoke.Status, begun int) {
		t.Helper()
		got, err := f.ImportJob(ctx, j.ARN)
		f.ok(err)
		f.equal([]any{got.Status, got.Begun}, []any{status, begun})
	}
	f.ok(f.SuspendRun(ctx, j.ARN))
	stands(bespoke.CreatePending, 0)
	f.queued(0, func() { f.ok(f.BeginRun(ctx, j.ARN)) })
	stands(bespoke.CreateInProgress, 1)
	f.ok(f.SuspendRun(ctx, j.ARN))
	stands(bespoke.CreateInProgress, 0)
	for range 3 {
		f.ok(f.BeginRun(ctx, j.ARN))
	}
	stands(bespoke.CreateInProgress, 3)
	f.ok(f.FinishImportJob(ctx, j.ARN, "enough"))
	fails(f, f.BeginRun(ctx, j.ARN), &store.StateError{ARN: j.ARN, Status: bespoke.CreateFailed})
	none := scope.ImportJob("none")
	fails(f, f.BeginRun(ctx, none), &store.NotFoundError{ARN: none})
	fails(f, f.SuspendRun(ctx, none), &store.NotFoundError{ARN: none})
}

func importFails(t *testing.T, f *fixture) {
	ctx := t.Context()
	arn := f.items("shop")
	running := f.importing("running", arn)
	f.ok(f.FinishImportJob(ctx, running, "42 bad rows"))
	j, err := f.ImportJob(ctx, running)
	f.ok(err)
	f.equal([]any{j.Status, j.FailureReason}, []any{bespoke.CreateFailed, "42 bad rows"})
	d, err := f.Dataset(ctx, arn)
	f.ok(err)
	f.equal(d.Imported, false)
	fails(f, f.FinishImportJob(ctx, running, ""), &store.StateError{ARN: running, Status: bespoke.CreateFailed})

	// One that has not begun can fail, and cannot succeed.
	pending := importJob("pending", arn)
	f.ok(f.CreateImportJob(ctx, pending, nil, 0))
	fails(f, f.FinishImportJob(ctx, pending.ARN, ""), &store.StateError{ARN: pending.ARN, Status: bespoke.CreatePending})
	f.ok(f.FinishImportJob(ctx, pending.ARN, "given up"))

	f.ok(f.FinishImportJob(ctx, f.importing("good", arn), ""))
	d, err = f.Dataset(ctx, arn)
	f.ok(err)
	f.equal(d.Imported, true)
	f.ok(f.FinishImportJob(ctx, f.importing("bad", arn), "bad"))
	d, err = f.Dataset(ctx, arn)
	f.ok(err)
	f.equal(d.Imported, true)
}

func importReport(t *testing.T, f *fixture) {
	ctx := t.Context()
	arn := f.importing("j", f.items("shop"))
	_, ok, err := f.Report(ctx, arn)
	f.ok(err)
	f.equal(ok, false)
	want := store.Report{Bytes: 1 << 40, Rows: 10, Accepted: 4, Replaced: 2, Duplicate: 1, Rejected: 5}
	for i := range 1000 {
		want.Bad = append(want.Bad, store.BadRow{Object: "s3://b/k", Line: int64(i) + 2, Column: "TIMESTAMP", Value: "\"<é>\x01", Reason: "a long"})
	}
	want.Warnings = []string{"extra column"}
	want.Phases = []store.Phase{{Name: "read", Started: f.clock.tick(), Took: 1500 * time.Millisecond}}
	f.ok(f.SaveReport(ctx, arn, store.Report{Rows: 3}))
	f.ok(f.SaveReport(ctx, arn, want))
	got, ok, err := f.Report(ctx, arn)
	f.ok(err)
	f.equal(ok, true)
	f.equal(got, want)
	none := scope.ImportJob("none")
	fails(f, f.SaveReport(ctx, none, want), &store.NotFoundError{ARN: none})
	_, _, err = f.Report(ctx, none)
	fails(f, err, &store.NotFoundError{ARN: none})
}

func moveRefused(t *testing.T, f *fixture) {
	ctx := t.Context()
	group := f.group("shop")
	d := f.items("items")
	job := f.importing("j", d)
	refused := func(arn bespoke.ARN, from, to bespoke.Status) {
		t.Helper()
		if err := f.Move(ctx, arn, from, to, ""); err == nil {
			t.Errorf("%s moved from %s to %s", arn, from, to)
		}
	}
	refused(group, bespoke.Active, bespoke.CreatePending)  // against the life cycle
	refused(group, bespoke.CreatePending, bespoke.Active)  // skips a step
	refused(group, bespoke.Active, bespoke.DeletePending)  // has guards
	refused(d, bespoke.Active, bespoke.UpdatePending)      // needs a schema
	refused(job, bespoke.CreateInProgress, bespoke.Active) // marks the dataset
	refused(job, bespoke.CreateInProgress, bespoke.CreateFailed)
	refused(scope.Schema("items-schema"), bespoke.CreatePending, bespoke.CreateInProgress) // has no status
	none := scope.DatasetGroup("none")
	fails(f, f.Move(ctx, none, bespoke.CreatePending, bespoke.CreateInProgress, ""), &store.NotFoundError{ARN: none})
	fails(f, f.FinishDelete(ctx, job), &store.StateError{ARN: job, Status: bespoke.CreateInProgress})
}
