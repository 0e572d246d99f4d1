package control_test

import (
	"fmt"
	"slices"
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
)

func pairs(n int) []wire.Tag {
	tags := make([]wire.Tag, n)
	for i := range tags {
		tags[i] = wire.Tag{TagKey: fmt.Sprintf("key%02d", i), TagValue: "v"}
	}
	return tags
}

func (f *fixture) tags(arn string) []wire.Tag {
	f.Helper()
	out, err := f.ListTagsForResource(f.ctx, &wire.ListTagsForResourceRequest{ResourceArn: arn})
	f.must(err)
	return out.Tags
}

func (f *fixture) tag(arn string, tags ...wire.Tag) error {
	_, err := f.TagResource(f.ctx, &wire.TagResourceRequest{ResourceArn: arn, Tags: tags})
	return err
}

func TestTagRules(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	group := f.group("shop", "")
	f.must(f.tag(group, wire.Tag{TagKey: "team", TagValue: "a"}, wire.Tag{TagKey: "stage"}))
	f.must(f.tag(group, wire.Tag{TagKey: "team", TagValue: "b"}))
	want := []wire.Tag{{TagKey: "stage"}, {TagKey: "team", TagValue: "b"}}
	if got := f.tags(group); !slices.Equal(got, want) {
		t.Errorf("tags are %v, want %v", got, want)
	}
	for _, key := range []string{"aws:x", "AWS:x", "aWs:"} {
		f.refused(f.tag(group, wire.Tag{TagKey: key, TagValue: "v"}), bespoke.InvalidInput, "reserved")
	}
	f.must(f.tag(group, wire.Tag{TagKey: "aws", TagValue: "v"}))
	f.refused(f.tag(group, wire.Tag{TagKey: "a"}, wire.Tag{TagKey: "a"}), bespoke.InvalidInput, "more than once")
	f.refused(f.tag(group, pairs(51)...), bespoke.TooManyTags, "51", "50")
	f.refused(f.tag(group, pairs(48)...), bespoke.TooManyTags, "50")
	if got := f.tags(group); len(got) != 3 {
		t.Errorf("refused tags were added: %v", got)
	}
	_, err := f.UntagResource(f.ctx, &wire.UntagResourceRequest{ResourceArn: group, TagKeys: []string{"team", "unknown", "aws"}})
	f.must(err)
	if got := f.tags(group); !slices.Equal(got, want[:1]) {
		t.Errorf("tags are %v, want %v", got, want[:1])
	}
	_, err = f.UntagResource(f.ctx, &wire.UntagResourceRequest{ResourceArn: group, TagKeys: make([]string, 51)})
	f.refused(err, bespoke.TooManyTagKeys, "51", "50")
}

// TestTagsOfCreate gives every Create operation tags that it must refuse, and
// then tags that it must keep.
func TestTagsOfCreate(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	schema := f.schema("interactions", interactions, "")
	group, dataset, job := string(scope.DatasetGroup("shop")), string(scope.Dataset("shop", bespoke.Interactions)), string(scope.ImportJob("job"))
	location := f.put("three.csv", three)
	for _, c := range []struct {
		arn    string
		create func(tags []wire.Tag) error
	}{
		{group, func(tags []wire.Tag) error {
			_, err := f.CreateDatasetGroup(f.ctx, &wire.CreateDatasetGroupRequest{Name: "shop", Tags: tags})
			return err
		}},
		{dataset, func(tags []wire.Tag) error {
			_, err := f.CreateDataset(f.ctx, &wire.CreateDatasetRequest{Name: "d", DatasetType: "interactions", DatasetGroupArn: group, SchemaArn: schema, Tags: tags})
			return err
		}},
		{job, func(tags []wire.Tag) error {
			_, err := f.importBy(wire.CreateDatasetImportJobRequest{JobName: "job", DatasetArn: dataset, DataSource: &wire.DataSource{DataLocation: location}, Tags: tags})
			return err
		}},
	} {
		f.refused(c.create([]wire.Tag{{TagKey: "aws:x"}}), bespoke.InvalidInput)
		f.refused(c.create([]wire.Tag{{TagKey: "a"}, {TagKey: "a"}}), bespoke.InvalidInput)
		f.refused(c.create(pairs(51)), bespoke.TooManyTags)
		f.must(c.create(pairs(50)))
		if got := f.tags(c.arn); len(got) != 50 {
			t.Errorf("%s has %d tags", c.arn, len(got))
		}
		f.advance(c.arn)
	}
}

func TestTagsOfNothing(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	schema := f.schema("s", items, "")
	f.refused(f.tag(schema, pairs(1)...), bespoke.InvalidInput, "A schema has no tags")
	_, err := f.ListTagsForResource(f.ctx, &wire.ListTagsForResourceRequest{ResourceArn: schema})
	f.refused(err, bespoke.InvalidInput)
	f.refused(f.tag(string(scope.DatasetGroup("none")), pairs(1)...), bespoke.NotFound)
	f.refused(f.tag("arn:aws:personalize:us-east-1:000000000000:campaign/none", pairs(1)...), bespoke.NotFound)
}
