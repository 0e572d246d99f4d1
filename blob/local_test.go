package blob_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bespoke"
	"bespoke/blob"
	"bespoke/devcloud"
	"bespoke/iam"
)

// TestLocal reads the buckets of this process as roles that package iam knows,
// over HTTP and without.
func TestLocal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	scope := bespoke.Scope{Partition: "aws", Region: "us-east-1", Account: "123456789012"}
	roles, err := iam.Open(iam.Config{Dir: dir, Scope: scope})
	if err != nil {
		t.Fatal(err)
	}
	srv, err := devcloud.OpenS3(t.Context(), devcloud.S3Config{Dir: filepath.Join(dir, "buckets"), Access: rootKey, Secret: rootSecret, IAM: roles})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := srv.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	client := blob.NewClient(srv.URL(), "us-east-1", rootKey, rootSecret)
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("shop")}); err != nil {
		t.Fatal(err)
	}
	const trust = `{"Statement":{"Effect":"Allow","Principal":{"Service":"personalize.amazonaws.com"},"Action":"sts:AssumeRole"}}`
	if _, err := roles.CreateRole(iam.Role{Name: "reader", Trust: trust}); err != nil {
		t.Fatal(err)
	}
	if _, err := roles.CreateRole(iam.Role{Name: "foreign", Trust: strings.Replace(trust, "personalize", "lambda", 1)}); err != nil {
		t.Fatal(err)
	}
	allow := func(statements string) {
		t.Helper()
		if err := roles.PutRolePolicy("reader", "p", `{"Version":"2012-10-17","Statement":[`+statements+`]}`); err != nil {
			t.Fatal(err)
		}
	}
	root := bespoke.Caller{ARN: scope.Root(), AccessKeyID: rootKey}
	for name, cfg := range map[string]blob.LocalConfig{
		"HTTP":      {IAM: roles, Client: client},
		"InProcess": {IAM: roles, Client: client, Reader: srv.Reader()},
	} {
		resolver := blob.NewLocal(cfg)
		open := func(role string) *blob.Store {
			t.Helper()
			s, err := resolver.Open(t.Context(), role, root)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		for _, role := range []string{"arn:aws:iam::123456789012:role/none", "arn:aws:iam::123456789012:role/foreign"} {
			if _, err := resolver.Open(t.Context(), role, root); !errors.Is(err, blob.ErrRole) {
				t.Errorf("%s: %s: %v", name, role, err)
			}
		}
		owner, s := open(""), open(roleARN)
		put(t, owner, "shop", "in/a.csv", "content of a")
		o, err := owner.Stat(t.Context(), "shop", "in/a.csv")
		if err != nil {
			t.Fatal(err)
		}
		denied := func(what string, err error) {
			t.Helper()
			e, ok := errors.AsType[*bespoke.Error](err)
			if !errors.Is(err, blob.ErrDenied) || !ok || e.Code != bespoke.AccessDenied {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
		allow(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::elsewhere*"}`)
		denied("list", first(t, s, "shop", "in/"))
		_, err = read(t, s, o, 0, -1)
		denied("read", err)
		_, err = s.Stat(t.Context(), "shop", "in/a.csv")
		denied("stat", err)

		allow(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::shop/in/*"},
			{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::shop","Condition":{"StringLike":{"s3:prefix":"in/*"}}}`)
		if got, err := read(t, s, o, 0, -1); got != "content of a" || err != nil {
			t.Errorf("%s: read %q, %v", name, got, err)
		}
		for got, err := range s.List(t.Context(), "shop", "in/") {
			if got != o || err != nil {
				t.Errorf("%s: listed %+v, %v", name, got, err)
			}
		}
		denied("list all", first(t, s, "shop", ""))
		_, err = s.Put(t.Context(), "shop", "in/b", strings.NewReader("x"))
		denied("put", err)
		denied("a caller that is not root", func() error {
			guest, err := resolver.Open(t.Context(), "", bespoke.Caller{ARN: "arn:aws:iam::123456789012:user/guest"})
			return errors.Join(err, first(t, guest, "shop", "in/"))
		}())
		if err := first(t, owner, "none-such", ""); !errors.Is(err, blob.ErrNoBucket) {
			t.Errorf("%s: no bucket: %v", name, err)
		}
	}

	// An upload that fails leaves nothing behind.
	owner := blob.New(blob.Config{Client: client})
	broken := errors.New("the file is gone")
	source := io.MultiReader(strings.NewReader(randomText(t, 20<<20)), iotest.ErrReader(broken))
	if _, err := owner.Put(t.Context(), "shop", "big", source); !errors.Is(err, broken) {
		t.Errorf("put: %v", err)
	}
	if _, err := owner.Stat(t.Context(), "shop", "big"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("stat after a failed put: %v", err)
	}
	uploads, err := client.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: aws.String("shop")})
	if err != nil || len(uploads.Uploads) > 0 {
		t.Errorf("uploads left: %+v, %v", uploads, err)
	}
}
