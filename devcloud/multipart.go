package devcloud

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/versity/versitygw/s3response"
)

func (b *buckets) CreateMultipartUpload(ctx context.Context, in s3response.CreateMultipartUploadInput) (s3response.InitiateMultipartUploadResult, error) {
	bucket := *in.Bucket
	in.Bucket = b.at(in.Bucket)
	out, err := b.posix.CreateMultipartUpload(ctx, in)
	out.Bucket = bucket
	return out, b.answer(err)
}

func (b *buckets) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput) (s3response.CompleteMultipartUploadResult, string, error) {
	c := *in
	c.Bucket = b.at(in.Bucket)
	out, version, err := b.posix.CompleteMultipartUpload(ctx, &c)
	out.Bucket = in.Bucket
	return out, version, b.answer(err)
}

func (b *buckets) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput) error {
	c := *in
	c.Bucket = b.at(in.Bucket)
	return b.answer(b.posix.AbortMultipartUpload(ctx, &c))
}

func (b *buckets) ListMultipartUploads(ctx context.Context, in *s3.ListMultipartUploadsInput) (s3response.ListMultipartUploadsResult, error) {
	c := *in
	c.Bucket = b.at(in.Bucket)
	out, err := b.posix.ListMultipartUploads(ctx, &c)
	out.Bucket = *in.Bucket
	return out, b.answer(err)
}

func (b *buckets) ListParts(ctx context.Context, in *s3.ListPartsInput) (s3response.ListPartsResult, error) {
	c := *in
	c.Bucket = b.at(in.Bucket)
	out, err := b.posix.ListParts(ctx, &c)
	out.Bucket = *in.Bucket
	return out, b.answer(err)
}

func (b *buckets) UploadPart(ctx context.Context, in *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	c := *in
	c.Bucket = b.at(in.Bucket)
	out, err := b.posix.UploadPart(ctx, &c)
	return out, b.answer(err)
}

// UploadPartCopy writes a range of an object as a part.
func (b *buckets) UploadPartCopy(ctx context.Context, in *s3.UploadPartCopyInput) (s3response.CopyPartResult, error) {
	var none s3response.CopyPartResult
	get := s3.GetObjectInput{
		IfMatch: in.CopySourceIfMatch, IfNoneMatch: in.CopySourceIfNoneMatch,
		IfModifiedSince: in.CopySourceIfModifiedSince, IfUnmodifiedSince: in.CopySourceIfUnmodifiedSince,
	}
	if in.CopySourceRange != nil && *in.CopySourceRange != "" {
		get.Range = in.CopySourceRange
	}
	src, err := b.source(ctx, in.CopySource, get)
	if err != nil {
		return none, err
	}
	defer src.Body.Close()
	out, err := b.UploadPart(ctx, &s3.UploadPartInput{
		Bucket: in.Bucket, Key: in.Key, UploadId: in.UploadId, PartNumber: in.PartNumber,
		Body: src.Body, ContentLength: src.ContentLength,
	})
	if err != nil {
		return none, err
	}
	return s3response.CopyPartResult{ETag: out.ETag, LastModified: time.Now().UTC()}, nil
}
