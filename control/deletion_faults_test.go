package control_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/control"
	"bespoke/store"
)

var errStore = errors.New("the store has failed")

// Each call of the store that a deletion makes goes through [fixture.through].

func (d dying) Move(ctx context.Context, arn bespoke.ARN, from, to bespoke.Status, reason string) error {
	return d.f.through(func() error { return d.Store.Move(ctx, arn, from, to, reason) })
}

func (d dying) Dataset(ctx context.Context, arn bespoke.ARN) (r bespoke.Dataset, err error) {
	err = d.f.through(func() error { r, err = d.Store.Dataset(ctx, arn); return err })
	return r, err
}

func (d dying) Datasets(ctx context.Context, group bespoke.ARN, p store.Page) (list []bespoke.Dataset, next store.Position, err error) {
	err = d.f.through(func() error { list, next, err = d.Store.Datasets(ctx, group, p); return err })
	return list, next, err
}

func (d dying) DatasetGroup(ctx context.Context, arn bespoke.ARN) (r bespoke.DatasetGroup, err error) {
	err = d.f.through(func() error { r, err = d.Store.DatasetGroup(ctx, arn); return err })
	return r, err
}

func (d dying) ImportJobs(ctx context.Context, dataset bespoke.ARN, p store.Page) (list []bespoke.ImportJob, next store.Position, err error) {
	err = d.f.through(func() error { list, next, err = d.Store.ImportJobs(ctx, dataset, p); return err })
	return list, next, err
}

func (d dying) Report(ctx context.Context, job bespoke.ARN) (r store.Report, ok bool, err error) {
	err = d.f.through(func() error { r, ok, err = d.Store.Report(ctx, job); return err })
	return r, ok, err
}

func (d dying) SaveReport(ctx context.Context, job bespoke.ARN, r store.Report) error {
	return d.f.through(func() error { return d.Store.SaveReport(ctx, job, r) })
}

func (d dying) Withhold(ctx context.Context, job bespoke.ARN, reason string) error {
	return d.f.through(func() error { return d.Store.Withhold(ctx, job, reason) })
}

func (d dying) Scrub(ctx context.Context) error {
	return d.f.through(func() error { return d.Store.Scrub(ctx) })
}

func (d dying) FinishDelete(ctx context.Context, arn bespoke.ARN) error {
	return d.f.through(func() error { return d.Store.FinishDelete(ctx, arn) })
}

func (d dying) DeletionJob(ctx context.Context, arn bespoke.ARN) (j bespoke.DeletionJob, err error) {
	err = d.f.through(func() error { j, err = d.Store.DeletionJob(ctx, arn); return err })
	return j, err
}

func (d dying) BeginDeletionJob(ctx context.Context, arn bespoke.ARN) error {
	return d.f.through(func() error { return d.Store.BeginDeletionJob(ctx, arn) })
}

func (d dying) FinishDeletionJob(ctx context.Context, arn bespoke.ARN, deleted int64, reason string) error {
	return d.f.through(func() error { return d.Store.FinishDeletionJob(ctx, arn, deleted, reason) })
}

// through makes a call of the store as the test wants it.
func (f *fixture) through(call func() error) error {
	if failing := f.failing.Load(); failing != nil {
		return (*failing)(call)
	}
	return call()
}

// failAt has the nth call of the store fail while a resource's job runs, before or,
// late, after it has done its work. It reports whether there was such a call.
func (f *fixture) failAt(arn string, nth int, late bool) bool {
	f.Helper()
	n := 0
	failing := func(call func() error) error {
		if n++; n-1 != nth {
			return call()
		}
		if late {
			_ = call()
		}
		return errStore
	}
	f.failing.Store(&failing)
	defer f.failing.Store(nil)
	err := f.service.Advance(f.ctx, bespoke.ARN(arn))
	if n <= nth {
		f.must(err)
		return false
	}
	if !errors.Is(err, errStore) {
		f.Errorf("call %d failed, late: %v: got %v", nth, late, err)
	}
	return true
}

// TestDeletionsMeetStoreErrors has each call of the store fail in turn while a data
// deletion job, and then the deletion of its datasets and their group, runs. What is
// said to be deleted is, and the next run brings it to its end.
func TestDeletionsMeetStoreErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := openIn(t, dir, func(c *control.Config) {
		c.MaxBadShare, c.RejectedDir, c.Observe = 0.5, filepath.Join(dir, "rejected"), func(control.ImportProgress) {}
		if err := os.Mkdir(c.RejectedDir, 0o700); err != nil {
			t.Fatal(err)
		}
	})
	reader := f.reader()
	for _, late := range []bool{false, true} {
		failed := map[string]int{} // calls, by what was deleted
		for nth, more := 0, true; more; nth++ {
			more = false
			try := func(arn string) {
				if f.failAt(arn, nth, late) {
					failed[bespoke.ARN(arn).Kind()]++
					more = true
				}
			}
			group := fmt.Sprintf("shop-%v-%d", late, nth)
			victim, other := "victim-of-"+group, "other-of-"+group
			dataset := f.dataset(group, "Interactions", interactions)
			tracker, err := f.CreateEventTracker(f.ctx, &wire.CreateEventTrackerRequest{Name: group, DatasetGroupArn: string(scope.DatasetGroup(group))})
			f.must(err)
			f.advance(tracker.EventTrackerArn)
			importing := func(name string) {
				f.imported(name+group, dataset, header+victim+",i1,1\n"+victim+",i2,2\n"+other+",i3,3\n"+victim+",i4,tomorrow\n"+other+",i4,today\n", bespoke.Active)
				f.imported(name+group+"-bad", dataset, header+victim+"\n"+other+"\n", bespoke.CreateFailed)
				f.must(f.PutEvents(f.ctx, &wire.PutEventsRequest{TrackingId: tracker.TrackingId, UserId: victim, SessionId: "s",
					EventList: []wire.Event{{EventType: "click", ItemId: "i", SentAt: wire.Timestamp{Time: time.Unix(1700000100, 0)}}}}))
			}
			gone := func(users ...string) bool {
				for _, user := range users {
					if len(traces(t, dir, user)) > 0 {
						return false
					}
				}
				return true
			}

			importing("first")
			job, err := f.deleteUsers(group, group, f.put("lists/"+group+".csv", "USER_ID\n"+victim+"\n"), reader)
			f.must(err)
			try(job)
			if j := f.deletion(job); j.Status == "COMPLETED" && !gone(victim) || j.Status == "FAILED" {
				t.Errorf("%s: the data deletion job is %s: %s", group, j.Status, j.FailureReason)
			}
			f.advance(job)
			if j := f.deletion(job); j.Status != "COMPLETED" || *j.NumDeleted != 3 || !gone(victim) {
				t.Errorf("%s: the data deletion job is %s: %s; deleted %v; left in %q", group, j.Status, j.FailureReason, j.NumDeleted, traces(t, dir, victim))
			}
			if c := f.content(dataset); c.Rows.All != 1 {
				t.Errorf("%s: the dataset holds %+v", group, c.Rows)
			}

			importing("second")
			f.must(f.DeleteEventTracker(f.ctx, &wire.DeleteEventTrackerRequest{EventTrackerArn: tracker.EventTrackerArn}))
			f.advance(tracker.EventTrackerArn)
			f.must(f.DeleteDataset(f.ctx, &wire.DeleteDatasetRequest{DatasetArn: dataset}))
			try(dataset)
			if d, err := f.DescribeDataset(f.ctx, &wire.DescribeDatasetRequest{DatasetArn: dataset}); err != nil {
				f.refused(err, bespoke.NotFound)
				if !gone(victim, other) {
					t.Errorf("%s: the dataset is gone and its rows are not: %q", group, traces(t, dir, victim))
				}
			} else if s := d.Dataset.Status; s != "DELETE PENDING" && s != "DELETE IN_PROGRESS" {
				t.Errorf("%s: the dataset is %s", group, s)
			}
			f.advance(dataset)
			if !gone(victim, other) {
				t.Errorf("%s: left in %q", group, traces(t, dir, victim))
			}

			arn := string(scope.DatasetGroup(group))
			f.must(f.DeleteDatasetGroup(f.ctx, &wire.DeleteDatasetGroupRequest{DatasetGroupArn: arn}))
			try(arn)
			if g, err := f.DescribeDatasetGroup(f.ctx, &wire.DescribeDatasetGroupRequest{DatasetGroupArn: arn}); err != nil {
				f.refused(err, bespoke.NotFound)
			} else if s := g.DatasetGroup.Status; s != "DELETE PENDING" && s != "DELETE IN_PROGRESS" {
				t.Errorf("%s: the group is %s", group, s)
			}
			f.advance(arn)
			_, err = f.DescribeDatasetGroup(f.ctx, &wire.DescribeDatasetGroupRequest{DatasetGroupArn: arn})
			f.refused(err, bespoke.NotFound)
		}
		t.Logf("late: %v: calls that failed: %v", late, failed)
		if failed["data-deletion-job"] < 8 || failed["dataset"] < 5 || failed["dataset-group"] < 4 {
			t.Errorf("late: %v: calls that failed: %v", late, failed)
		}
	}
}

// TestDeletionsAreNotGivenUp has the store fail for longer than the server has patience:
// a data deletion job says so, and a dataset and its group go once the store is back.
func TestDeletionsAreNotGivenUp(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	group := string(scope.DatasetGroup("shop"))
	f.imported("rows", dataset, three, bespoke.Active)
	job, err := f.deleteUsers("j", "shop", f.put("lists/u.csv", "USER_ID\nu1\n"), f.reader())
	f.must(err)
	var calls atomic.Int64
	away := func(func() error) error {
		calls.Add(1)
		return errStore
	}
	f.failing.Store(&away)
	f.run(2)
	f.poll("the data deletion job's end", func() bool {
		j, err := f.store.DeletionJob(f.ctx, bespoke.ARN(job))
		f.must(err)
		return j.Status.Settled()
	})
	f.failing.Store(nil)
	if j := f.deletion(job); j.Status != "FAILED" || j.NumDeleted != nil || !strings.Contains(j.FailureReason, "The server could not complete this") {
		t.Errorf("the data deletion job is %s: %s", j.Status, j.FailureReason)
	}
	for _, deleted := range []struct {
		begin func() error
		state func() error
	}{
		{func() error { return f.DeleteDataset(f.ctx, &wire.DeleteDatasetRequest{DatasetArn: dataset}) },
			func() error { _, err := f.store.Dataset(f.ctx, bespoke.ARN(dataset)); return err }},
		{func() error {
			return f.DeleteDatasetGroup(f.ctx, &wire.DeleteDatasetGroupRequest{DatasetGroupArn: group})
		},
			func() error { _, err := f.store.DatasetGroup(f.ctx, bespoke.ARN(group)); return err }},
	} {
		f.failing.Store(&away)
		f.must(deleted.begin())
		calls.Store(0)
		f.poll("more runs than there is patience for", func() bool { return calls.Load() >= 5 })
		f.must(deleted.state())
		f.failing.Store(nil)
		f.poll("the deletion", func() bool { return errors.Is(deleted.state(), store.ErrNotFound) })
	}
}
