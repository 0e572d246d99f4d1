package control_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/blob"
	"bespoke/control"
	"bespoke/iam"
	"bespoke/lake"
)

const trust = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"personalize.amazonaws.com"},"Action":"sts:AssumeRole"}}`

// role makes a role with the actions on a bucket's objects and the bucket.
func (f *fixture) role(name, actions, resource string) string {
	f.Helper()
	r, err := f.iam.CreateRole(iam.Role{Name: name, Trust: trust})
	f.must(err)
	f.must(f.iam.PutRolePolicy(name, "p", fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":%s,"Resource":%s}}`, actions, resource)))
	return r.ARN
}

func (f *fixture) writer() string {
	f.Helper()
	return f.role("writer", `["s3:PutObject","s3:ListBucket"]`, `["arn:aws:s3:::shop-data","arn:aws:s3:::shop-data/out/*"]`)
}

// putRows commits individual rows, given as cells, to a dataset's table.
func (f *fixture) putRows(name, dataset string, arrived int64, rows ...string) {
	f.Helper()
	table, err := f.tables.Table(f.Context(), bespoke.ARN(dataset))
	f.must(err)
	job := scope.ImportJob(name)
	dir, err := table.NewDataDir(job)
	f.must(err)
	w, err := table.NewWriter(dir, lake.Put)
	f.must(err)
	b := array.NewRecordBuilder(memory.DefaultAllocator, table.Arrow())
	defer b.Release()
	for _, r := range rows {
		for i, cell := range append(strings.Split(r, ","), lake.Put, strconv.FormatInt(arrived, 10), array.NullValueStr) {
			f.must(b.Field(i).AppendValueFromString(cell))
		}
	}
	rec := b.NewRecordBatch()
	defer rec.Release()
	f.must(w.Append(rec, nil))
	files, err := w.Close()
	f.must(err)
	_, err = table.Commit(f.Context(), lake.Commit{Job: job, Mode: bespoke.Incremental, Origin: lake.Put, Files: files})
	f.must(err)
}

// exportBy asks for an export; what is not set has a value that works.
func (f *fixture) exportBy(in wire.CreateDatasetExportJobRequest) (string, error) {
	if in.JobOutput == nil {
		in.JobOutput = &wire.DatasetExportJobOutput{S3DataDestination: &wire.S3DataConfig{Path: "s3://shop-data/out"}}
	}
	out, err := f.CreateDatasetExportJob(f.ctx, &in)
	if err != nil {
		return "", err
	}
	return out.DatasetExportJobArn, nil
}

func (f *fixture) export(arn string) *wire.DatasetExportJob {
	f.Helper()
	out, err := f.DescribeDatasetExportJob(f.ctx, &wire.DescribeDatasetExportJobRequest{DatasetExportJobArn: arn})
	f.must(err)
	return out.DatasetExportJob
}

// objectsBelow returns the keys and contents of objects.
func (f *fixture) objectsBelow(prefix string) map[string]string {
	f.Helper()
	all := map[string]string{}
	for o, err := range f.objects.List(f.ctx, bucket, prefix) {
		f.must(err)
		body, err := f.objects.Open(f.ctx, o, 0, -1)
		f.must(err)
		text, err := io.ReadAll(body)
		f.must(err)
		body.Close()
		all[strings.TrimPrefix(o.Key, prefix)] = string(text)
	}
	return all
}

func sortedLines(text string) []string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	slices.Sort(lines[1:])
	return lines
}

// TestExport writes a dataset with rows of both origins in all modes.
func TestExport(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	role := f.writer()
	dataset := f.dataset("shop", "Items", items)
	f.imported("first", dataset, "ITEM_ID,GENRE\ni1,bulk\ni2,\"bulk, two\"\ni3,bulk\n", bespoke.Active)
	f.putRows("puts", dataset, 1<<42, "i1,put", "i2,early", "i1,put")
	f.putRows("more", dataset, 1<<43, "i2,late", "i4,put")
	f.putRows("old", dataset, 1, "i3,before the import")
	for mode, want := range map[string][]string{
		"":     {"i1,put", "i2,early", "i2,late", "i3,before the import", "i4,put"},
		"BULK": {"i1,bulk", `i2,"bulk, two"`, "i3,bulk"},
		"ALL":  {"i1,put", "i2,late", "i3,bulk", "i4,put"},
	} {
		name := "export-" + mode
		arn, err := f.exportBy(wire.CreateDatasetExportJobRequest{JobName: name, DatasetArn: dataset, RoleArn: role, IngestionMode: mode})
		f.must(err)
		if j := f.export(arn); j.Status != "CREATE PENDING" || j.JobName != name || j.IngestionMode != max(mode, map[string]string{"": "PUT"}[mode]) ||
			j.DatasetArn != dataset || j.RoleArn != role || j.JobOutput.S3DataDestination.Path != "s3://shop-data/out" {
			t.Errorf("the job is %+v", j)
		}
		f.advance(arn)
		if j := f.export(arn); j.Status != "ACTIVE" {
			t.Fatalf("%s: %s", j.Status, j.FailureReason)
		}
		parts := f.objectsBelow("out/" + name + "/")
		if got := sortedLines(parts["part-00000.csv"]); len(parts) != 1 || !slices.Equal(got, append([]string{"ITEM_ID,GENRE"}, want...)) {
			t.Errorf("mode %q: %q", mode, parts)
		}
		r, err := f.service.ExportResult(f.ctx, bespoke.ARN(arn))
		f.must(err)
		if r.Rows != int64(len(want)) || r.Objects != 1 || r.Bytes != int64(len(parts["part-00000.csv"])) || r.Folder != "s3://shop-data/out/"+name+"/" {
			t.Errorf("the result is %+v", r)
		}
	}
	if c := f.content(dataset); c.Rows != (control.RowsOf{Bulk: 3, Put: 6, All: 4}) {
		t.Errorf("the dataset holds %+v", c.Rows)
	}
	list, err := f.ListDatasetExportJobs(f.ctx, &wire.ListDatasetExportJobsRequest{DatasetArn: dataset})
	f.must(err)
	if len(list.DatasetExportJobs) != 3 || list.DatasetExportJobs[0].Status != "ACTIVE" {
		t.Errorf("listed %+v", list.DatasetExportJobs)
	}
}

// TestExportInParts writes small objects and imports them again.
func TestExportInParts(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *control.Config) { c.ExportPart = 2000 })
	role := f.writer()
	dataset := f.dataset("shop", "Interactions", interactions)
	f.imported("first", dataset, rows(1000), bespoke.Active)
	arn, err := f.exportBy(wire.CreateDatasetExportJobRequest{JobName: "parts", DatasetArn: dataset, RoleArn: role, IngestionMode: "ALL",
		JobOutput: &wire.DatasetExportJobOutput{S3DataDestination: &wire.S3DataConfig{Path: "s3://shop-data/out/", KmsKeyArn: "arn:aws:kms:us-east-1:000000000000:key/k"}}})
	f.must(err)
	f.advance(arn)
	j := f.export(arn)
	if j.Status != "ACTIVE" || j.JobOutput.S3DataDestination.KmsKeyArn != "arn:aws:kms:us-east-1:000000000000:key/k" {
		t.Fatalf("%+v", j)
	}
	parts := f.objectsBelow("out/parts/")
	if len(parts) < 5 {
		t.Errorf("%d parts", len(parts))
	}
	for name, text := range parts {
		if len(text) > 2100 || !strings.HasPrefix(text, header) {
			t.Errorf("%s has %d bytes", name, len(text))
		}
	}
	again := f.dataset("again", "Interactions", interactions)
	f.advance(f.accepted("again", again, "s3://shop-data/out/parts/"))
	if c := f.content(again); c.Rows.Bulk != 1000 || c.DistinctUsers != f.content(dataset).DistinctUsers {
		t.Errorf("the imported parts hold %+v", c)
	}

	// An export of the same name with fewer parts would leave others between its own.
	f.put("out/few/part-00099.csv", header)
	arn, err = f.exportBy(wire.CreateDatasetExportJobRequest{JobName: "few", DatasetArn: dataset, RoleArn: role, IngestionMode: "ALL"})
	f.must(err)
	f.advance(arn)
	if j := f.export(arn); j.Status != "CREATE FAILED" || !strings.Contains(j.FailureReason, "part-00099.csv of another export") {
		t.Errorf("%s: %s", j.Status, j.FailureReason)
	}
	if left := f.objectsBelow("out/few/"); len(left) != 1 || f.uploads() != 0 {
		t.Errorf("the failed export left %d objects and %d uploads", len(left), f.uploads())
	}
}

func (f *fixture) uploads() int {
	f.Helper()
	out, err := f.s3.ListMultipartUploads(f.ctx, &s3.ListMultipartUploadsInput{Bucket: aws.String(bucket)})
	f.must(err)
	return len(out.Uploads)
}

// TestExportRefused makes calls that cannot be answered with a job.
func TestExportRefused(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *control.Config) { c.Limits.ExportJobs = 1 })
	role := f.writer()
	dataset := f.dataset("shop", "Items", items)
	path := func(p string) *wire.DatasetExportJobOutput {
		return &wire.DatasetExportJobOutput{S3DataDestination: &wire.S3DataConfig{Path: p}}
	}
	refused := func(code bespoke.Code, in wire.CreateDatasetExportJobRequest, texts ...string) {
		t.Helper()
		in.JobName, in.DatasetArn, in.RoleArn = "j", max(in.DatasetArn, dataset), max(in.RoleArn, role)
		_, err := f.exportBy(in)
		f.refused(err, code, texts...)
	}
	refused(bespoke.NotFound, wire.CreateDatasetExportJobRequest{DatasetArn: string(scope.Dataset("zzz", bespoke.Items))})
	actions := f.dataset("zzzz", "Actions", avro("Actions", field{Name: "ACTION_ID", Type: "string"}, field{Name: "V", Type: "float"}))
	_, err := f.exportBy(wire.CreateDatasetExportJobRequest{JobName: "j", DatasetArn: actions, RoleArn: role})
	f.refused(err, bespoke.InvalidInput, "ACTIONS cannot be exported")
	refused(bespoke.InvalidInput, wire.CreateDatasetExportJobRequest{JobOutput: path("https://shop-data/out")}, "Invalid S3 output path", "https://shop-data/out")
	refused(bespoke.InvalidInput, wire.CreateDatasetExportJobRequest{JobOutput: path("s3://Shop_Data/out")}, "Invalid S3 output path")
	refused(bespoke.InvalidInput, wire.CreateDatasetExportJobRequest{JobOutput: path("s3://shop-data/" + strings.Repeat("出", 340))}, "Invalid S3 output path", "1024 bytes")
	refused(bespoke.InvalidInput, wire.CreateDatasetExportJobRequest{JobOutput: path("s3://shop-data/elsewhere")},
		"Insufficient privileges for accessing data in S3.", "s3:PutObject", "shop-data/elsewhere/j/part-00000.csv")
	refused(bespoke.InvalidInput, wire.CreateDatasetExportJobRequest{RoleArn: "arn:aws:iam::000000000000:role/zzz"}, "zzz does not exist")
	anywhere := f.role("zzzz-anywhere", `"s3:*"`, `"*"`)
	refused(bespoke.InvalidInput, wire.CreateDatasetExportJobRequest{RoleArn: anywhere, JobOutput: path("s3://no-such-bucket/out")}, "The bucket no-such-bucket does not exist")
	refused(bespoke.TooManyTags, wire.CreateDatasetExportJobRequest{Tags: make([]wire.Tag, 51)})
	before := f.use(remote(nobody(t), ""))
	_, err = f.exportBy(wire.CreateDatasetExportJobRequest{JobName: "j", DatasetArn: dataset})
	f.refused(err, bespoke.Unavailable, "try again")
	f.access.Store(before)

	arn, err := f.exportBy(wire.CreateDatasetExportJobRequest{JobName: "j", DatasetArn: dataset, RoleArn: role})
	f.must(err)
	refused(bespoke.AlreadyExists, wire.CreateDatasetExportJobRequest{})
	_, err = f.exportBy(wire.CreateDatasetExportJobRequest{JobName: "k", DatasetArn: dataset, RoleArn: role})
	f.refused(err, bespoke.LimitExceeded, "More than 1 resources")
	f.refused(f.DeleteDataset(f.ctx, &wire.DeleteDatasetRequest{DatasetArn: dataset}), bespoke.InUse, arn)
	f.advance(arn)
	f.must(f.DeleteDataset(f.ctx, &wire.DeleteDatasetRequest{DatasetArn: dataset}))
	_, err = f.exportBy(wire.CreateDatasetExportJobRequest{JobName: "k", DatasetArn: dataset, RoleArn: role})
	f.refused(err, bespoke.InUse, "DELETE PENDING")
	_, err = f.DescribeDatasetExportJob(f.ctx, &wire.DescribeDatasetExportJobRequest{DatasetExportJobArn: string(scope.ExportJob("none"))})
	f.refused(err, bespoke.NotFound)
	_, err = f.DescribeDatasetExportJob(f.ctx, &wire.DescribeDatasetExportJobRequest{DatasetExportJobArn: dataset})
	f.refused(err, bespoke.InvalidInput, "dataset export job")
	_, err = f.ListDatasetExportJobs(f.ctx, &wire.ListDatasetExportJobsRequest{NextToken: "x"})
	f.refused(err, bespoke.InvalidNextToken)
}

// TestExportLosesRight takes the right to write away between the call and the
// job, and then S3.
func TestExportLosesRight(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	role := f.writer()
	dataset := f.dataset("shop", "Interactions", interactions)
	f.imported("first", dataset, three, bespoke.Active)
	arn, err := f.exportBy(wire.CreateDatasetExportJobRequest{JobName: "denied", DatasetArn: dataset, RoleArn: role, IngestionMode: "BULK"})
	f.must(err)
	again, err := f.exportBy(wire.CreateDatasetExportJobRequest{JobName: "again", DatasetArn: dataset, RoleArn: role, IngestionMode: "BULK"})
	f.must(err)
	f.must(f.iam.PutRolePolicy("writer", "q", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:PutObject","Resource":"*"}}`))
	f.advance(arn)
	if j := f.export(arn); j.Status != "CREATE FAILED" || !strings.Contains(j.FailureReason, "Insufficient privileges") {
		t.Errorf("%s: %s", j.Status, j.FailureReason)
	}
	f.must(f.iam.DeleteRolePolicy("writer", "q"))

	// S3 fails: the job is run again and writes the rows that were there at first.
	before := f.use(remote(failing(t, http.StatusInternalServerError), ""))
	if err := f.service.Advance(f.Context(), bespoke.ARN(again)); err == nil {
		t.Error("the job ended while S3 failed")
	}
	f.access.Store(before)
	f.imported("second", dataset, rows(50), bespoke.Active)
	f.advance(again)
	if j := f.export(again); j.Status != "ACTIVE" {
		t.Errorf("%s: %s", j.Status, j.FailureReason)
	}
	if got := f.objectsBelow("out/again/")["part-00000.csv"]; len(sortedLines(got)) != 4 {
		t.Errorf("the second run wrote %q", got)
	}
	f.advance(again) // settled
}

// TestExportKilled stops an export half-way; what it has uploaded is removed by
// the next run.
func TestExportKilled(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *control.Config) { c.ExportPart = 1000 })
	dataset := f.dataset("shop", "Interactions", interactions)
	f.imported("first", dataset, rows(200), bespoke.Active)
	arn, err := f.exportBy(wire.CreateDatasetExportJobRequest{JobName: "killed", DatasetArn: dataset, RoleArn: f.writer(), IngestionMode: "ALL"})
	f.must(err)
	ctx, kill := context.WithCancel(f.Context())
	before := *f.access.Load()
	staged := 0
	dying := accessFunc(func(ctx context.Context, role string, caller bespoke.Caller) (control.Objects, error) {
		o, err := before(ctx, role, caller)
		return deadly{o, func() {
			if staged++; staged == 3 {
				kill()
			}
		}}, err
	})
	f.access.Store(&dying)
	if err := f.service.Advance(ctx, bespoke.ARN(arn)); err == nil {
		t.Error("the job ended although it was stopped")
	}
	f.access.Store(&before)
	if n := len(f.objectsBelow("out/killed/")); n != 0 {
		t.Errorf("%d parts are visible", n)
	}
	_, err = f.objects.Stage(f.ctx, bucket, "out/killed/part-00000.csv", strings.NewReader("left by a kill"))
	f.must(err)
	f.advance(arn)
	if n := len(f.objectsBelow("out/killed/")); n < 3 || f.uploads() != 0 || f.export(arn).Status != "ACTIVE" {
		t.Errorf("%d parts, %d uploads are left", n, f.uploads())
	}
}

// deadly tells of every part.
type deadly struct {
	control.Objects
	stages func()
}

func (d deadly) Stage(ctx context.Context, bucket, key string, r io.Reader) (*blob.Staged, error) {
	d.stages()
	return d.Objects.Stage(ctx, bucket, key, r)
}
