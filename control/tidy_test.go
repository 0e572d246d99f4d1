package control_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/control"
)

// TestTidy has many small imports leave a few files, one state and nothing else
// behind, while each of them ends as if nobody were tidying.
func TestTidy(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var seen control.Tidied
	f := open(t, func(c *control.Config) {
		c.KeepSnapshots = time.Millisecond
		c.ObserveTidy = func(d control.Tidied) {
			mu.Lock()
			defer mu.Unlock()
			seen.Rewrites += d.Rewrites
			seen.Expired += d.Expired
		}
	})
	ctx, stop := context.WithCancel(f.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		f.service.Tidy(ctx)
	}()
	dataset := f.dataset("shop", "Interactions", interactions)
	table, err := f.tables.Table(f.ctx, bespoke.ARN(dataset))
	f.must(err)
	lost := filepath.Join(table.DataDir(), "lost.parquet")
	f.must(os.WriteFile(lost, []byte("x"), 0o644))
	f.imported("first", dataset, three, bespoke.Active)
	const more = 9
	for i := range more {
		arn, err := f.importBy(wire.CreateDatasetImportJobRequest{
			JobName: fmt.Sprint("more-", i), DatasetArn: dataset, ImportMode: "INCREMENTAL",
			DataSource: &wire.DataSource{DataLocation: f.put(fmt.Sprint("more-", i, ".csv"), three+fmt.Sprintf("u9,i%d,1700000009\n", i))},
		})
		f.must(err)
		f.advance(arn)
	}
	f.poll("the lost file goes, the states expire and the files become few", func() bool {
		_, err := os.Stat(lost)
		all, listed := table.Snapshots(f.ctx)
		f.must(listed)
		mu.Lock()
		defer mu.Unlock()
		return os.IsNotExist(err) && len(all) == 1 && seen.Rewrites > 0 && seen.Expired >= more
	})
	if c := f.content(dataset); c.Rows.Bulk != 3+more {
		t.Errorf("%d rows", c.Rows.Bulk)
	}
	files := map[string]bool{}
	for b, err := range table.Scan(f.ctx, []string{"USER_ID"}, "") {
		f.must(err)
		files[b.Path] = true
	}
	if len(files) > 8 {
		t.Errorf("%d files", len(files))
	}
	stop()
	select {
	case <-stopped:
	case <-time.After(patience):
		t.Error("Tidy did not stop")
	}
}
