package control_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"bespoke"
	"bespoke/blob"
	"bespoke/test/faulty"
)

// behindFaults has imports read through a proxy that fails as it is told.
func (f *fixture) behindFaults(r blob.Retry) *faulty.Proxy {
	f.Helper()
	p := faulty.Start(f, f.s3URL)
	f.use(blob.NewRemote(blob.RemoteConfig{
		AWS:      aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "an example of a secret", "")},
		Endpoint: p.URL, Retry: r,
	}))
	return p
}

// lines returns the rows that a dataset of interactions shows, as lines of CSV
// with how often each is there.
func (f *fixture) lines(dataset string) map[string]int {
	f.Helper()
	table, err := f.tables.Table(f.ctx, bespoke.ARN(dataset))
	f.must(err)
	all := map[string]int{}
	for b, err := range table.Scan(f.ctx, []string{"USER_ID", "ITEM_ID", "TIMESTAMP"}, "") {
		f.must(err)
		for i := range int(b.Record.NumRows()) {
			if !b.Dead.Has(i) {
				all[b.Record.Column(0).ValueStr(i)+","+b.Record.Column(1).ValueStr(i)+","+b.Record.Column(2).ValueStr(i)]++
			}
		}
	}
	return all
}

// wide returns CSV of about 9 MB, which is read in parts.
func wide(user string) string {
	var b strings.Builder
	b.WriteString(header)
	pad := strings.Repeat("x", 200)
	for i := range 40_000 {
		fmt.Fprintf(&b, "%s%s%d,i%d,%d\n", user, pad, i%97, i%13, 1_700_000_000+i)
	}
	return b.String()
}

// packed returns CSV compressed with gzip.
func packed(text string) string {
	var b strings.Builder
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text) // to memory
	_ = w.Close()
	return b.String()
}

// TestLyingS3 imports the same objects, in parts, whole and compressed, through
// every fault: where going on
// can work, the rows are there, each once; where it cannot, the job says why
// and the dataset is as it was.
func TestLyingS3(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	p := f.behindFaults(blob.Retry{Stall: 500 * time.Millisecond, Attempts: 5, MinWait: time.Millisecond, MaxWait: 4 * time.Millisecond})
	dataset := f.dataset("shop", "Interactions", interactions)
	large := wide("u")
	f.put("in/large.csv", large)
	dense := incompressible(3000)
	f.put("in/dense.csv.gz", packed(dense))
	want := map[string]int{}
	accept := func(name string) string {
		f.Helper()
		small := header + name + ",i,1\n" + strings.Repeat("again,i,2\n", 1000)
		f.put("in/small.csv", small)
		p.Set(nil)
		return f.accepted(name, dataset, "s3://"+bucket+"/in/")
	}
	arrived := func(name string) {
		f.Helper()
		want = map[string]int{name + ",i,1": 1, "again,i,2": 1}
		for _, text := range []string{large, dense} {
			for line := range strings.Lines(strings.TrimPrefix(text, header)) {
				want[strings.TrimSpace(line)]++
			}
		}
		if got := f.lines(dataset); !maps.Equal(got, want) {
			t.Errorf("%s: the dataset shows %d different rows, want %d, or some more than once", name, len(got), len(want))
		}
	}
	for _, c := range []struct {
		name  string
		fault faulty.Fault
	}{
		{"SlowDown", faulty.Refuse(503, "SlowDown")},
		{"InternalError", faulty.Refuse(500, "InternalError")},
		{"Reset", faulty.Reset(100_000)},
		{"Short", faulty.Short(100_000)},
		{"TornChunks", faulty.Chunks(100_000, true)},
		{"FewChunks", faulty.Chunks(100_000, false)},
		{"Stall", faulty.Stall(100_000)},
		{"Trickle", faulty.Trickle(time.Millisecond)},
		{"Length", faulty.Length(1)},
		{"OtherRange", faulty.OtherRange},
		{"Whole", func(p *faulty.Proxy, w http.ResponseWriter, r *http.Request) {
			text := large
			if !strings.HasSuffix(r.URL.Path, "large.csv") {
				text = packed(dense)
			}
			faulty.Whole(text)(p, w, r)
		}},
	} {
		arn := accept(c.name)
		p.Set(faulty.Each(3, c.fault))
		f.advance(arn)
		if j := f.job(arn); j.Status != "ACTIVE" {
			t.Errorf("%s: %s: %s", c.name, j.Status, j.FailureReason)
		}
		arrived(c.name)
	}
	change := sync.OnceFunc(func() { f.put("in/large.csv", wide("v")) })
	for _, c := range []struct {
		name, text string
		plan       faulty.Plan
	}{
		{"Denied", "Insufficient privileges for accessing data in S3", faulty.Always(faulty.Refuse(403, "AccessDenied"))},
		{"Expired", "The credentials for s3://shop-data/in/ have expired", faulty.Always(faulty.Refuse(400, "ExpiredToken"))},
		{"Moved", "Check the bucket's region and the server's S3 endpoint", faulty.Always(faulty.Redirect(301, p.URL))},
		{"Lying", "Check what stands between the server and S3", faulty.Always(faulty.Length(1))},
		{"Gone", "s3://shop-data/in/small.csv", func(_ int64, r *http.Request) faulty.Fault {
			if !strings.HasSuffix(r.URL.Path, "small.csv") {
				return nil
			}
			return faulty.ResetAfter(100, func() { f.remove("in/small.csv") })
		}},
		{"Changed", "changed while it was read", func(_ int64, r *http.Request) faulty.Fault {
			if !strings.HasSuffix(r.URL.Path, "large.csv") {
				return nil
			}
			return faulty.ResetAfter(100, change)
		}},
	} {
		arn := accept(c.name)
		p.Set(c.plan)
		f.advance(arn)
		if j := f.job(arn); j.Status != "CREATE FAILED" || !strings.Contains(j.FailureReason, c.text) {
			t.Errorf("%s: %s: %s", c.name, j.Status, j.FailureReason)
		}
	}
	if got := f.lines(dataset); !maps.Equal(got, want) {
		t.Errorf("the failed jobs left %d rows, want %d", len(got), len(want))
	}

	// S3 fails for longer than one run of the job has patience.
	f.put("in/large.csv", large)
	arn := accept("Outage")
	p.Set(faulty.Always(faulty.Refuse(503, "SlowDown")))
	if err := f.service.Advance(f.ctx, bespoke.ARN(arn)); err == nil || !strings.Contains(err.Error(), "SlowDown") {
		t.Errorf("the outage: %v", err)
	}
	p.Set(nil)
	f.advance(arn)
	arrived("Outage")
	if left := f.strays(dataset); len(left) > 0 {
		t.Errorf("files that no snapshot leads to: %q", left)
	}
}
