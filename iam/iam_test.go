package iam_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"bespoke"
	"bespoke/iam"
)

func code(err error) bespoke.Code {
	e, _ := errors.AsType[*bespoke.Error](err)
	if e == nil {
		return ""
	}
	return e.Code
}

func TestRoleLife(t *testing.T) {
	t.Parallel()
	s := open(t)
	is := func(err error, want bespoke.Code) {
		t.Helper()
		if got := code(err); got != want || want == "" && err != nil {
			t.Fatalf("got %v, want %q", err, want)
		}
	}
	r, err := s.CreateRole(iam.Role{Name: "Shop", Path: "/service-role/", Trust: trust, Tags: []bespoke.Tag{{Key: "b"}, {Key: "a", Value: "1"}}})
	is(err, "")
	if r.ARN != "arn:aws:iam::000000000000:role/service-role/Shop" || !strings.HasPrefix(r.ID, "AROA") || len(r.ID) != 21 || r.Tags[0].Key != "a" {
		t.Errorf("created %+v", r)
	}
	_, err = s.CreateRole(iam.Role{Name: "shop", Trust: trust})
	is(err, iam.AlreadyExists)
	is(s.Assume(r.ARN), "")

	own, err := s.CreatePolicy(iam.Policy{Name: "own", Document: document(`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`)})
	is(err, "")
	_, err = s.CreatePolicy(iam.Policy{Name: "Own", Document: own.Document})
	is(err, iam.AlreadyExists)
	is(s.AttachRolePolicy("shop", own.ARN), "")
	is(s.AttachRolePolicy("shop", own.ARN), "")
	is(s.AttachRolePolicy("shop", "arn:aws:iam::aws:policy/AdministratorAccess"), iam.NoSuchEntity)
	is(s.DeletePolicy(own.ARN), iam.DeleteConflict)
	is(s.DeletePolicy("arn:aws:iam::aws:policy/AmazonS3FullAccess"), iam.Unmodifiable)
	is(s.DeleteRole("shop"), iam.DeleteConflict)
	is(s.DetachRolePolicy("shop", own.ARN), "")
	is(s.DetachRolePolicy("shop", own.ARN), iam.NoSuchEntity)
	is(s.PutRolePolicy("shop", "p", own.Document), "")
	is(s.DeleteRole("shop"), iam.DeleteConflict)
	is(s.DeleteRolePolicy("shop", "p"), "")
	is(s.DeleteRolePolicy("shop", "p"), iam.NoSuchEntity)
	is(s.DeletePolicy(own.ARN), "")
	is(s.DeleteRole("shop"), "")
	is(s.DeleteRole("shop"), iam.NoSuchEntity)
	is(s.Assume(r.ARN), iam.NoSuchEntity)
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	s := with(t, "", "")
	f := func(err error, want bespoke.Code, why string) {
		t.Helper()
		if code(err) != want || !strings.Contains(err.Error(), why) {
			t.Errorf("got %v, want %s with %q", err, want, why)
		}
	}
	role := func(doc string) error { return s.PutRolePolicy("personalize", "p", doc) }
	f(role(""), iam.MalformedPolicy, "")
	f(role("{"), iam.MalformedPolicy, "Syntax")
	f(role(`{"Version":"2012-10-17"}`), iam.MalformedPolicy, "empty")
	f(role(`{"Version":"2013","Statement":[]}`), iam.MalformedPolicy, "2012-10-17")
	f(role(document(`{"Effect":"Allow","Resource":"*"}`)), iam.MalformedPolicy, "actions")
	f(role(document(`{"Effect":"Allow","Action":"s3:*"}`)), iam.MalformedPolicy, "resources")
	f(role(document(`{"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":"*"}`)), iam.MalformedPolicy, "principal")
	f(role(document(`{"Effect":"allow","Action":"s3:*","Resource":"*"}`)), iam.MalformedPolicy, "")
	f(role(document(strings.Repeat(`{"Effect":"Allow","Action":"s3:*","Resource":"*"},`, 300)+`{"Effect":"Deny","Action":"s3:*","Resource":"*"}`)), iam.LimitExceeded, "10240")
	f(s.SetTrust("personalize", document(`{"Effect":"Allow","Action":"sts:AssumeRole"}`)), iam.MalformedPolicy, "Principal")
	f(s.SetTrust("personalize", document(`{"Effect":"Allow","Principal":{"Service":"personalize"},"Action":"sts:AssumeRole"}`)), iam.MalformedPolicy, "personalize.amazonaws.com")
	f(s.SetTrust("personalize", document(`{"Effect":"Allow","Principal":{"Service":"personalize.amazonaws.com"},"Action":"s3:GetObject"}`)), iam.MalformedPolicy, "STS")

	bucket := func(st string) error { return s.PutBucketPolicy("shop", document(st)) }
	f(bucket(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::shop"}`), iam.MalformedPolicy, "Principal")
	f(bucket(`{"Effect":"Allow","Principal":"me","Action":"s3:*","Resource":"arn:aws:s3:::shop"}`), iam.MalformedPolicy, "principal")
	f(bucket(`{"Effect":"Allow","Principal":{"Role":"me"},"Action":"s3:*","Resource":"arn:aws:s3:::shop"}`), iam.MalformedPolicy, "principal")
	f(bucket(`{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"arn:aws:s3:::shop"}`), iam.MalformedPolicy, "action")
	f(bucket(`{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::other/*"}`), iam.MalformedPolicy, "arn:aws:s3:::shop/*")
	f(bucket(`{"Effect":"Allow","Principal":"*","Action":"s3:*"}`), iam.MalformedPolicy, "Resource")
	_, err := s.CreateRole(iam.Role{Name: "a b", Trust: trust})
	f(err, iam.InvalidValue, "roleName")
	_, err = s.CreateRole(iam.Role{Name: "a", Path: "x", Trust: trust})
	f(err, iam.InvalidValue, "path")
	_, err = s.CreateRole(iam.Role{Name: "a", MaxSession: 1, Trust: trust})
	f(err, iam.InvalidValue, "3600")
	if _, has := s.BucketPolicy("shop"); has {
		t.Error("a refused bucket policy was kept")
	}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	reopen := func() *iam.Store {
		t.Helper()
		s, err := iam.Open(iam.Config{Dir: dir, Scope: scope})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := reopen()
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d"} {
		wg.Go(func() {
			if _, err := s.CreateRole(iam.Role{Name: name, Trust: trust}); err != nil {
				t.Error(err)
			}
			if err := s.PutRolePolicy(name, "p", document(`{"Effect":"Allow","Action":"s3:*","Resource":"*"}`)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := s.PutBucketPolicy("shop", document(`{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::shop"}`)); err != nil {
		t.Fatal(err)
	}
	again := reopen()
	if before, after := s.Roles("/"), again.Roles("/"); len(after) != 4 || !reflect.DeepEqual(before, after) {
		t.Errorf("before %+v, after %+v", before, after)
	}
	before, _ := s.BucketPolicy("shop")
	if after, ok := again.BucketPolicy("shop"); !ok || after != before {
		t.Errorf("bucket policy %q became %q", before, after)
	}
	info, err := os.Stat(filepath.Join(dir, "iam.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file has mode %v, %v", info.Mode(), err)
	}
	for content, why := range map[string]string{`{"version":2}`: "version 2", `{`: "not readable"} {
		if err := os.WriteFile(filepath.Join(dir, "iam.json"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := iam.Open(iam.Config{Dir: dir, Scope: scope}); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("opening %s: %v", content, err)
		}
	}
}
