package devcloud

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

func (b *buckets) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	in.Bucket = b.at(in.Bucket)
	out, err := b.posix.PutObject(ctx, in)
	return out, b.answer(err)
}

func (b *buckets) HeadObject(ctx context.Context, in *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	c := *in
	c.Bucket = b.at(in.Bucket)
	out, err := b.posix.HeadObject(ctx, &c)
	return out, b.answer(err)
}

func (b *buckets) GetObject(ctx context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	c := *in
	c.Bucket = b.at(in.Bucket)
	out, err := b.posix.GetObject(ctx, &c)
	return out, b.answer(err)
}

func (b *buckets) GetObjectAttributes(ctx context.Context, in *s3.GetObjectAttributesInput) (s3response.GetObjectAttributesResponse, error) {
	c := *in
	c.Bucket = b.at(in.Bucket)
	out, err := b.posix.GetObjectAttributes(ctx, &c)
	return out, b.answer(err)
}

func (b *buckets) ListObjects(ctx context.Context, in *s3.ListObjectsInput) (s3response.ListObjectsResult, error) {
	c := *in
	c.Bucket = b.at(in.Bucket)
	out, err := b.posix.ListObjects(ctx, &c)
	out.Name = in.Bucket
	return out, b.answer(err)
}

func (b *buckets) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input) (s3response.ListObjectsV2Result, error) {
	c := *in
	c.Bucket = b.at(in.Bucket)
	out, err := b.posix.ListObjectsV2(ctx, &c)
	out.Name = in.Bucket
	return out, b.answer(err)
}

func (b *buckets) ListObjectVersions(ctx context.Context, in *s3.ListObjectVersionsInput) (s3response.ListVersionsResult, error) {
	c := *in
	c.Bucket = b.at(in.Bucket)
	out, err := b.posix.ListObjectVersions(ctx, &c)
	out.Name = in.Bucket
	return out, b.answer(err)
}

func (b *buckets) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput) (*s3.DeleteObjectOutput, error) {
	c := *in
	c.Bucket = b.at(in.Bucket)
	out, err := b.posix.DeleteObject(ctx, &c)
	return out, b.answer(err)
}

func (b *buckets) DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput) (s3response.DeleteResult, error) {
	c := *in
	c.Bucket = b.at(in.Bucket)
	out, err := b.posix.DeleteObjects(ctx, &c)
	return out, b.answer(err)
}

func (b *buckets) GetObjectTagging(ctx context.Context, bucket, object, version string) (map[string]string, error) {
	out, err := b.posix.GetObjectTagging(ctx, b.path(bucket), object, version)
	return out, b.answer(err)
}

func (b *buckets) PutObjectTagging(ctx context.Context, bucket, object, version string, tags map[string]string) error {
	return b.answer(b.posix.PutObjectTagging(ctx, b.path(bucket), object, version, tags))
}

func (b *buckets) DeleteObjectTagging(ctx context.Context, bucket, object, version string) error {
	return b.answer(b.posix.DeleteObjectTagging(ctx, b.path(bucket), object, version))
}

func (b *buckets) GetObjectRetention(ctx context.Context, bucket, object, version string) ([]byte, error) {
	out, err := b.posix.GetObjectRetention(ctx, b.path(bucket), object, version)
	return out, b.answer(err)
}

func (b *buckets) GetObjectLegalHold(ctx context.Context, bucket, object, version string) (*bool, error) {
	out, err := b.posix.GetObjectLegalHold(ctx, b.path(bucket), object, version)
	return out, b.answer(err)
}

// source opens the object that a copy is made of. The backend beneath would
// look for its bucket beside the target's path.
func (b *buckets) source(ctx context.Context, copySource *string, in s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	bucket, key, version, err := backend.ParseCopySource(*copySource)
	if err != nil {
		return nil, err
	}
	if version != "" && version != "null" {
		return nil, s3err.GetInvalidArgumentErr(s3err.InvalidArgVersionId, version)
	}
	in.Bucket, in.Key = &bucket, &key
	return b.GetObject(ctx, &in)
}

// CopyObject writes the content of one object as another, with the metadata
// of the first unless the request brings its own.
func (b *buckets) CopyObject(ctx context.Context, in s3response.CopyObjectInput) (s3response.CopyObjectOutput, error) {
	var none s3response.CopyObjectOutput
	src, err := b.source(ctx, in.CopySource, s3.GetObjectInput{
		IfMatch: in.CopySourceIfMatch, IfNoneMatch: in.CopySourceIfNoneMatch,
		IfModifiedSince: in.CopySourceIfModifiedSince, IfUnmodifiedSince: in.CopySourceIfUnmodifiedSince,
	})
	if err != nil {
		return none, err
	}
	defer src.Body.Close()
	put := s3response.PutObjectInput{
		Bucket: in.Bucket, Key: in.Key, Body: src.Body, ContentLength: src.ContentLength, Tagging: in.Tagging,
		ExpectedBucketOwner: in.ExpectedBucketOwner, ChecksumAlgorithm: in.ChecksumAlgorithm,
	}
	if in.MetadataDirective == types.MetadataDirectiveReplace {
		put.CacheControl, put.ContentDisposition, put.ContentEncoding = in.CacheControl, in.ContentDisposition, in.ContentEncoding
		put.ContentLanguage, put.ContentType, put.Expires, put.Metadata = in.ContentLanguage, in.ContentType, in.Expires, in.Metadata
	} else {
		put.CacheControl, put.ContentDisposition, put.ContentEncoding = src.CacheControl, src.ContentDisposition, src.ContentEncoding
		put.ContentLanguage, put.ContentType, put.Expires, put.Metadata = src.ContentLanguage, src.ContentType, src.ExpiresString, src.Metadata
	}
	out, err := b.PutObject(ctx, put)
	if err != nil {
		return none, err
	}
	head, err := b.HeadObject(ctx, &s3.HeadObjectInput{Bucket: in.Bucket, Key: in.Key})
	if err != nil {
		return none, err
	}
	return s3response.CopyObjectOutput{CopyObjectResult: &s3response.CopyObjectResult{
		ETag: &out.ETag, LastModified: head.LastModified,
	}}, nil
}
