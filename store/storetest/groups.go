package storetest

import (
	"errors"
	"testing"

	"bespoke"
	"bespoke/store"
)

func createGroup(t *testing.T, f *fixture) {
	want := bespoke.DatasetGroup{
		Name: "shop", ARN: scope.DatasetGroup("shop"), Domain: bespoke.Ecommerce,
		RoleARN: "arn:aws:iam::123456789012:role/r", KMSKeyARN: "arn:aws:kms:eu-west-1:123456789012:key/k",
	}
	now := f.clock.tick()
	f.queued(1, func() {
		f.ok(f.CreateDatasetGroup(t.Context(), want, []bespoke.Tag{{Key: "k", Value: "v"}}, 0))
	})
	want.Status = bespoke.CreatePending
	want.Created, want.Updated = now, now
	got, err := f.DatasetGroup(t.Context(), want.ARN)
	f.ok(err)
	f.equal(got, want)
	tags, err := f.Tags(t.Context(), want.ARN)
	f.ok(err)
	f.equal(tags, []bespoke.Tag{{Key: "k", Value: "v"}})

	f.queued(0, func() {
		err = f.CreateDatasetGroup(t.Context(), want, nil, 1)
	})
	fails(f, err, &store.ExistsError{ARN: want.ARN})
	if !errors.Is(err, store.ErrExists) {
		t.Fatalf("%v is not ErrExists", err)
	}
	other := scope.DatasetGroup("other")
	_, err = f.DatasetGroup(t.Context(), other)
	f.gone(other, err)
	_, err = f.DatasetGroup(t.Context(), "nonsense")
	f.gone("nonsense", err)
}

func groupQuota(t *testing.T, f *fixture) {
	f.group("a")
	f.group("b")
	err := f.CreateDatasetGroup(t.Context(), bespoke.DatasetGroup{Name: "c", ARN: scope.DatasetGroup("c")}, nil, 2)
	fails(f, err, &store.LimitError{Quota: store.DatasetGroupQuota, Limit: 2})
	f.ok(f.CreateDatasetGroup(t.Context(), bespoke.DatasetGroup{Name: "c", ARN: scope.DatasetGroup("c")}, nil, 3))
}

func groupLifecycle(t *testing.T, f *fixture) {
	ctx, arn := t.Context(), scope.DatasetGroup("shop")
	created := f.clock.tick()
	f.ok(f.CreateDatasetGroup(ctx, bespoke.DatasetGroup{Name: "shop", ARN: arn}, nil, 0))
	fails(f, f.Move(ctx, arn, bespoke.CreateInProgress, bespoke.Active, ""), &store.StateError{ARN: arn, Status: bespoke.CreatePending})
	moved := f.clock.tick()
	f.ok(f.Move(ctx, arn, bespoke.CreatePending, bespoke.CreateInProgress, ""))
	fails(f, f.Move(ctx, arn, bespoke.CreatePending, bespoke.CreateInProgress, ""), &store.StateError{ARN: arn, Status: bespoke.CreateInProgress})
	g, err := f.DatasetGroup(ctx, arn)
	f.ok(err)
	f.equal(g.Status, bespoke.CreateInProgress)
	f.equal(g.Times, bespoke.Times{Created: created, Updated: moved})
	f.ok(f.Move(ctx, arn, bespoke.CreateInProgress, bespoke.CreateFailed, "no disk"))
	g, err = f.DatasetGroup(ctx, arn)
	f.ok(err)
	f.equal(g.Status, bespoke.CreateFailed)
	f.equal(g.FailureReason, "no disk")
}

func deleteGroup(t *testing.T, f *fixture) {
	ctx := t.Context()
	d := f.items("shop")
	arn := scope.DatasetGroup("shop")
	f.ok(f.Tag(ctx, arn, []bespoke.Tag{{Key: "k"}}))
	f.queued(0, func() {
		fails(f, f.DeleteDatasetGroup(ctx, arn), &store.InUseError{ARN: arn, By: d})
	})
	g, err := f.DatasetGroup(ctx, arn)
	f.ok(err)
	f.equal(g.Status, bespoke.Active)
	fails(f, f.FinishDelete(ctx, arn), &store.StateError{ARN: arn, Status: bespoke.Active})

	f.ok(f.DeleteDataset(ctx, d))
	f.ok(f.FinishDelete(ctx, d))
	f.queued(1, func() { f.ok(f.DeleteDatasetGroup(ctx, arn)) })
	fails(f, f.DeleteDatasetGroup(ctx, arn), &store.StateError{ARN: arn, Status: bespoke.DeletePending})
	f.ok(f.FinishDelete(ctx, arn))
	_, err = f.DatasetGroup(ctx, arn)
	f.gone(arn, err)
	fails(f, f.FinishDelete(ctx, arn), &store.NotFoundError{ARN: arn})
	fails(f, f.DeleteDatasetGroup(ctx, arn), &store.NotFoundError{ARN: arn})

	// The name is free again, and its tags are not inherited.
	f.group("shop")
	tags, err := f.Tags(ctx, arn)
	f.ok(err)
	f.equal(len(tags), 0)
}
