package devcloud_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"bespoke"
	"bespoke/blob"
	"bespoke/devcloud"
	"bespoke/iam"
)

var scope = bespoke.Scope{Partition: "aws", Region: "eu-west-1", Account: "000000000000"}

const access, secret = "AKIAEXAMPLE", "an example of a secret"

// start runs an S3 endpoint and returns a client of it.
func start(tb testing.TB, change func(*devcloud.S3Config)) (*devcloud.S3, *s3.Client, *iam.Store) {
	tb.Helper()
	dir := tb.TempDir()
	policies, err := iam.Open(iam.Config{Dir: dir, Scope: scope})
	if err != nil {
		tb.Fatal(err)
	}
	cfg := devcloud.S3Config{Dir: filepath.Join(dir, "buckets"), Access: access, Secret: secret, Region: "eu-west-1", IAM: policies}
	if change != nil {
		change(&cfg)
	}
	srv, err := devcloud.OpenS3(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := srv.Close(ctx); err != nil {
			tb.Error(err)
		}
	})
	return srv, blob.NewClient(srv.URL(), "eu-west-1", access, secret), policies
}

func makeBucket(tb testing.TB, c *s3.Client, name string) {
	tb.Helper()
	_, err := c.CreateBucket(tb.Context(), &s3.CreateBucketInput{
		Bucket: &name, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"},
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func put(tb testing.TB, c *s3.Client, bucket, key, content string) {
	tb.Helper()
	if _, err := c.PutObject(tb.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(content)}); err != nil {
		tb.Fatal(err)
	}
}

func codeOf(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}

func TestTwoServersAndWorkingDirectory(t *testing.T) {
	t.Parallel()
	before, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	_, one, _ := start(t, nil)
	_, two, _ := start(t, nil)
	makeBucket(t, one, "first")
	makeBucket(t, two, "second")
	for client, want := range map[*s3.Client]string{one: "first", two: "second"} {
		out, err := client.ListBuckets(t.Context(), &s3.ListBucketsInput{})
		if err != nil || len(out.Buckets) != 1 || *out.Buckets[0].Name != want {
			t.Errorf("buckets %+v, %v; want %s alone", out, err, want)
		}
	}
	if after, _ := os.Getwd(); after != before {
		t.Errorf("the working directory moved from %s to %s", before, after)
	}
}

// TestBucketAgain: only in us-east-1 may one make a bucket that one has. It keeps
// its objects.
func TestBucketAgain(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{"us-east-1": "", "eu-west-1": "BucketAlreadyOwnedByYou"} {
		srv, _, _ := start(t, func(cfg *devcloud.S3Config) { cfg.Region = region })
		c := blob.NewClient(srv.URL(), region, access, secret)
		in := &s3.CreateBucketInput{Bucket: aws.String("shop")}
		if region != "us-east-1" {
			in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}
		}
		if _, err := c.CreateBucket(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		put(t, c, "shop", "k", "kept")
		if _, err := c.CreateBucket(t.Context(), in); codeOf(err) != want || (err != nil) != (want != "") {
			t.Errorf("%s: again: %v, want %q", region, err, want)
		}
		if _, err := c.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: in.Bucket, Key: aws.String("k")}); err != nil {
			t.Errorf("%s: the object: %v", region, err)
		}
	}
}

func TestObjects(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]bool{"Xattr": false, "MetaFiles": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, c, _ := start(t, func(cfg *devcloud.S3Config) { cfg.MetaFiles = files })
			ctx, bucket, key := t.Context(), aws.String("shop"), aws.String("in/a b+ü.csv")
			makeBucket(t, c, "shop")
			put(t, c, "shop", *key, "0123456789")
			head, err := c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: key})
			if err != nil || *head.ContentLength != 10 {
				t.Fatalf("head: %+v, %v", head, err)
			}
			out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, Range: aws.String("bytes=2-4"), IfMatch: head.ETag})
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(out.Body)
			if string(got) != "234" || *out.ContentRange != "bytes 2-4/10" || err != nil {
				t.Errorf("range: %q, %v, %v", got, *out.ContentRange, err)
			}
			put(t, c, "shop", *key, "9876543210")
			_, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, IfMatch: head.ETag})
			if codeOf(err) != "PreconditionFailed" {
				t.Errorf("old ETag: %v", err)
			}
			copied := aws.String("copy.csv")
			_, err = c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: copied, CopySource: aws.String("shop/in%2Fa%20b%2B%C3%BC.csv")})
			if err != nil {
				t.Fatalf("copy: %v", err)
			}
			if out, err = c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: copied}); err != nil {
				t.Fatal(err)
			}
			if got, _ := io.ReadAll(out.Body); string(got) != "9876543210" {
				t.Errorf("copy holds %q", got)
			}
			list, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Delimiter: aws.String("/")})
			if err != nil || len(list.Contents) != 1 || len(list.CommonPrefixes) != 1 || *list.Name != "shop" {
				t.Errorf("list: %+v, %v", list, err)
			}
			_, err = c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket})
			if codeOf(err) != "BucketNotEmpty" || strings.Contains(err.Error(), os.TempDir()) {
				t.Errorf("delete full bucket: %v", err)
			}
			_, err = c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{
				Objects: []types.ObjectIdentifier{{Key: key}, {Key: copied}},
			}})
			if err != nil {
				t.Fatal(err)
			}
			if _, err = c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: key}); codeOf(err) != "NotFound" {
				t.Errorf("head after delete: %v", err)
			}
			if _, err := c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket}); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestMultipart(t *testing.T) {
	t.Parallel()
	srv, c, _ := start(t, nil)
	makeBucket(t, c, "shop")
	content := make([]byte, 21<<20+17)
	rand.Read(content)
	store := blob.New(blob.Config{Client: c, Reader: srv.Reader()})
	o, err := store.Put(t.Context(), "shop", "big", bytes.NewReader(content))
	if err != nil || o.Size != int64(len(content)) || !strings.HasSuffix(o.ETag, "-3") {
		t.Fatalf("put: %+v, %v", o, err)
	}
	// A part made of a range of that object.
	ctx, bucket, key := t.Context(), aws.String("shop"), aws.String("again")
	up, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	part, err := c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
		Bucket: bucket, Key: key, UploadId: up.UploadId, PartNumber: aws.Int32(1),
		CopySource: aws.String("/shop/big"), CopySourceRange: aws.String("bytes=1-6000000"),
	})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := c.ListParts(ctx, &s3.ListPartsInput{Bucket: bucket, Key: key, UploadId: up.UploadId})
	if err != nil || len(parts.Parts) != 1 || *parts.Bucket != "shop" {
		t.Errorf("parts %+v, %v", parts, err)
	}
	_, err = c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: bucket, Key: key, UploadId: up.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{ETag: part.CopyPartResult.ETag, PartNumber: aws.Int32(1)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(out.Body); err != nil || !bytes.Equal(got, content[1:6_000_001]) {
		t.Errorf("copied range: %d bytes, %v", len(got), err)
	}
}

func TestBucketPolicy(t *testing.T) {
	t.Parallel()
	srv, c, policies := start(t, nil)
	ctx, bucket := t.Context(), aws.String("shop")
	const policy = `{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"1","Effect":"Allow","Principal":{"Service":"personalize.amazonaws.com"},` +
		`"Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::shop","arn:aws:s3:::shop/*"]}]}`
	set := func(c *s3.Client, text string) error {
		_, err := c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: bucket, Policy: &text})
		return err
	}
	is := func(err error, want string) {
		t.Helper()
		if codeOf(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	is(set(c, policy), "NoSuchBucket")
	makeBucket(t, c, "shop")
	put(t, c, "shop", "a", "content")
	_, err := c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: bucket})
	is(err, "NoSuchBucketPolicy")
	is(set(c, policy), "")
	is(set(blob.NewClient(srv.URL(), "eu-west-1", access, "wrong"), policy), "SignatureDoesNotMatch")
	is(set(blob.NewClient(srv.URL(), "eu-west-1", "AKIAOTHER", secret), policy), "InvalidAccessKeyId")
	is(set(c, `{"Statement":[]}`), "MalformedPolicy")
	is(set(c, strings.ReplaceAll(policy, ":::shop", ":::other")), "MalformedPolicy")
	out, err := c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: bucket})
	if err != nil || *out.Policy != policy {
		t.Errorf("policy came back as %v, %v", out, err)
	}
	// A policy for everybody lets nobody in without a signature.
	is(set(c, strings.Replace(policy, `{"Service":"personalize.amazonaws.com"}`, `"*"`, 1)), "")
	anonymous := s3.New(s3.Options{BaseEndpoint: aws.String(srv.URL()), UsePathStyle: true, Region: "eu-west-1", Credentials: aws.AnonymousCredentials{}})
	_, err = anonymous.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("a")})
	is(err, "AccessDenied")
	_, err = c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: aws.String("a")})
	is(err, "")
	_, err = c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket})
	is(err, "")
	if _, has := policies.BucketPolicy("shop"); has {
		t.Error("the policy outlived its bucket")
	}
	_, err = c.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: bucket})
	is(err, "NoSuchBucket")
}

func TestRefusesBadConfig(t *testing.T) {
	t.Parallel()
	_, err := devcloud.OpenS3(t.Context(), devcloud.S3Config{})
	for _, missing := range []string{"Dir", "Access", "Secret", "IAM"} {
		if err == nil || !strings.Contains(err.Error(), missing) {
			t.Errorf("%v does not name %s", err, missing)
		}
	}
	srv, _, policies := start(t, nil)
	addr := strings.TrimPrefix(srv.URL(), "http://")
	_, err = devcloud.OpenS3(t.Context(), devcloud.S3Config{Dir: t.TempDir(), Listen: addr, Access: access, Secret: secret, IAM: policies})
	if err == nil || !strings.Contains(err.Error(), addr) {
		t.Errorf("a taken address: %v", err)
	}
}
