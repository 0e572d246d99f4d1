package control_test

import (
	"regexp"
	"testing"
	"time"

	"bespoke"
	"bespoke/awsapi/wire"
)

func TestEventTracker(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	empty := f.group("empty", "")
	_, err := f.CreateEventTracker(f.ctx, &wire.CreateEventTrackerRequest{Name: "t", DatasetGroupArn: empty})
	f.refused(err, bespoke.InvalidInput, "no Interactions dataset", "Create that first")
	_, err = f.CreateEventTracker(f.ctx, &wire.CreateEventTrackerRequest{Name: "t", DatasetGroupArn: string(scope.DatasetGroup("none"))})
	f.refused(err, bespoke.NotFound, "dataset-group/none")

	dataset := f.dataset("shop", "Interactions", interactions)
	group := string(scope.DatasetGroup("shop"))
	out, err := f.CreateEventTracker(f.ctx, &wire.CreateEventTrackerRequest{Name: "t", DatasetGroupArn: group, Tags: []wire.Tag{{TagKey: "k", TagValue: "v"}}})
	f.must(err)
	if !regexp.MustCompile(`^arn:aws:personalize:us-east-1:000000000000:event-tracker/[0-9a-f]{8}$`).MatchString(out.EventTrackerArn) ||
		!regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(out.TrackingId) {
		t.Fatalf("created %+v", out)
	}
	describe := func() *wire.EventTracker {
		t.Helper()
		out, err := f.DescribeEventTracker(f.ctx, &wire.DescribeEventTrackerRequest{EventTrackerArn: out.EventTrackerArn})
		f.must(err)
		return out.EventTracker
	}
	if e := describe(); e.Status != "CREATE PENDING" {
		t.Errorf("at first it is %s", e.Status)
	}
	f.refused(f.DeleteEventTracker(f.ctx, &wire.DeleteEventTrackerRequest{EventTrackerArn: out.EventTrackerArn}), bespoke.InUse, "CREATE PENDING")
	f.advance(out.EventTrackerArn)
	e := describe()
	if e.Status != "ACTIVE" || e.Name != "t" || e.AccountId != scope.Account || e.TrackingId != out.TrackingId || e.DatasetGroupArn != group || e.CreationDateTime.IsZero() {
		t.Errorf("described %+v", e)
	}
	tags, err := f.ListTagsForResource(f.ctx, &wire.ListTagsForResourceRequest{ResourceArn: out.EventTrackerArn})
	f.must(err)
	if len(tags.Tags) != 1 {
		t.Errorf("tags %v", tags.Tags)
	}
	_, err = f.CreateEventTracker(f.ctx, &wire.CreateEventTrackerRequest{Name: "other", DatasetGroupArn: group})
	f.refused(err, bespoke.AlreadyExists, "Another resource with Arn "+out.EventTrackerArn+" already exists.")

	list, err := f.ListEventTrackers(f.ctx, &wire.ListEventTrackersRequest{DatasetGroupArn: group})
	f.must(err)
	if len(list.EventTrackers) != 1 || list.EventTrackers[0].EventTrackerArn != out.EventTrackerArn || list.EventTrackers[0].Status != "ACTIVE" {
		t.Errorf("listed %+v", list)
	}
	list, err = f.ListEventTrackers(f.ctx, &wire.ListEventTrackersRequest{DatasetGroupArn: empty})
	f.must(err)
	if len(list.EventTrackers) != 0 {
		t.Errorf("listed %+v", list)
	}

	// It holds the dataset and the group.
	f.refused(f.DeleteDataset(f.ctx, &wire.DeleteDatasetRequest{DatasetArn: dataset}), bespoke.InUse, out.EventTrackerArn)
	f.refused(f.DeleteDatasetGroup(f.ctx, &wire.DeleteDatasetGroupRequest{DatasetGroupArn: group}), bespoke.InUse, out.EventTrackerArn)
	f.must(f.DeleteEventTracker(f.ctx, &wire.DeleteEventTrackerRequest{EventTrackerArn: out.EventTrackerArn}))
	if e := describe(); e.Status != "DELETE PENDING" {
		t.Errorf("after the deletion it is %s", e.Status)
	}
	f.advance(out.EventTrackerArn)
	_, err = f.DescribeEventTracker(f.ctx, &wire.DescribeEventTrackerRequest{EventTrackerArn: out.EventTrackerArn})
	f.refused(err, bespoke.NotFound, out.EventTrackerArn)
	f.must(f.DeleteDataset(f.ctx, &wire.DeleteDatasetRequest{DatasetArn: dataset}))
}

// Records that came in one by one count at once, and nothing of them is left when their
// dataset goes.
func TestRecordsOfDataset(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	f.imported("bulk", dataset, three, bespoke.Active)
	out, err := f.CreateEventTracker(f.ctx, &wire.CreateEventTrackerRequest{Name: "t", DatasetGroupArn: string(scope.DatasetGroup("shop"))})
	f.must(err)
	event := &wire.PutEventsRequest{TrackingId: out.TrackingId, UserId: "somebody", SessionId: "s", EventList: []wire.Event{
		{EventType: "click", ItemId: "i9", SentAt: wire.Timestamp{Time: time.Unix(1700000009, 0)}},
	}}
	f.refused(f.PutEvents(f.ctx, event), bespoke.InvalidInput, out.TrackingId) // not ACTIVE yet
	f.advance(out.EventTrackerArn)
	f.must(f.PutEvents(f.ctx, event))
	if c := f.content(dataset); c.Rows.Bulk != 3 || c.Rows.Put != 1 || c.Rows.All != 4 {
		t.Errorf("content %+v", c.Rows)
	}
	// A FULL import replaces bulk rows only; an equal event counts once.
	f.imported("again", dataset, header+"somebody,i9,1700000009\n", bespoke.Active)
	if c := f.content(dataset); c.Rows.Bulk != 1 || c.Rows.Put != 1 || c.Rows.All != 1 {
		t.Errorf("content %+v", c.Rows)
	}
	f.must(f.PutEvents(f.ctx, event)) // not flushed
	f.must(f.DeleteEventTracker(f.ctx, &wire.DeleteEventTrackerRequest{EventTrackerArn: out.EventTrackerArn}))
	f.advance(out.EventTrackerArn)
	if c := f.content(dataset); c.Rows.Put != 2 { // the tracker's events stay
		t.Errorf("content %+v", c.Rows)
	}
	f.must(f.DeleteDataset(f.ctx, &wire.DeleteDatasetRequest{DatasetArn: dataset}))
	f.advance(dataset)
	if st := f.events.Stats(); st.Logs != 0 {
		t.Errorf("stats %+v", st)
	}
}
