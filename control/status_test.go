package control_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
)

// watched is what a poller has seen of one resource.
type watched struct {
	what  string
	job   bool
	state func() (bespoke.Status, error)
	seen  []bespoke.Status
}

// see records the status where it is not the last seen; gone is a status too.
func (w *watched) see() error {
	s, err := w.state()
	if e, ok := errors.AsType[*bespoke.Error](err); ok && e.Code == bespoke.NotFound {
		s, err = "gone", nil
	}
	if err == nil && (len(w.seen) == 0 || w.seen[len(w.seen)-1] != s) {
		w.seen = append(w.seen, s)
	}
	return err
}

// legal reports whether the sequence can be what a poller sees: it may miss a
// status, but sees no other order.
func legal(seen []bespoke.Status) bool {
	for i, s := range seen[1:] {
		if !reaches(seen[i], s) {
			return false
		}
	}
	return true
}

var statuses = []bespoke.Status{
	bespoke.CreatePending, bespoke.CreateInProgress, bespoke.Active, bespoke.CreateFailed, bespoke.UpdatePending,
	bespoke.UpdateInProgress, bespoke.DeletePending, bespoke.DeleteInProgress,
}

// reaches reports whether one or more legal moves lead from a to b. Only what
// is being deleted can be gone.
func reaches(a, b bespoke.Status) bool {
	can := []bespoke.Status{a}
	for i := 0; i < len(can); i++ { // can grows
		for _, s := range statuses {
			if can[i].Can(s) && !slices.Contains(can, s) {
				can = append(can, s)
			}
		}
	}
	if b == "gone" {
		return slices.Contains(can, bespoke.DeleteInProgress)
	}
	return slices.Contains(can[1:], b)
}

// TestStatusesSeen polls a dataset and its import jobs in a tight loop while
// they are created, updated, imported into and deleted.
func TestStatusesSeen(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	f.run(3)
	group := string(scope.DatasetGroup("shop"))
	dataset := string(scope.Dataset("shop", bespoke.Items))
	good, bad := string(scope.ImportJob("good")), string(scope.ImportJob("bad"))
	all := []*watched{
		{what: "group", state: func() (bespoke.Status, error) {
			g, err := f.DescribeDatasetGroup(f.ctx, &wire.DescribeDatasetGroupRequest{DatasetGroupArn: group})
			if err != nil {
				return "", err
			}
			return bespoke.Status(g.DatasetGroup.Status), nil
		}},
		{what: "dataset", state: func() (bespoke.Status, error) {
			d, err := f.DescribeDataset(f.ctx, &wire.DescribeDatasetRequest{DatasetArn: dataset})
			if err != nil {
				return "", err
			}
			return bespoke.Status(d.Dataset.Status), nil
		}},
		f.watchedJob(good), f.watchedJob(bad),
	}
	stop := f.watch(all)
	defer stop()
	settled := func(w *watched, want bespoke.Status) {
		f.poll(w.what+" "+string(want), func() bool {
			s, err := w.state()
			e, refused := errors.AsType[*bespoke.Error](err)
			return s == want || want == "gone" && refused && e.Code == bespoke.NotFound
		})
	}
	_, err := f.CreateDatasetGroup(f.ctx, &wire.CreateDatasetGroupRequest{Name: "shop"})
	f.must(err)
	settled(all[0], bespoke.Active)
	_, err = f.CreateDataset(f.ctx, &wire.CreateDatasetRequest{Name: "d", DatasetType: "Items", DatasetGroupArn: group, SchemaArn: f.schema("s", items, "")})
	f.must(err)
	settled(all[1], bespoke.Active)
	f.accepted("good", dataset, f.put("good.csv", "ITEM_ID,GENRE\ni1,drama\n"))
	f.accepted("bad", dataset, f.put("bad.csv", "ITEM_ID,GENRE\n,drama\n"))
	settled(all[2], bespoke.Active)
	settled(all[3], bespoke.CreateFailed)
	f.must(f.update(dataset, f.schema("wider", avro("Items", field{Name: "ITEM_ID", Type: "string"},
		field{Name: "GENRE", Type: "string", Categorical: true}, field{Name: "STUDIO", Type: maybeString}), "")))
	settled(all[1], bespoke.Active)
	f.must(f.DeleteDataset(f.ctx, &wire.DeleteDatasetRequest{DatasetArn: dataset}))
	settled(all[1], "gone")
	f.must(f.DeleteDatasetGroup(f.ctx, &wire.DeleteDatasetGroupRequest{DatasetGroupArn: group}))
	settled(all[0], "gone")
	stop()
	for _, w := range all {
		seen := w.seen
		if len(seen) > 0 && seen[0] == "gone" { // before it was made
			seen = seen[1:]
		}
		if w.job && len(seen) > 0 && seen[len(seen)-1] == "gone" { // with its dataset
			seen = seen[:len(seen)-1]
		}
		if len(seen) == 0 || !legal(seen) {
			t.Errorf("%s went through %v", w.what, seen)
		}
	}
}

func (f *fixture) watchedJob(arn string) *watched {
	return &watched{what: arn, job: true, state: func() (bespoke.Status, error) {
		j, err := f.DescribeDatasetImportJob(f.ctx, &wire.DescribeDatasetImportJobRequest{DatasetImportJobArn: arn})
		if err != nil {
			return "", err
		}
		return bespoke.Status(j.DatasetImportJob.Status), nil
	}}
}

// watch polls until the returned function is called.
func (f *fixture) watch(all []*watched) (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	for _, w := range all {
		wg.Go(func() {
			for {
				if err := w.see(); err != nil {
					f.Errorf("%s: %v", w.what, err)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	return sync.OnceFunc(func() {
		close(done)
		wg.Wait()
	})
}
