package control_test

import (
	"fmt"
	"strings"
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/control"
)

func strict(c *control.Config) { c.Limits = bespoke.StrictLimits() }

func TestStrictGroups(t *testing.T) {
	t.Parallel()
	f := open(t, strict)
	for i := range 5 {
		f.group(fmt.Sprintf("g%d", i), "")
	}
	create := func() error {
		_, err := f.CreateDatasetGroup(f.ctx, &wire.CreateDatasetGroupRequest{Name: "one-more"})
		return err
	}
	f.refused(create(), bespoke.LimitExceeded, "5", "dataset groups")
	f.must(f.DeleteDatasetGroup(f.ctx, &wire.DeleteDatasetGroupRequest{DatasetGroupArn: string(scope.DatasetGroup("g0"))}))
	f.advance(string(scope.DatasetGroup("g0")))
	f.must(create())
}

// TestStrictJobs counts jobs that have not ended: a job that ends makes room.
func TestStrictJobs(t *testing.T) {
	t.Parallel()
	f := open(t, strict)
	dataset := f.dataset("shop", "Items", items)
	location := f.put("items.csv", "ITEM_ID,GENRE\ni1,drama\n")
	for i := range 5 {
		f.accepted(fmt.Sprintf("j%d", i), dataset, location)
	}
	_, err := f.importJob("j5", dataset, location)
	f.refused(err, bespoke.LimitExceeded, "More than 5 resources with PENDING or IN_PROGRESS status.")
	f.advance(string(scope.ImportJob("j0")))
	f.accepted("j5", dataset, location)
}

// TestStrictMinimum imports too few interactions: in the first import of all,
// and as the new ones of an INCREMENTAL import. Other types have no minimum.
func TestStrictMinimum(t *testing.T) {
	t.Parallel()
	f := open(t, strict)
	dataset := f.dataset("shop", "Interactions", interactions)
	j := f.imported("few", dataset, rows(999), bespoke.CreateFailed)
	if !strings.Contains(j.FailureReason, "has 999 interactions; an import needs at least 1000") {
		t.Errorf("reason: %s", j.FailureReason)
	}
	twice := rows(999) + strings.SplitAfterN(rows(1), "\n", 2)[1]
	if j := f.imported("repeated", dataset, twice, bespoke.CreateFailed); !strings.Contains(j.FailureReason, "has 999 interactions") {
		t.Errorf("a repeated row counts: %s", j.FailureReason)
	}
	f.imported("enough", dataset, rows(1000), bespoke.Active)
	arn, err := f.importBy(wire.CreateDatasetImportJobRequest{
		JobName: "again", DatasetArn: dataset, DataSource: &wire.DataSource{DataLocation: f.put("more.csv", rows(1999))}, ImportMode: "INCREMENTAL",
	})
	f.must(err)
	f.advance(arn)
	if j := f.job(arn); j.Status != "CREATE FAILED" || !strings.Contains(j.FailureReason, "has 999 new interactions") {
		t.Errorf("%s: %s", j.Status, j.FailureReason)
	}
	if c := f.content(dataset); c.Rows.Bulk != 1000 {
		t.Errorf("the failed jobs left %d rows", c.Rows.Bulk)
	}
	f.imported("items", f.dataset("items", "Items", items), "ITEM_ID,GENRE\ni1,drama\n", bespoke.Active)
}

// TestByteLimits refuses in the call what is too large for the mode.
func TestByteLimits(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *control.Config) { c.Limits = bespoke.Limits{FullBytes: 100, IncrementalBytes: 50} })
	dataset := f.dataset("shop", "Interactions", interactions)
	f.imported("small", dataset, three, bespoke.Active)
	_, err := f.importJob("large", dataset, f.put("large.csv", rows(10)))
	f.refused(err, bespoke.InvalidInput, "bytes; an import with importMode FULL may have at most 100")
	f.put("folder/a.csv", three)
	f.put("folder/b.csv", three)
	_, err = f.importJob("folder", dataset, "s3://shop-data/folder/")
	f.refused(err, bespoke.InvalidInput, fmt.Sprint(2*len(three)), "at most 100")
	_, err = f.importBy(wire.CreateDatasetImportJobRequest{
		JobName: "more", DatasetArn: dataset, DataSource: &wire.DataSource{DataLocation: f.put("three.csv", three)}, ImportMode: "INCREMENTAL",
	})
	f.refused(err, bespoke.InvalidInput, "INCREMENTAL", "at most 50")
}
