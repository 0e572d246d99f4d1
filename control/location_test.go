package control_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/blob"
	"bespoke/control"
)

// remote reads through an S3 of somebody else's at the endpoint, and tries once.
func remote(endpoint, sts string) *blob.Resolver {
	return blob.NewRemote(blob.RemoteConfig{
		AWS: aws.Config{
			Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "an example of a secret", ""),
		},
		Endpoint: endpoint, STSEndpoint: sts, Retry: blob.Retry{Attempts: 1},
	})
}

// nobody returns an address that nothing listens on.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// failing returns the address of an S3 that answers every request with a
// status.
func failing(t *testing.T, status int) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(srv.Close)
	return srv.URL
}

// TestStorageFails asks for imports while S3 or STS is down: the call says so
// and is one that SDKs try again, and nothing remains of it.
func TestStorageFails(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	location := f.put("three.csv", three)
	role := "arn:aws:iam::000000000000:role/reader"
	silent, broken := nobody(t), failing(t, http.StatusInternalServerError)
	for name, c := range map[string]struct {
		r                    *blob.Resolver
		location, role, text string
	}{
		"object-unreachable": {remote(silent, ""), location, "", strings.TrimPrefix(silent, "http://")},
		"folder-unreachable": {remote(silent, ""), "s3://shop-data/", "", "connection refused"},
		"object-fails":       {remote(broken, ""), location, "", "500"},
		"folder-fails":       {remote(broken, ""), "s3://shop-data/", "", "500"},
		"sts-unreachable":    {remote(broken, silent), location, role, strings.TrimPrefix(silent, "http://")},
	} {
		before := f.use(c.r)
		_, err := f.importBy(wire.CreateDatasetImportJobRequest{
			JobName: name, DatasetArn: dataset, RoleArn: c.role, DataSource: &wire.DataSource{DataLocation: c.location},
		})
		f.refused(err, bespoke.Unavailable, "S3 could not be read at "+c.location, c.text, "try again")
		f.access.Store(before)
		_, err = f.DescribeDatasetImportJob(f.ctx, &wire.DescribeDatasetImportJobRequest{DatasetImportJobArn: string(scope.ImportJob(name))})
		f.refused(err, bespoke.NotFound)
	}
}

// listOnly is an S3 whose objects are listed by one and opened by another.
type listOnly struct {
	control.Objects
	opens control.Objects
}

func (l listOnly) Open(ctx context.Context, o bespoke.Object, offset, length int64) (io.ReadCloser, error) {
	return l.opens.Open(ctx, o, offset, length)
}

// TestHeaderFails lets S3 list and then fail at the first row.
func TestHeaderFails(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	location := f.put("three.csv", three)
	working, silent := *f.access.Load(), nobody(t)
	halves := accessFunc(func(ctx context.Context, role string, caller bespoke.Caller) (control.Objects, error) {
		lists, err := working(ctx, role, caller)
		if err != nil {
			return nil, err
		}
		opens, err := remote(silent, "").Open(ctx, role, caller)
		return listOnly{lists, opens}, err
	})
	f.access.Store(&halves)
	_, err := f.importJob("job", dataset, location)
	f.refused(err, bespoke.Unavailable, "connection refused")

	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	f.ctx = ctx
	if _, err := f.importJob("job", dataset, location); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled call answers %v", err)
	}
}

// TestStorageFailsTheJob takes S3 away from an accepted job: the job is tried
// again, and goes on once S3 is back.
func TestStorageFailsTheJob(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	job := f.accepted("job", dataset, f.put("three.csv", three))
	before := f.use(remote(nobody(t), ""))
	for range 2 {
		err := f.service.Advance(t.Context(), bespoke.ARN(job))
		if e, ok := errors.AsType[*bespoke.Error](err); ok || err == nil {
			t.Fatalf("got %v (%v), want an error that is no refusal", err, e)
		}
		if j := f.job(job); j.Status != "CREATE IN_PROGRESS" || j.FailureReason != "" {
			t.Fatalf("the job is %s: %s", j.Status, j.FailureReason)
		}
	}
	f.access.Store(before)
	f.advance(job)
	if j := f.job(job); j.Status != "ACTIVE" {
		t.Errorf("the job is %s: %s", j.Status, j.FailureReason)
	}
	if c := f.content(dataset); c.Rows.Bulk != 3 || len(c.Snapshots) != 1 {
		t.Errorf("the dataset holds %+v", c)
	}
}

// TestGiveUp lets S3 fail for one role until the attempts of its job are used
// up. The next job of the dataset then has its turn.
func TestGiveUp(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	working, down := *f.access.Load(), remote(nobody(t), "")
	var outage atomic.Bool
	access := accessFunc(func(ctx context.Context, role string, caller bespoke.Caller) (control.Objects, error) {
		if role != "" && outage.Load() {
			return down.Open(ctx, "", caller)
		}
		return working(ctx, "", caller)
	})
	f.access.Store(&access)
	first, err := f.importBy(wire.CreateDatasetImportJobRequest{
		JobName: "first", DatasetArn: dataset, RoleArn: "arn:aws:iam::000000000000:role/reader", DataSource: &wire.DataSource{DataLocation: f.put("three.csv", three)},
	})
	f.must(err)
	second := f.accepted("second", dataset, f.put("four.csv", three+"u9,i9,1700000009\n"))
	outage.Store(true)
	f.run(3)
	f.poll("the second job's end", func() bool { return bespoke.Status(f.job(second).Status).Settled() })
	j := f.job(first)
	if j.Status != "CREATE FAILED" || !strings.Contains(j.FailureReason, "S3 did not answer") || !strings.Contains(j.FailureReason, "connection refused") {
		t.Errorf("the first job is %s: %s", j.Status, j.FailureReason)
	}
	if j := f.job(second); j.Status != "ACTIVE" {
		t.Errorf("the second job is %s: %s", j.Status, j.FailureReason)
	}
	if c := f.content(dataset); c.Rows.Bulk != 4 {
		t.Errorf("the dataset has %d rows", c.Rows.Bulk)
	}
	_, err = f.service.ImportReport(f.ctx, bespoke.ARN(first))
	f.refused(err, bespoke.NotFound, "ended without a report")
}
