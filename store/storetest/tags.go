package storetest

import (
	"testing"

	"bespoke"
	"bespoke/store"
)

func tags(t *testing.T, f *fixture) {
	ctx := t.Context()
	arn, other := f.group("shop"), f.group("other")
	check := func(arn bespoke.ARN, want ...bespoke.Tag) {
		t.Helper()
		got, err := f.Tags(ctx, arn)
		f.ok(err)
		f.equal(got, want)
	}
	check(arn)
	f.ok(f.Tag(ctx, arn, []bespoke.Tag{{Key: "b", Value: "1"}, {Key: "B", Value: "2"}, {Key: "é", Value: ""}}))
	f.ok(f.Tag(ctx, other, []bespoke.Tag{{Key: "b", Value: "other"}}))
	check(arn, bespoke.Tag{Key: "B", Value: "2"}, bespoke.Tag{Key: "b", Value: "1"}, bespoke.Tag{Key: "é"})
	f.ok(f.Tag(ctx, arn, []bespoke.Tag{{Key: "b", Value: "new"}}))
	f.ok(f.Untag(ctx, arn, []string{"B", "unknown"}))
	check(arn, bespoke.Tag{Key: "b", Value: "new"}, bespoke.Tag{Key: "é"})
	check(other, bespoke.Tag{Key: "b", Value: "other"})
	f.ok(f.Tag(ctx, arn, nil))
	f.ok(f.Untag(ctx, arn, nil))
	f.ok(f.DeleteDatasetGroup(ctx, other))
	deleting := &store.StateError{ARN: other, Status: bespoke.DeletePending}
	fails(f, f.Tag(ctx, other, nil), deleting)
	fails(f, f.Untag(ctx, other, nil), deleting)
	_, err := f.Tags(ctx, other)
	fails(f, err, deleting)
	for _, none := range []bespoke.ARN{scope.DatasetGroup("none"), "arn:aws:s3:::bucket"} {
		want := &store.NotFoundError{ARN: none}
		fails(f, f.Tag(ctx, none, nil), want)
		fails(f, f.Untag(ctx, none, nil), want)
		_, err := f.Tags(ctx, none)
		fails(f, err, want)
	}
}

func tagLimit(t *testing.T, f *fixture) {
	ctx := t.Context()
	arn := f.group("shop")
	var all []bespoke.Tag
	for i := range bespoke.MaxTags + 1 {
		all = append(all, bespoke.Tag{Key: numbered("key", i)})
	}
	want := &store.LimitError{Quota: store.TagQuota, Limit: bespoke.MaxTags}
	fails(f, f.Tag(ctx, arn, all), want)
	got, err := f.Tags(ctx, arn)
	f.ok(err)
	f.equal(len(got), 0)
	f.ok(f.Tag(ctx, arn, all[:bespoke.MaxTags]))
	fails(f, f.Tag(ctx, arn, all[bespoke.MaxTags:]), want)
	f.ok(f.Tag(ctx, arn, all[:1])) // there already
	f.queued(0, func() {
		other := bespoke.DatasetGroup{Name: "other", ARN: scope.DatasetGroup("other")}
		fails(f, f.CreateDatasetGroup(ctx, other, all, 0), want)
		_, err = f.DatasetGroup(ctx, other.ARN)
		f.gone(other.ARN, err)
	})
}
