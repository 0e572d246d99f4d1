package blob_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bespoke/blob"
)

// TestStage uploads an object of several parts, which nobody sees before it is
// complete, and leaves nothing where it is given up.
func TestStage(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	g.makeBucket(t, "shop")
	s := blob.New(blob.Config{Client: g.client})
	uploads := func() int {
		t.Helper()
		out, err := g.client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String("shop")})
		if err != nil {
			t.Fatal(err)
		}
		return len(out.Uploads)
	}
	for _, content := range []string{"x", randomText(t, 20<<20)} {
		put(t, s, "shop", "out/part", "old")
		st, err := s.Stage(t.Context(), "shop", "out/part", strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if o, err := s.Stat(t.Context(), "shop", "out/part"); err != nil || o.Size != 3 {
			t.Errorf("before completion there is %+v, %v", o, err)
		}
		o, err := st.Complete(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := read(t, s, o, 0, -1); got != content || err != nil {
			t.Errorf("read %d bytes, %v", len(got), err)
		}
	}
	broken := errors.New("the rows cannot be read")
	_, err := s.Stage(t.Context(), "shop", "out/broken", io.MultiReader(strings.NewReader(randomText(t, 20<<20)), iotest.ErrReader(broken)))
	if !errors.Is(err, broken) || uploads() != 0 {
		t.Errorf("a broken source: %v, %d uploads are left", err, uploads())
	}
	st, err := s.Stage(t.Context(), "shop", "out/given-up", strings.NewReader("x"))
	if err != nil || uploads() != 1 {
		t.Fatalf("%v, %d uploads", err, uploads())
	}
	if err := st.Abort(t.Context()); err != nil || uploads() != 0 {
		t.Errorf("%v, %d uploads are left", err, uploads())
	}
	for _, key := range []string{"out/lost", "elsewhere"} { // as a killed process leaves them
		if _, err := s.Stage(t.Context(), "shop", key, strings.NewReader("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AbortUploads(t.Context(), "shop", "out/"); err != nil || uploads() != 1 {
		t.Errorf("%v, %d uploads are left", err, uploads())
	}
	if err := s.MayPut(t.Context(), "shop", "out/x"); err != nil {
		t.Error(err)
	}
	if err := s.MayPut(t.Context(), "none-such", "x"); !errors.Is(err, blob.ErrNoBucket) {
		t.Errorf("no bucket: %v", err)
	}
}
