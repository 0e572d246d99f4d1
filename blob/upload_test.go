package blob_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bespoke"
	"bespoke/blob"
	"bespoke/test/faulty"
)

func (g gateway) uploads(t *testing.T, key string) int {
	t.Helper()
	out, err := g.client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String("shop"), Prefix: &key})
	if err != nil {
		t.Fatal(err)
	}
	return len(out.Uploads)
}

// TestUploadFaults has each step of an upload fail three times in a row, which is
// gone round, and then without end, which is told and leaves the object that was
// there. Nothing is left of an upload that fails.
func TestUploadFaults(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	g.makeBucket(t, "shop")
	direct := blob.New(blob.Config{Client: g.client})
	large := randomText(t, 9<<20)
	for _, c := range []struct {
		name  string
		step  string
		fault faulty.Fault
		kind  error  // without end
		text  string // of that error
	}{
		{"PutRefused", "put", faulty.Refuse(503, "SlowDown"), blob.ErrUnavailable, "SlowDown"},
		{"PutCut", "put", faulty.Cut(1), blob.ErrUnavailable, "4 attempts in succession"},
		{"PutDenied", "put", faulty.Refuse(403, "AccessDenied"), blob.ErrDenied, "AccessDenied"},
		{"BeginRefused", "begin", faulty.Refuse(500, "InternalError"), blob.ErrUnavailable, "InternalError"},
		{"PartRefused", "part 2", faulty.Refuse(503, "SlowDown"), blob.ErrUnavailable, "SlowDown"},
		{"PartCut", "part 2", faulty.Cut(100_000), blob.ErrUnavailable, "4 attempts in succession"},
		{"FirstPartCut", "part 1", faulty.Cut(5_000_000), blob.ErrUnavailable, "4 attempts in succession"},
		{"PartLost", "part 2", faulty.Lost, blob.ErrUnavailable, "reset"},
		{"PartSilent", "part 2", faulty.Silence, blob.ErrUnavailable, "timeout"},
		{"PartDenied", "part 2", faulty.Refuse(403, "AccessDenied"), blob.ErrDenied, "AccessDenied"},
		{"CompleteRefused", "complete", faulty.Refuse(503, "SlowDown"), blob.ErrUnavailable, "SlowDown"},
		{"CompleteFailsLate", "complete", faulty.Refuse(200, "InternalError"), blob.ErrUnavailable, "InternalError"},
		{"CompleteCut", "complete", faulty.Cut(10), blob.ErrUnavailable, "4 attempts in succession"},
		{"CompleteDenied", "complete", faulty.Refuse(403, "AccessDenied"), blob.ErrDenied, "AccessDenied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := faulty.Start(t, "http://"+g.addr)
			s, err := blob.NewRemote(blob.RemoteConfig{
				AWS:      aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider(rootKey, rootSecret, "")},
				Endpoint: p.URL, Retry: hasty,
			}).Open(t.Context(), "", bespoke.Caller{})
			if err != nil {
				t.Fatal(err)
			}
			content := large
			if c.step == "put" {
				content = large[:1000]
			}
			there := put(t, direct, "shop", c.name, "old")
			p.SetWrites(faulty.At(c.step, faulty.Always(c.fault)))
			_, err = s.Put(t.Context(), "shop", c.name, strings.NewReader(content))
			if !errors.Is(err, c.kind) || !strings.Contains(fmt.Sprint(err), c.text) || !strings.Contains(fmt.Sprint(err), "s3://shop/"+c.name) {
				t.Errorf("always: %v", err)
			}
			if got, err := read(t, direct, there, 0, -1); err != nil || got != "old" || g.uploads(t, c.name) != 0 {
				t.Errorf("always: there is %d bytes, %v, and %d uploads", len(got), err, g.uploads(t, c.name))
			}
			if c.kind != blob.ErrUnavailable {
				return
			}
			p.SetWrites(faulty.At(c.step, faulty.First(c.fault, c.fault, c.fault)))
			o, err := s.Put(t.Context(), "shop", c.name, strings.NewReader(content))
			if err != nil {
				t.Fatalf("three times: %v", err)
			}
			if got, err := read(t, direct, o, 0, -1); err != nil || got != content || g.uploads(t, c.name) != 0 {
				t.Errorf("three times: there is %d bytes, %v, and %d uploads", len(got), err, g.uploads(t, c.name))
			}
		})
	}
}

// TestUploadLost has S3 complete or abort an upload without its answer coming. One that
// S3 does not know any more is no fault of the object.
func TestUploadLost(t *testing.T) {
	t.Parallel()
	g, p, s, _, _ := behind(t)
	stage := func(key string) *blob.Staged {
		t.Helper()
		st, err := s.Stage(t.Context(), "shop", key, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	p.SetWrites(faulty.At("complete", faulty.First(faulty.Lost)))
	st := stage("completed")
	if o, err := st.Complete(t.Context()); err != nil {
		t.Errorf("completed: %v", err)
	} else if got, err := read(t, s, o, 0, -1); err != nil || got != "x" {
		t.Errorf("completed: read %q, %v", got, err)
	}
	if err := st.Abort(t.Context()); err != nil {
		t.Errorf("nothing to abort: %v", err)
	}
	st = stage("ended")
	if err := s.AbortUploads(t.Context(), "shop", "ended"); err != nil {
		t.Error(err)
	}
	if _, err := st.Complete(t.Context()); !errors.Is(err, blob.ErrNoUpload) || errors.Is(err, blob.ErrNotFound) || errors.Is(err, blob.ErrRefused) {
		t.Errorf("aborted by somebody: %v", err)
	}
	p.SetWrites(faulty.At("abort", faulty.First(faulty.Refuse(503, "SlowDown"), faulty.Lost)))
	if err := stage("aborted").Abort(t.Context()); err != nil || g.uploads(t, "aborted") != 0 {
		t.Errorf("aborted: %v, %d uploads", err, g.uploads(t, "aborted"))
	}
	p.SetWrites(faulty.Either(faulty.At("part 2", faulty.Always(faulty.Refuse(403, "AccessDenied"))), faulty.At("abort", faulty.Always(faulty.Refuse(503, "SlowDown")))))
	_, err := s.Put(t.Context(), "shop", "left", io.LimitReader(zeros{}, 9<<20))
	if !errors.Is(err, blob.ErrDenied) || !strings.Contains(err.Error(), "abort the upload of s3://shop/left") || g.uploads(t, "left") != 1 {
		t.Errorf("neither sent nor aborted: %v, %d uploads", err, g.uploads(t, "left"))
	}
	p.SetWrites(faulty.At("abort", faulty.First(faulty.Lost)))
	if err := s.AbortUploads(t.Context(), "shop", "left"); err != nil || g.uploads(t, "left") != 0 {
		t.Errorf("%v, %d uploads are left", err, g.uploads(t, "left"))
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
