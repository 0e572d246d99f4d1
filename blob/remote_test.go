package blob_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bespoke"
	"bespoke/blob"
)

const roleARN = "arn:aws:iam::123456789012:role/reader"

func (g gateway) config(roles blob.Roles) blob.RemoteConfig {
	return blob.RemoteConfig{
		AWS:      aws.Config{Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider(rootKey, rootSecret, "")},
		Endpoint: "http://" + g.addr,
		Roles:    roles,
	}
}

func read(t *testing.T, s *blob.Store, o bespoke.Object, offset, length int64) (string, error) {
	t.Helper()
	body, err := s.Open(t.Context(), o, offset, length)
	if err != nil {
		return "", err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	return string(text), err
}

func put(t *testing.T, s *blob.Store, bucket, key, content string) bespoke.Object {
	t.Helper()
	o, err := s.Put(t.Context(), bucket, key, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func first(t *testing.T, s *blob.Store, bucket, prefix string) error {
	t.Helper()
	for _, err := range s.List(t.Context(), bucket, prefix) {
		return err
	}
	return nil
}

// TestTableOfRoles reads as the account of a gateway that a table gives for a
// role. The gateway lets the account list the bucket and read below in/.
func TestTableOfRoles(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	g.makeBucket(t, "shop")
	g.makeBucket(t, "other")
	path := filepath.Join(t.TempDir(), "roles.json")
	if err := os.WriteFile(path, fmt.Appendf(nil, `{%q: {"accessKeyId": %q, "secretAccessKey": %q},
		"arn:aws:iam::123456789012:role/wrong": {"accessKeyId": %[2]q, "secretAccessKey": "wrong"}}`, roleARN, userKey, userSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	roles, err := blob.ReadRoles(path)
	if err != nil {
		t.Fatal(err)
	}
	resolver := blob.NewRemote(g.config(roles))
	open := func(role string) *blob.Store {
		t.Helper()
		s, err := resolver.Open(t.Context(), role, bespoke.Caller{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	owner := open("")
	in := put(t, owner, "shop", "in/a.csv", "content of a")
	out := put(t, owner, "shop", "out/b.csv", "content of b")
	if err := first(t, open(roleARN), "shop", "in/"); !errors.Is(err, blob.ErrDenied) {
		t.Errorf("before the bucket has a policy: %v", err)
	}
	_, err = g.client.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("shop"), Policy: aws.String(fmt.Sprintf(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":%q},"Action":"s3:ListBucket","Resource":"arn:aws:s3:::shop"},
		{"Effect":"Allow","Principal":{"AWS":%[1]q},"Action":"s3:GetObject","Resource":"arn:aws:s3:::shop/in/*"}]}`, userKey))})
	if err != nil {
		t.Fatal(err)
	}

	s := open(roleARN)
	if got, err := read(t, s, in, 0, -1); got != "content of a" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	if got, err := read(t, s, in, 3, 4); got != "tent" || err != nil {
		t.Errorf("read a range %q, %v", got, err)
	}
	if got, err := read(t, s, in, in.Size, -1); got != "" || err != nil {
		t.Errorf("read nothing %q, %v", got, err)
	}
	for what, err := range map[string]error{
		"another prefix": func() error { _, err := read(t, s, out, 0, -1); return err }(),
		"stat":           func() error { _, err := s.Stat(t.Context(), "shop", "out/b.csv"); return err }(),
		"another bucket": first(t, s, "other", ""),
		"put":            func() error { _, err := s.Put(t.Context(), "shop", "in/a.csv", strings.NewReader("x")); return err }(),
		"wrong secret":   first(t, open("arn:aws:iam::123456789012:role/wrong"), "shop", ""),
	} {
		if !errors.Is(err, blob.ErrDenied) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := resolver.Open(t.Context(), "arn:aws:iam::123456789012:role/none", bespoke.Caller{}); !errors.Is(err, blob.ErrRole) {
		t.Errorf("role outside the table: %v", err)
	}
	for what, err := range map[string]error{
		"list": first(t, owner, "none-such", ""),
		"stat": func() error { _, err := owner.Stat(t.Context(), "none-such", "a"); return err }(),
		"open": func() error {
			_, err := read(t, owner, bespoke.Object{Bucket: "none-such", Key: "a", Size: 1}, 0, -1)
			return err
		}(),
	} {
		if !errors.Is(err, blob.ErrNoBucket) || !strings.Contains(err.Error(), "s3://none-such/") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := owner.Stat(t.Context(), "shop", "none"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("stat of no object: %v", err)
	}
}

// TestPages lists more objects than one answer has.
func TestPages(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	g.makeBucket(t, "shop")
	var want []string
	for i := range 2_345 {
		key := fmt.Sprintf("in/%05d", i)
		want = append(want, key)
		for _, name := range []string{key, fmt.Sprintf("in/%05d.d/x", i)} {
			path := filepath.Join(g.dir, "shop", name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte("x"), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
	}
	s := blob.New(blob.Config{Client: g.client})
	var got []string
	for o, err := range s.List(t.Context(), "shop", "in/") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, o.Key)
	}
	if !slices.Equal(got, want) {
		t.Errorf("listed %d keys, want %d", len(got), len(want))
	}
}

func TestChangedSinceListed(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	g.makeBucket(t, "shop")
	s := blob.New(blob.Config{Client: g.client})
	old := put(t, s, "shop", "a", "first")
	put(t, s, "shop", "a", "other")
	if _, err := s.Open(t.Context(), old, 0, -1); !errors.Is(err, blob.ErrChanged) {
		t.Errorf("replaced: %v", err)
	}
	if _, err := g.client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &old.Bucket, Key: &old.Key}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), old, 0, -1); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
}

func TestReadRolesRefuses(t *testing.T) {
	t.Parallel()
	f := func(text, why string) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "roles.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := blob.ReadRoles(path); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", text, err)
		}
	}
	f(`{`, "EOF")
	f(`{"reader": {"accessKeyId": "a", "secretAccessKey": "b"}}`, "not the ARN of a role")
	f(`{"`+roleARN+`": {"accessKeyId": "a"}}`, "secretAccessKey")
	f(`{"`+roleARN+`": {"key": "a"}}`, "unknown field")
}
