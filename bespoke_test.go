package bespoke_test

import (
	"errors"
	"fmt"
	"testing"

	"bespoke"
)

func TestARN(t *testing.T) {
	t.Parallel()
	s := bespoke.Scope{Partition: "aws", Region: "eu-west-1", Account: "000000000000"}
	f := func(a bespoke.ARN, want, kind, name string) {
		t.Helper()
		if string(a) != want || a.Kind() != kind || a.Name() != name {
			t.Errorf("got %s, kind %q, name %q; want %s, %q, %q", a, a.Kind(), a.Name(), want, kind, name)
		}
	}
	f(s.DatasetGroup("shop"), "arn:aws:personalize:eu-west-1:000000000000:dataset-group/shop", "dataset-group", "shop")
	f(s.Dataset("shop", bespoke.Items), "arn:aws:personalize:eu-west-1:000000000000:dataset/shop/ITEMS", "dataset", "shop/ITEMS")
	f(s.Schema("s"), "arn:aws:personalize:eu-west-1:000000000000:schema/s", "schema", "s")
	f(s.ImportJob("j"), "arn:aws:personalize:eu-west-1:000000000000:dataset-import-job/j", "dataset-import-job", "j")
	f("arn:aws:s3:::bucket/key", "arn:aws:s3:::bucket/key", "", "")
	f("nonsense", "nonsense", "", "")
}

func TestParseS3URL(t *testing.T) {
	t.Parallel()
	f := func(in string, bucket, key string, folder, ok bool) {
		t.Helper()
		u, got := bespoke.ParseS3URL(in)
		if got != ok || u.Bucket != bucket || u.Key != key || ok && u.Folder() != folder {
			t.Errorf("ParseS3URL(%q) = %+v, %v", in, u, got)
		}
	}
	f("s3://bucket/a/b.csv", "bucket", "a/b.csv", false, true)
	f("s3://bucket/a/", "bucket", "a/", true, true)
	f("s3://bucket", "bucket", "", true, true)
	f("s3://bucket/", "bucket", "", true, true)
	f("s3:///a", "", "", false, false)
	f("s3://Bucket/a", "", "", false, false)
	f("https://bucket/a", "", "", false, false)
	f("", "", "", false, false)
}

func TestStatusMoves(t *testing.T) {
	t.Parallel()
	f := func(from, to bespoke.Status, want bool) {
		t.Helper()
		if got := from.Can(to); got != want {
			t.Errorf("%s -> %s = %v, want %v", from, to, got, want)
		}
	}
	f(bespoke.CreatePending, bespoke.CreateInProgress, true)
	f(bespoke.CreatePending, bespoke.Active, false)
	f(bespoke.CreateInProgress, bespoke.Active, true)
	f(bespoke.Active, bespoke.CreatePending, false)
	f(bespoke.Active, bespoke.DeletePending, true)
	f(bespoke.DeletePending, bespoke.Active, false)
	f(bespoke.CreateFailed, bespoke.DeletePending, true)
}

func TestErrorf(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	err := fmt.Errorf("around: %w", bespoke.Errorf(bespoke.InvalidInput, "bad: %w", cause))
	e, ok := errors.AsType[*bespoke.Error](err)
	if !ok || e.Code != bespoke.InvalidInput || e.Msg != "bad: cause" || !errors.Is(err, cause) {
		t.Fatalf("got %+v", e)
	}
}
