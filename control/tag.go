package control

import (
	"context"
	"strings"

	"bespoke"
	"bespoke/awsapi/wire"
)

type tagStore interface {
	Tag(ctx context.Context, arn bespoke.ARN, tags []bespoke.Tag) error
	Untag(ctx context.Context, arn bespoke.ARN, keys []string) error
	Tags(ctx context.Context, arn bespoke.ARN) ([]bespoke.Tag, error)
}

// newTags checks the tags of a request: at most 50, no key twice, none of the
// keys that AWS keeps for itself.
func newTags(in []wire.Tag) ([]bespoke.Tag, error) {
	if len(in) > bespoke.MaxTags {
		return nil, bespoke.Errorf(bespoke.TooManyTags, "The request has %d tags; a resource can have at most %d.", len(in), bespoke.MaxTags)
	}
	tags := make([]bespoke.Tag, len(in))
	seen := make(map[string]bool, len(in))
	for i, t := range in {
		if len(t.TagKey) >= 4 && strings.EqualFold(t.TagKey[:4], "aws:") {
			return nil, bespoke.Errorf(bespoke.InvalidInput, "Tag keys that begin with aws: are reserved for AWS. Choose another key.")
		}
		if seen[t.TagKey] {
			return nil, bespoke.Errorf(bespoke.InvalidInput, "The request names a tag key more than once. Give each key one value.")
		}
		seen[t.TagKey] = true
		tags[i] = bespoke.Tag{Key: t.TagKey, Value: t.TagValue}
	}
	return tags, nil
}

// taggable refuses resources that have no tags.
func taggable(arn string) (bespoke.ARN, error) {
	a := bespoke.ARN(arn)
	if kind := a.Kind(); kind == "schema" || kind == "metric-attribution" {
		return a, bespoke.Errorf(bespoke.InvalidInput, "A %s has no tags: %s.", strings.ReplaceAll(kind, "-", " "), arn)
	}
	return a, nil
}

func (s *Service) tagResource(ctx context.Context, in *wire.TagResourceRequest) (*wire.TagResourceResponse, error) {
	arn, err := taggable(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	return &wire.TagResourceResponse{}, refusal(s.cfg.Store.Tag(ctx, arn, tags))
}

func (s *Service) untagResource(ctx context.Context, in *wire.UntagResourceRequest) (*wire.UntagResourceResponse, error) {
	arn, err := taggable(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	if len(in.TagKeys) > bespoke.MaxTags {
		return nil, bespoke.Errorf(bespoke.TooManyTagKeys, "The request has %d tag keys; a resource can have at most %d tags.", len(in.TagKeys), bespoke.MaxTags)
	}
	return &wire.UntagResourceResponse{}, refusal(s.cfg.Store.Untag(ctx, arn, in.TagKeys))
}

func (s *Service) listTagsForResource(ctx context.Context, in *wire.ListTagsForResourceRequest) (*wire.ListTagsForResourceResponse, error) {
	arn, err := taggable(in.ResourceArn)
	if err != nil {
		return nil, err
	}
	tags, err := s.cfg.Store.Tags(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	out := &wire.ListTagsForResourceResponse{Tags: make([]wire.Tag, len(tags))}
	for i, t := range tags {
		out.Tags[i] = wire.Tag{TagKey: t.Key, TagValue: t.Value}
	}
	return out, nil
}
