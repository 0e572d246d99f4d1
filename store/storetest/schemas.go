package storetest

import (
	"strings"
	"testing"

	"bespoke"
	"bespoke/store"
)

func createSchema(t *testing.T, f *fixture) {
	want := bespoke.Schema{
		Name: "s", ARN: scope.Schema("s"), Domain: bespoke.VideoOnDemand,
		Text: "{ \"type\" :\t\"record\"}\r\n \x00 'é' 世界 " + strings.Repeat("x", 20_000),
	}
	now := f.clock.tick()
	f.queued(0, func() { f.ok(f.CreateSchema(t.Context(), want, 1)) })
	want.Created, want.Updated = now, now
	got, err := f.Schema(t.Context(), want.ARN)
	f.ok(err)
	f.equal(got, want)
	fails(f, f.CreateSchema(t.Context(), want, 1), &store.ExistsError{ARN: want.ARN})
	other := bespoke.Schema{Name: "t", ARN: scope.Schema("t")}
	fails(f, f.CreateSchema(t.Context(), other, 1), &store.LimitError{Quota: store.SchemaQuota, Limit: 1})
	_, err = f.Schema(t.Context(), other.ARN)
	f.gone(other.ARN, err)
}

func deleteSchema(t *testing.T, f *fixture) {
	ctx := t.Context()
	d := f.items("shop")
	old, next := scope.Schema("shop-schema"), f.schema("next")
	fails(f, f.DeleteSchema(ctx, old), &store.InUseError{ARN: old, By: d})
	f.ok(f.UpdateDataset(ctx, d, next))
	fails(f, f.DeleteSchema(ctx, old), &store.InUseError{ARN: old, By: d})
	fails(f, f.DeleteSchema(ctx, next), &store.InUseError{ARN: next, By: d})
	f.ok(f.Move(ctx, d, bespoke.UpdatePending, bespoke.UpdateInProgress, ""))
	fails(f, f.DeleteSchema(ctx, next), &store.InUseError{ARN: next, By: d})
	f.ok(f.FinishUpdate(ctx, d, ""))
	f.ok(f.DeleteSchema(ctx, old))
	_, err := f.Schema(ctx, old)
	f.gone(old, err)
	fails(f, f.DeleteSchema(ctx, old), &store.NotFoundError{ARN: old})

	// A replacement that came to nothing does not hold on to its schema.
	failed := f.schema("failed")
	f.ok(f.UpdateDataset(ctx, d, failed))
	f.ok(f.FinishUpdate(ctx, d, "no disk"))
	f.ok(f.DeleteSchema(ctx, failed))
	got, err := f.Dataset(ctx, d)
	f.ok(err)
	f.equal(got.Update.SchemaARN, failed)
}
