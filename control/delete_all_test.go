package control_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/control"
)

// TestDeleteAll deletes a dataset group with everything in it, in the only order
// that works, and finds nothing of its data on the disk.
func TestDeleteAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := openIn(t, dir, func(c *control.Config) {
		c.MaxBadShare, c.RejectedDir = 0.5, filepath.Join(dir, "rejected")
		if err := os.Mkdir(c.RejectedDir, 0o700); err != nil {
			t.Fatal(err)
		}
	})
	const somebody = "somebody-of-the-shop"
	dataset := f.dataset("shop", "Interactions", watches)
	people := f.inGroup("shop", "Users", users)
	group := string(scope.DatasetGroup("shop"))
	f.imported("some", dataset, watchHeader+somebody+",i1,1700000000,WATCH,,,\n"+somebody+",i2,1700000000,WATCH,,,\n"+somebody+",i1,never,WATCH,,,\n", bespoke.Active)
	f.imported("bad", dataset, watchHeader+somebody+"\n", bespoke.CreateFailed)
	f.imported("people", people, "USER_ID,AGE\n"+somebody+",30\n", bespoke.Active)
	role := f.writer()
	attribution := f.attributed("shop", role, "s3://shop-data/out", "watches", "WATCH", "SAMPLECOUNT()")
	tracker, err := f.CreateEventTracker(f.ctx, &wire.CreateEventTrackerRequest{Name: "t", DatasetGroupArn: group})
	f.must(err)
	f.advance(tracker.EventTrackerArn)
	event := &wire.PutEventsRequest{TrackingId: tracker.TrackingId, UserId: somebody, SessionId: "session-" + somebody,
		EventList: []wire.Event{{EventType: "WATCH", ItemId: "i5", SentAt: wire.Timestamp{Time: time.Now()}}}}
	f.must(f.PutEvents(f.ctx, event))
	f.must(f.events.Flush(f.ctx, bespoke.ARN(dataset)))
	f.must(f.PutEvents(f.ctx, event))
	export, err := f.exportBy(wire.CreateDatasetExportJobRequest{JobName: "x", DatasetArn: dataset, RoleArn: role})
	f.must(err)
	deletion, err := f.deleteUsers("d", "shop", f.put("lists/u.csv", "USER_ID\nnobody\n"), f.reader())
	f.must(err)

	dropDataset := func(arn string) error { return f.DeleteDataset(f.ctx, &wire.DeleteDatasetRequest{DatasetArn: arn}) }
	dropGroup := func() error {
		return f.DeleteDatasetGroup(f.ctx, &wire.DeleteDatasetGroupRequest{DatasetGroupArn: group})
	}
	inUse := func(err error, by string) {
		t.Helper()
		f.refused(err, bespoke.InUse, by)
	}
	inUse(dropDataset(dataset), export)
	f.advance(export)
	inUse(dropDataset(dataset), tracker.EventTrackerArn)
	f.must(f.DeleteEventTracker(f.ctx, &wire.DeleteEventTrackerRequest{EventTrackerArn: tracker.EventTrackerArn}))
	inUse(dropGroup(), tracker.EventTrackerArn)
	f.advance(tracker.EventTrackerArn)
	inUse(dropDataset(dataset), attribution)
	inUse(dropGroup(), attribution)
	f.must(f.DeleteMetricAttribution(f.ctx, &wire.DeleteMetricAttributionRequest{MetricAttributionArn: attribution}))
	f.advance(attribution)
	inUse(dropDataset(dataset), deletion)
	f.advance(deletion)
	f.imported("worse", dataset, watchHeader+somebody+"\n", bespoke.CreateFailed)
	for _, arn := range []string{people, dataset} {
		inUse(dropGroup(), "dataset/shop/")
		f.must(dropDataset(arn))
		inUse(dropGroup(), "dataset/shop/")
		f.advance(arn)
	}
	f.must(dropGroup())
	f.advance(group)
	if found := traces(t, dir, somebody); len(found) > 0 {
		t.Errorf("the user is left in %q", found)
	}
	for _, d := range []string{"lake/tables", "events", "rejected"} {
		err := filepath.WalkDir(filepath.Join(dir, d), func(path string, e fs.DirEntry, err error) error {
			if err == nil && path != filepath.Join(dir, d) {
				t.Errorf("%s is left", strings.TrimPrefix(path, dir))
			}
			return err
		})
		f.must(err)
	}
	for _, arn := range []string{export, deletion} {
		if _, err := f.ListTagsForResource(f.ctx, &wire.ListTagsForResourceRequest{ResourceArn: arn}); err == nil {
			t.Errorf("%s is left", arn)
		}
	}
	sums, err := f.store.AttributedTotals(f.ctx, bespoke.ARN(group))
	f.must(err)
	if len(sums) > 0 {
		t.Errorf("sums are left: %v", sums)
	}
}
