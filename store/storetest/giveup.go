package storetest

import (
	"testing"

	"bespoke"
	"bespoke/store"
)

// giveUp ends each kind of work half-way, twice: the second time it is settled.
func giveUp(t *testing.T, f *fixture) {
	ctx := t.Context()
	twice := func(arn bespoke.ARN) {
		t.Helper()
		f.ok(f.GiveUp(ctx, arn, "no disk"))
		f.queued(0, func() { f.ok(f.GiveUp(ctx, arn, "something else")) })
	}

	group := scope.DatasetGroup("shop")
	f.ok(f.CreateDatasetGroup(ctx, bespoke.DatasetGroup{Name: "shop", ARN: group}, nil, 0))
	twice(group)
	g, err := f.DatasetGroup(ctx, group)
	f.ok(err)
	f.equal([]any{g.Status, g.FailureReason}, []any{bespoke.CreateFailed, "no disk"})

	arn, next := f.items("items"), f.schema("next")
	running, waiting := f.importing("running", arn), importJob("waiting", arn)
	f.ok(f.CreateImportJob(ctx, waiting, nil, 0))
	f.queued(1, func() { twice(running) })
	twice(waiting.ARN)
	for _, j := range []bespoke.ARN{running, waiting.ARN} {
		j, err := f.ImportJob(ctx, j)
		f.ok(err)
		f.equal([]any{j.Status, j.FailureReason}, []any{bespoke.CreateFailed, "no disk"})
	}

	f.ok(f.UpdateDataset(ctx, arn, next))
	f.ok(f.Move(ctx, arn, bespoke.UpdatePending, bespoke.UpdateInProgress, ""))
	twice(arn)
	d, err := f.Dataset(ctx, arn)
	f.ok(err)
	f.equal([]any{d.Status, d.Update.Status, d.Update.FailureReason}, []any{bespoke.Active, bespoke.CreateFailed, "no disk"})

	f.ok(f.DeleteDataset(ctx, arn))
	fails(f, f.GiveUp(ctx, arn, "no disk"), &store.StateError{ARN: arn, Status: bespoke.DeletePending})
	none := scope.DatasetGroup("none")
	fails(f, f.GiveUp(ctx, none, "no disk"), &store.NotFoundError{ARN: none})
}
