package storetest

import (
	"testing"

	"bespoke"
	"bespoke/store"
)

func deletionJob(name string, group bespoke.ARN) bespoke.DeletionJob {
	return bespoke.DeletionJob{
		Name: name, ARN: scope.DeletionJob(name), GroupARN: group, Location: "s3://bucket/users/", RoleARN: "arn:aws:iam::123456789012:role/r",
	}
}

func deletionLifecycle(t *testing.T, f *fixture) {
	ctx := t.Context()
	want := deletionJob("j", f.group("shop"))
	began := f.clock.tick()
	f.queued(1, func() { f.ok(f.CreateDeletionJob(ctx, want, []bespoke.Tag{{Key: "k", Value: "v"}}, 1)) })
	want.Status, want.Times = bespoke.Pending, bespoke.Times{Created: began, Updated: began}
	check := func() {
		t.Helper()
		got, err := f.DeletionJob(ctx, want.ARN)
		f.ok(err)
		f.equal(got, want)
		listed, _, err := f.DeletionJobs(ctx, want.GroupARN, store.Page{Limit: 5})
		f.ok(err)
		f.equal(listed[len(listed)-1], want)
	}
	check()
	fails(f, f.FinishDeletionJob(ctx, want.ARN, 1, ""), &store.StateError{ARN: want.ARN, Status: bespoke.Pending})
	fails(f, f.DeleteDatasetGroup(ctx, want.GroupARN), &store.InUseError{ARN: want.GroupARN, By: want.ARN})
	fails(f, f.CreateDeletionJob(ctx, deletionJob("k", want.GroupARN), nil, 1), &store.LimitError{Quota: store.DeletionJobQuota, Limit: 1})
	want.Status, want.Updated = bespoke.InProgress, f.clock.tick()
	f.ok(f.BeginDeletionJob(ctx, want.ARN))
	check()
	second := deletionJob("k", want.GroupARN)
	f.ok(f.CreateDeletionJob(ctx, second, nil, 1))
	want.Status, want.Updated, want.NumDeleted = bespoke.Completed, f.clock.tick(), 1<<40
	f.ok(f.FinishDeletionJob(ctx, want.ARN, want.NumDeleted, ""))
	check()
	f.queued(0, func() { f.ok(f.GiveUp(ctx, want.ARN, "late")) })
	check()
	f.ok(f.GiveUp(ctx, second.ARN, "no disk"))
	got, err := f.DeletionJob(ctx, second.ARN)
	f.ok(err)
	f.equal([]any{got.Status, got.FailureReason}, []any{bespoke.Failed, "no disk"})
	fails(f, f.CreateDeletionJob(ctx, want, nil, 0), &store.ExistsError{ARN: want.ARN})
	none := scope.DatasetGroup("none")
	fails(f, f.CreateDeletionJob(ctx, deletionJob("l", none), nil, 0), &store.NotFoundError{ARN: none})

	f.ok(f.DeleteDatasetGroup(ctx, want.GroupARN))
	fails(f, f.CreateDeletionJob(ctx, deletionJob("l", want.GroupARN), nil, 0), &store.StateError{ARN: want.GroupARN, Status: bespoke.DeletePending})
	f.ok(f.FinishDelete(ctx, want.GroupARN))
	_, err = f.DeletionJob(ctx, want.ARN)
	f.gone(want.ARN, err)
}

// deletionWaits: while a deletion is under way, the group's datasets stay.
func deletionWaits(t *testing.T, f *fixture) {
	ctx := t.Context()
	d, err := f.Dataset(ctx, f.items("shop"))
	f.ok(err)
	j := deletionJob("j", d.GroupARN)
	f.ok(f.CreateDeletionJob(ctx, j, nil, 0))
	fails(f, f.DeleteDataset(ctx, d.ARN), &store.InUseError{ARN: d.ARN, By: j.ARN})
	job := f.importing("bad", d.ARN)
	f.ok(f.FinishImportJob(ctx, job, "row of somebody"))
	f.ok(f.Withhold(ctx, job, "withheld"))
	got, err := f.ImportJob(ctx, job)
	f.ok(err)
	f.equal([]any{got.Status, got.FailureReason}, []any{bespoke.CreateFailed, "withheld"})
	f.ok(f.Scrub(ctx))
	f.ok(f.BeginDeletionJob(ctx, j.ARN))
	f.ok(f.FinishDeletionJob(ctx, j.ARN, 0, "no rights"))
	f.ok(f.DeleteDataset(ctx, d.ARN))
}
