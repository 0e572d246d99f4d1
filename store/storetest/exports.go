package storetest

import (
	"testing"

	"bespoke"
	"bespoke/store"
)

func exportJob(name string, dataset bespoke.ARN) bespoke.ExportJob {
	return bespoke.ExportJob{
		Name: name, ARN: scope.ExportJob(name), DatasetARN: dataset, IngestionMode: bespoke.PutRows,
		RoleARN: "arn:aws:iam::123456789012:role/r", Path: "s3://bucket/out",
	}
}

func createExport(t *testing.T, f *fixture) {
	ctx := t.Context()
	want := exportJob("j", f.items("shop"))
	want.IngestionMode, want.KMSKeyARN = bespoke.AllRows, "arn:aws:kms:us-east-1:123456789012:key/k"
	began := f.clock.tick()
	f.queued(1, func() { f.ok(f.CreateExportJob(ctx, want, []bespoke.Tag{{Key: "k", Value: "v"}}, 1)) })
	want.Status, want.Times = bespoke.CreatePending, bespoke.Times{Created: began, Updated: began}
	check := func() {
		t.Helper()
		got, err := f.ExportJob(ctx, want.ARN)
		f.ok(err)
		f.equal(got, want)
		listed, _, err := f.ExportJobs(ctx, want.DatasetARN, store.Page{Limit: 1})
		f.ok(err)
		f.equal(listed, []bespoke.ExportJob{want})
	}
	check()
	fails(f, f.FinishExportJob(ctx, want.ARN, bespoke.Written{}, ""), &store.StateError{ARN: want.ARN, Status: bespoke.CreatePending})
	want.Status, want.Snapshot, want.Updated = bespoke.CreateInProgress, -1<<62, f.clock.tick()
	f.ok(f.BeginExportJob(ctx, want.ARN, want.Snapshot))
	check()
	fails(f, f.BeginExportJob(ctx, want.ARN, 1), &store.StateError{ARN: want.ARN, Status: bespoke.CreateInProgress})
	want.Status, want.Written, want.Updated = bespoke.Active, bespoke.Written{Rows: 5, Bytes: 1 << 40, Parts: 2}, f.clock.tick()
	f.ok(f.FinishExportJob(ctx, want.ARN, want.Written, ""))
	check()
	fails(f, f.FinishExportJob(ctx, want.ARN, bespoke.Written{}, "late"), &store.StateError{ARN: want.ARN, Status: bespoke.Active})
	tags, err := f.Tags(ctx, want.ARN)
	f.ok(err)
	f.equal(tags, []bespoke.Tag{{Key: "k", Value: "v"}})
}

func exportRefused(t *testing.T, f *fixture) {
	ctx := t.Context()
	arn := f.items("shop")
	f.queued(0, func() {
		none := scope.Dataset("none", bespoke.Items)
		fails(f, f.CreateExportJob(ctx, exportJob("j", none), nil, 0), &store.NotFoundError{ARN: none})
	})
	first := exportJob("first", arn)
	f.ok(f.CreateExportJob(ctx, first, nil, 1))
	fails(f, f.CreateExportJob(ctx, first, nil, 1), &store.ExistsError{ARN: first.ARN})
	fails(f, f.CreateExportJob(ctx, exportJob("second", arn), nil, 1), &store.LimitError{Quota: store.ExportJobQuota, Limit: 1})
	f.ok(f.BeginExportJob(ctx, first.ARN, 1))
	fails(f, f.DeleteDataset(ctx, arn), &store.InUseError{ARN: arn, By: first.ARN})
	if err := f.Move(ctx, first.ARN, bespoke.CreateInProgress, bespoke.Active, ""); err == nil {
		t.Error("an export job became ACTIVE without a word of what it has written")
	}
	f.ok(f.FinishExportJob(ctx, first.ARN, bespoke.Written{}, "no right to write"))
	j, err := f.ExportJob(ctx, first.ARN)
	f.ok(err)
	f.equal([]any{j.Status, j.FailureReason}, []any{bespoke.CreateFailed, "no right to write"})

	given := exportJob("given-up", arn)
	f.ok(f.CreateExportJob(ctx, given, nil, 1))
	f.ok(f.GiveUp(ctx, given.ARN, "no disk"))
	f.queued(0, func() { f.ok(f.GiveUp(ctx, given.ARN, "again")) })

	f.ok(f.Tag(ctx, first.ARN, []bespoke.Tag{{Key: "k"}}))
	f.ok(f.DeleteDataset(ctx, arn))
	fails(f, f.CreateExportJob(ctx, exportJob("late", arn), nil, 0), &store.StateError{ARN: arn, Status: bespoke.DeletePending})
	f.ok(f.FinishDelete(ctx, arn))
	_, err = f.ExportJob(ctx, first.ARN)
	f.gone(first.ARN, err)
}
