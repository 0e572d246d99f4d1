package storetest

import (
	"testing"

	"bespoke"
	"bespoke/store"
)

func createDataset(t *testing.T, f *fixture) {
	ctx := t.Context()
	group, pending := f.group("shop"), scope.DatasetGroup("pending")
	schema := f.schema("s")
	f.ok(f.CreateDatasetGroup(ctx, bespoke.DatasetGroup{Name: "pending", ARN: pending}, nil, 0))

	want := dataset(group, schema, bespoke.ActionInteractions)
	want.TrackingID = "820029aa-b00c-4eff-9e6f-60830bb68508"
	now := f.clock.tick()
	f.queued(1, func() {
		f.ok(f.CreateDataset(ctx, want, []bespoke.Tag{{Key: "k", Value: ""}}))
	})
	want.Status = bespoke.CreatePending
	want.Created, want.Updated = now, now
	got, err := f.Dataset(ctx, want.ARN)
	f.ok(err)
	f.equal(got, want)

	f.queued(0, func() {
		fails(f, f.CreateDataset(ctx, want, nil), &store.ExistsError{ARN: want.ARN})
		d := dataset(scope.DatasetGroup("none"), schema, bespoke.Items)
		fails(f, f.CreateDataset(ctx, d, nil), &store.NotFoundError{ARN: d.GroupARN})
		d = dataset(group, scope.Schema("none"), bespoke.Items)
		fails(f, f.CreateDataset(ctx, d, nil), &store.NotFoundError{ARN: d.SchemaARN})
		d = dataset(pending, schema, bespoke.Items)
		fails(f, f.CreateDataset(ctx, d, nil), &store.StateError{ARN: pending, Status: bespoke.CreatePending})
		_, err = f.Dataset(ctx, d.ARN)
		f.gone(d.ARN, err)
	})
}

func updateDataset(t *testing.T, f *fixture) {
	ctx := t.Context()
	arn, next := f.items("shop"), f.schema("next")
	d, err := f.Dataset(ctx, arn)
	f.ok(err)
	if d.Update != nil {
		t.Fatalf("update before the first = %+v", d.Update)
	}
	began := f.clock.tick()
	f.queued(1, func() { f.ok(f.UpdateDataset(ctx, arn, next)) })
	check := func(status, update bespoke.Status, schema bespoke.ARN, changed bespoke.Times) {
		t.Helper()
		d, err := f.Dataset(ctx, arn)
		f.ok(err)
		f.equal([]any{d.Status, d.SchemaARN, d.Updated}, []any{status, schema, changed.Updated})
		f.equal(*d.Update, bespoke.DatasetUpdate{SchemaARN: next, Status: update, Times: changed})
	}
	check(bespoke.UpdatePending, bespoke.UpdatePending, d.SchemaARN, bespoke.Times{Created: began, Updated: began})
	fails(f, f.UpdateDataset(ctx, arn, next), &store.StateError{ARN: arn, Status: bespoke.UpdatePending})
	fails(f, f.FinishUpdate(ctx, arn, ""), &store.StateError{ARN: arn, Status: bespoke.UpdatePending})
	moved := f.clock.tick()
	f.ok(f.Move(ctx, arn, bespoke.UpdatePending, bespoke.UpdateInProgress, ""))
	check(bespoke.UpdateInProgress, bespoke.UpdateInProgress, d.SchemaARN, bespoke.Times{Created: began, Updated: moved})
	ended := f.clock.tick()
	f.ok(f.FinishUpdate(ctx, arn, ""))
	check(bespoke.Active, bespoke.Active, next, bespoke.Times{Created: began, Updated: ended})
	fails(f, f.FinishUpdate(ctx, arn, ""), &store.StateError{ARN: arn, Status: bespoke.Active})
}

func updateFails(t *testing.T, f *fixture) {
	ctx := t.Context()
	arn, next := f.items("shop"), f.schema("next")
	f.ok(f.UpdateDataset(ctx, arn, next))
	f.ok(f.FinishUpdate(ctx, arn, "no disk"))
	d, err := f.Dataset(ctx, arn)
	f.ok(err)
	f.equal([]any{d.Status, d.SchemaARN}, []any{bespoke.Active, scope.Schema("shop-schema")})
	f.equal([]any{d.Update.Status, d.Update.FailureReason, d.Update.SchemaARN}, []any{bespoke.CreateFailed, "no disk", next})
	f.ok(f.UpdateDataset(ctx, arn, next))
	d, err = f.Dataset(ctx, arn)
	f.ok(err)
	f.equal(d.Update.FailureReason, "")
}

func updateRefused(t *testing.T, f *fixture) {
	ctx := t.Context()
	arn, next := f.items("shop"), f.schema("next")
	f.queued(0, func() {
		fails(f, f.UpdateDataset(ctx, arn, scope.Schema("none")), &store.NotFoundError{ARN: scope.Schema("none")})
		none := scope.Dataset("none", bespoke.Items)
		fails(f, f.UpdateDataset(ctx, none, next), &store.NotFoundError{ARN: none})
	})
	job := f.importing("j", arn)
	fails(f, f.UpdateDataset(ctx, arn, next), &store.InUseError{ARN: arn, By: job})
	d, err := f.Dataset(ctx, arn)
	f.ok(err)
	f.equal(d.Status, bespoke.Active)
	f.ok(f.FinishImportJob(ctx, job, ""))
	f.ok(f.UpdateDataset(ctx, arn, next))
	fails(f, f.CreateImportJob(ctx, importJob("k", arn), nil, 0), &store.StateError{ARN: arn, Status: bespoke.UpdatePending})
}

func deleteDataset(t *testing.T, f *fixture) {
	ctx := t.Context()
	arn, other := f.items("shop"), f.items("other")
	done, kept := f.importing("done", arn), f.importing("kept", other)
	f.ok(f.Tag(ctx, done, []bespoke.Tag{{Key: "k"}}))
	f.ok(f.Tag(ctx, kept, []bespoke.Tag{{Key: "k"}}))
	f.ok(f.SaveReport(ctx, done, store.Report{Rows: 1}))
	f.queued(0, func() {
		fails(f, f.DeleteDataset(ctx, arn), &store.InUseError{ARN: arn, By: done})
	})
	f.ok(f.FinishImportJob(ctx, done, ""))
	f.queued(1, func() { f.ok(f.DeleteDataset(ctx, arn)) })
	fails(f, f.DeleteDataset(ctx, arn), &store.StateError{ARN: arn, Status: bespoke.DeletePending})
	fails(f, f.CreateImportJob(ctx, importJob("late", arn), nil, 0), &store.StateError{ARN: arn, Status: bespoke.DeletePending})
	f.ok(f.Move(ctx, arn, bespoke.DeletePending, bespoke.DeleteInProgress, ""))
	f.ok(f.FinishDelete(ctx, arn))
	_, err := f.Dataset(ctx, arn)
	f.gone(arn, err)
	_, err = f.ImportJob(ctx, done)
	f.gone(done, err)
	_, _, err = f.Report(ctx, done)
	fails(f, err, &store.NotFoundError{ARN: done})
	tags, err := f.Tags(ctx, kept)
	f.ok(err)
	f.equal(len(tags), 1)
	jobs, _, err := f.ImportJobs(ctx, "", store.Page{Limit: 10})
	f.ok(err)
	f.equal(len(jobs), 1)
}
