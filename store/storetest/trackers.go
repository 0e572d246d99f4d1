package storetest

import (
	"testing"

	"bespoke"
	"bespoke/store"
)

// interactions makes an ACTIVE interactions dataset in a new group.
func (f *fixture) interactions(group string) bespoke.Dataset {
	f.Helper()
	d := dataset(f.group(group), f.schema(group+"-schema"), bespoke.Interactions)
	f.ok(f.CreateDataset(f.Context(), d, nil))
	f.activate(d.ARN)
	return d
}

func tracker(id string, group bespoke.ARN) bespoke.EventTracker {
	return bespoke.EventTracker{Name: "name", ARN: scope.EventTracker(id), GroupARN: group, TrackingID: "tracking-" + id}
}

func createTracker(t *testing.T, f *fixture) {
	ctx := t.Context()
	d := f.interactions("shop")
	want := tracker("0a1b2c3d", d.GroupARN)
	now := f.clock.tick()
	writes := f.Writes()
	f.queued(1, func() { f.ok(f.CreateEventTracker(ctx, want, d.ARN, []bespoke.Tag{{Key: "k", Value: "v"}})) })
	if f.Writes() == writes {
		t.Error("a write went unnoticed")
	}
	want.Status = bespoke.CreatePending
	want.Created, want.Updated = now, now
	got, err := f.EventTracker(ctx, want.ARN)
	f.ok(err)
	f.equal(got, want)
	tags, err := f.Tags(ctx, want.ARN)
	f.ok(err)
	f.equal(tags, []bespoke.Tag{{Key: "k", Value: "v"}})
	f.activate(want.ARN)

	// A group has one, whatever its name.
	f.queued(0, func() {
		fails(f, f.CreateEventTracker(ctx, tracker("ffffffff", d.GroupARN), d.ARN, nil), &store.ExistsError{ARN: want.ARN})
	})
	other := f.interactions("other")
	f.ok(f.CreateEventTracker(ctx, tracker("eeeeeeee", other.GroupARN), other.ARN, nil))
	all, _, err := f.EventTrackers(ctx, "", store.Page{Limit: 10})
	f.ok(err)
	f.equal(len(all), 2)
	one, next, err := f.EventTrackers(ctx, d.GroupARN, store.Page{Limit: 1})
	f.ok(err)
	f.equal(len(one), 1)
	f.equal(one[0].ARN, want.ARN)
	f.equal(next, store.Position{})
}

func trackerRefused(t *testing.T, f *fixture) {
	ctx := t.Context()
	none := scope.DatasetGroup("none")
	fails(f, f.CreateEventTracker(ctx, tracker("1", none), scope.Dataset("none", bespoke.Interactions), nil), &store.NotFoundError{ARN: none})
	group := f.group("shop")
	missing := scope.Dataset("shop", bespoke.Interactions)
	fails(f, f.CreateEventTracker(ctx, tracker("1", group), missing, nil), &store.NotFoundError{ARN: missing})
	d := dataset(group, f.schema("s"), bespoke.Interactions)
	f.ok(f.CreateDataset(ctx, d, nil))
	fails(f, f.CreateEventTracker(ctx, tracker("1", group), d.ARN, nil), &store.StateError{ARN: d.ARN, Status: bespoke.CreatePending})
	_, err := f.EventTracker(ctx, scope.EventTracker("1"))
	f.gone(scope.EventTracker("1"), err)
}

func deleteTracker(t *testing.T, f *fixture) {
	ctx := t.Context()
	d := f.interactions("shop")
	e := tracker("1", d.GroupARN)
	f.ok(f.CreateEventTracker(ctx, e, d.ARN, []bespoke.Tag{{Key: "k"}}))
	fails(f, f.DeleteEventTracker(ctx, e.ARN), &store.StateError{ARN: e.ARN, Status: bespoke.CreatePending})
	f.activate(e.ARN)
	// It holds its dataset and its group.
	fails(f, f.DeleteDataset(ctx, d.ARN), &store.InUseError{ARN: d.ARN, By: e.ARN})
	fails(f, f.DeleteDatasetGroup(ctx, d.GroupARN), &store.InUseError{ARN: d.GroupARN, By: e.ARN})

	f.queued(1, func() { f.ok(f.DeleteEventTracker(ctx, e.ARN)) })
	fails(f, f.DeleteEventTracker(ctx, e.ARN), &store.StateError{ARN: e.ARN, Status: bespoke.DeletePending})
	f.ok(f.Move(ctx, e.ARN, bespoke.DeletePending, bespoke.DeleteInProgress, ""))
	f.ok(f.FinishDelete(ctx, e.ARN))
	_, err := f.EventTracker(ctx, e.ARN)
	f.gone(e.ARN, err)
	f.ok(f.DeleteDataset(ctx, d.ARN))
	fails(f, f.DeleteEventTracker(ctx, e.ARN), &store.NotFoundError{ARN: e.ARN})
}

func trackedDataset(t *testing.T, f *fixture) {
	ctx := t.Context()
	d := f.interactions("shop")
	e := tracker("1", d.GroupARN)
	look := func(id string, want bespoke.ARN) {
		t.Helper()
		got, ok, err := f.TrackedDataset(ctx, id)
		f.ok(err)
		f.equal(ok, want != "")
		f.equal(got.ARN, want)
	}
	look(e.TrackingID, "")
	f.ok(f.CreateEventTracker(ctx, e, d.ARN, nil))
	look(e.TrackingID, "") // not ACTIVE yet
	f.activate(e.ARN)
	look(e.TrackingID, d.ARN)
	look("", "")
	f.ok(f.DeleteEventTracker(ctx, e.ARN))
	look(e.TrackingID, "")

	actions := dataset(d.GroupARN, f.schema("s"), bespoke.ActionInteractions)
	actions.TrackingID = "of-actions"
	f.ok(f.CreateDataset(ctx, actions, nil))
	look("of-actions", actions.ARN)
	look("", "")
}
