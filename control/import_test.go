package control_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bespoke"
	"bespoke/awsapi/wire"
)

// TestReport checks that what a failed job found is kept as it was counted,
// with as many bad rows as are asked for.
func TestReport(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	f.imported("good", dataset, three, bespoke.Active)
	j := f.imported("bad", dataset, strings.Replace(three, "\n", ",COLOUR\n", 1)+strings.Repeat("u1,i1,yesterday,red\n", 7), bespoke.CreateFailed)
	for _, text := range []string{"s3://shop-data/bad.csv line 2", "10 of 10 rows are bad."} {
		if !strings.Contains(j.FailureReason, text) {
			t.Errorf("the reason lacks %q: %s", text, j.FailureReason)
		}
	}
	arn := bespoke.ARN(j.DatasetImportJobArn)
	r, err := f.service.ImportReport(f.ctx, arn)
	f.must(err)
	if r.Rows != 10 || r.Rejected != 10 || r.Accepted != 0 || r.Replaced != 0 || len(r.Bad) != 5 || r.Bytes == 0 || len(r.Phases) == 0 {
		t.Errorf("the report is %+v", r)
	}
	if b := r.Bad[3]; b.Object != "s3://shop-data/bad.csv" || b.Line != 5 || b.Column != "TIMESTAMP" || b.Value != "yesterday" || b.Reason == "" {
		t.Errorf("the fourth bad row is %+v", b)
	}
	if !slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.Contains(w, "COLOUR") }) {
		t.Errorf("the warnings are %q", r.Warnings)
	}
	p, err := f.service.ImportProgress(f.ctx, arn)
	f.must(err)
	if p.Phase != "DONE" || p.Status != bespoke.CreateFailed || p.FailureReason != j.FailureReason || p.Rows.Rejected != 10 || len(p.RejectedRows) != 5 {
		t.Errorf("the progress is %+v", p)
	}
	<-f.ended // of the good job
	if seen := <-f.ended; seen.JobARN != arn || seen.Rows != p.Rows {
		t.Errorf("observed %+v", seen)
	}
	if c := f.content(dataset); c.Rows.Bulk != 3 {
		t.Errorf("the failed job left %d rows", c.Rows.Bulk)
	}
}

func TestReportOfWaitingJob(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	job := f.accepted("job", dataset, f.put("three.csv", three))
	_, err := f.service.ImportReport(f.ctx, bespoke.ARN(job))
	f.refused(err, bespoke.InUse, "Wait until it has ended.")
	p, err := f.service.ImportProgress(f.ctx, bespoke.ARN(job))
	f.must(err)
	if p.Phase != "WAITING" || p.Bytes.Expected != int64(len(three)) || p.RejectedRows == nil || p.Warnings == nil || p.Phases == nil {
		t.Errorf("the progress is %+v", p)
	}
}

// TestContent reads what a dataset holds after imports of both modes.
func TestContent(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	if c := f.content(dataset); c.Rows.Bulk != 0 || c.Snapshots == nil || c.Earliest != nil {
		t.Errorf("an empty dataset holds %+v", c)
	}
	f.imported("first", dataset, three+"u1,i1,1700000000\n", bespoke.Active)
	arn, err := f.importBy(wire.CreateDatasetImportJobRequest{
		JobName: "second", DatasetArn: dataset, ImportMode: "INCREMENTAL",
		DataSource: &wire.DataSource{DataLocation: f.put("second.csv", three+"u3,i3,1700000009\n")},
	})
	f.must(err)
	f.advance(arn)
	c := f.content(dataset)
	if c.Rows.Bulk != 4 || c.Rows.Put != 0 || c.DistinctUsers != 3 || c.DistinctItems != 3 || c.Approximate {
		t.Errorf("the dataset holds %+v", c)
	}
	if first, last := time.Unix(1700000000, 0), time.Unix(1700000009, 0); c.Earliest == nil || !c.Earliest.Equal(first) || !c.Latest.Equal(last) {
		t.Errorf("times from %v to %v", c.Earliest, c.Latest)
	}
	if len(c.Snapshots) != 2 || c.Snapshots[0].JobARN != bespoke.ARN(arn) || c.Snapshots[0].Mode != bespoke.Incremental ||
		c.Snapshots[0].Counts["accepted"] != "1" || c.Snapshots[0].Counts["duplicate"] != "3" || c.Snapshots[1].Counts["duplicate"] != "1" {
		t.Errorf("snapshots: %+v", c.Snapshots)
	}
}

// TestObjectChanges replaces, shortens and removes an object between the call
// and the reading.
func TestObjectChanges(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	f.imported("good", dataset, three, bespoke.Active)
	fails := func(name string, change func(key string), text string) {
		t.Helper()
		key := name + ".csv"
		arn := f.accepted(name, dataset, f.put(key, three))
		change(key)
		f.advance(arn)
		if j := f.job(arn); j.Status != "CREATE FAILED" || !strings.Contains(j.FailureReason, text) || !strings.Contains(j.FailureReason, key) {
			t.Errorf("%s: %s: %s", name, j.Status, j.FailureReason)
		}
	}
	fails("replaced", func(key string) { f.put(key, strings.Replace(three, "u1", "u9", 1)) }, "changed while it was read")
	fails("shortened", func(key string) { f.put(key, header) }, "changed while it was read")
	fails("removed", f.remove, "an object is gone")
	if c := f.content(dataset); c.Rows.Bulk != 3 || c.DistinctUsers != 2 {
		t.Errorf("the failed jobs left %+v", c)
	}
}

func (f *fixture) remove(key string) {
	f.Helper()
	_, err := f.s3.DeleteObject(f.ctx, &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: &key})
	f.must(err)
}

// TestSourceGoes removes the source of an ACTIVE job, and its bucket: the
// service has a copy of its own.
func TestSourceGoes(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	j := f.imported("job", dataset, three, bespoke.Active)
	f.remove("job.csv")
	_, err := f.s3.DeleteBucket(f.ctx, &s3.DeleteBucketInput{Bucket: aws.String(bucket)})
	f.must(err)
	f.advance(j.DatasetImportJobArn) // run again, as after a crash
	if got := f.job(j.DatasetImportJobArn); got.Status != "ACTIVE" || !got.LastUpdatedDateTime.Equal(j.LastUpdatedDateTime.Time) {
		t.Errorf("the job is %+v", got)
	}
	if c := f.content(dataset); c.Rows.Bulk != 3 {
		t.Errorf("the dataset has %d rows", c.Rows.Bulk)
	}
}

// TestDescribeShowsRequest reads back every member of a request.
func TestDescribeShowsRequest(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", watches)
	f.attributed("shop", f.writer(), "s3://shop-data/out", "watches", "WATCH", "SAMPLECOUNT()")
	location := f.put("three.csv", watchHeader+"u1,i1,1700000000,WATCH,,,\n")
	plain := f.job(f.accepted("plain", dataset, location))
	if plain.ImportMode != "FULL" || plain.PublishAttributionMetricsToS3 == nil || *plain.PublishAttributionMetricsToS3 || plain.RoleArn != "" {
		t.Errorf("the defaults are %+v", plain)
	}
	f.advance(plain.DatasetImportJobArn)
	yes := true
	arn, err := f.importBy(wire.CreateDatasetImportJobRequest{
		JobName: "all", DatasetArn: dataset, DataSource: &wire.DataSource{DataLocation: location}, ImportMode: "INCREMENTAL",
		PublishAttributionMetricsToS3: &yes,
	})
	f.must(err)
	j := f.job(arn)
	if j.JobName != "all" || j.DatasetArn != dataset || j.DataSource.DataLocation != location || j.ImportMode != "INCREMENTAL" ||
		j.PublishAttributionMetricsToS3 == nil || !*j.PublishAttributionMetricsToS3 || j.Status != "CREATE PENDING" {
		t.Errorf("the job is %+v", j)
	}
}

// TestJobsInOrder advances the second job of a dataset before the first.
func TestJobsInOrder(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	first := f.accepted("first", dataset, f.put("first.csv", three))
	second := f.accepted("second", dataset, f.put("second.csv", rows(50)))
	f.advance(second)
	if j := f.job(second); j.Status != "CREATE PENDING" {
		t.Errorf("the second job is %s before its turn", j.Status)
	}
	f.advance(first)
	f.advance(second)
	if c := f.content(dataset); c.Rows.Bulk != 50 {
		t.Errorf("the dataset has %d rows, the second job's FULL import has 50", c.Rows.Bulk)
	}
}
