package devcloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3err"
)

// Reader returns the endpoint's buckets with the methods that an S3 client
// reads by, without HTTP in between and with every right.
//
// Its ETags are not the ones of the endpoint: they tell as well when a file was
// changed on disk behind the endpoint's back, even while it is read.
func (s *S3) Reader() *Reader { return &Reader{s.buckets} }

// Reader reads the buckets of an S3 in the same process. Its methods answer as
// those of *s3.Client. Safe for concurrent use.
type Reader struct{ buckets *buckets }

// HeadBucket says whether the bucket exists.
func (r *Reader) HeadBucket(ctx context.Context, in *s3.HeadBucketInput, _ ...func(*s3.Options)) (*s3.HeadBucketOutput, error) {
	out, err := r.buckets.HeadBucket(ctx, in)
	if err != nil {
		return nil, apiError(err)
	}
	return out, nil
}

// HeadObject returns the size and the ETag of an object.
func (r *Reader) HeadObject(ctx context.Context, in *s3.HeadObjectInput, _ ...func(*s3.Options)) (*s3.HeadObjectOutput, error) {
	out, err := r.buckets.HeadObject(ctx, in)
	if err != nil {
		return nil, apiError(err)
	}
	etag, size, err := r.stat(*in.Bucket, *in.Key, out.ETag)
	if err != nil {
		return nil, apiError(err)
	}
	out.ETag, out.ContentLength = &etag, &size
	return out, nil
}

// ListObjectsV2 lists a page of objects in order of key.
func (r *Reader) ListObjectsV2(ctx context.Context, in *s3.ListObjectsV2Input, _ ...func(*s3.Options)) (*s3.ListObjectsV2Output, error) {
	c := *in
	if c.MaxKeys == nil {
		c.MaxKeys = aws.Int32(1000)
	}
	for _, s := range []**string{&c.StartAfter, &c.ContinuationToken, &c.Prefix, &c.Delimiter} {
		if *s == nil {
			*s = new(string)
		}
	}
	page, err := r.buckets.ListObjectsV2(ctx, &c)
	if err != nil {
		return nil, apiError(err)
	}
	out := &s3.ListObjectsV2Output{IsTruncated: page.IsTruncated, NextContinuationToken: page.NextContinuationToken}
	for _, o := range page.Contents {
		if strings.HasSuffix(*o.Key, "/") {
			continue // a folder somebody made: it has no content
		}
		etag, size, err := r.stat(*in.Bucket, *o.Key, o.ETag)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, apiError(err)
		}
		out.Contents = append(out.Contents, types.Object{Key: o.Key, ETag: &etag, Size: &size, LastModified: o.LastModified})
	}
	return out, nil
}

// GetObject opens an object or a range of one. A Read from its body answers
// PreconditionFailed once the file is no longer what it was.
func (r *Reader) GetObject(ctx context.Context, in *s3.GetObjectInput, _ ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	head, err := r.buckets.HeadObject(ctx, &s3.HeadObjectInput{Bucket: in.Bucket, Key: in.Key})
	if err != nil {
		return nil, apiError(err)
	}
	f, err := r.open(*in.Bucket, *in.Key)
	if err != nil {
		return nil, apiError(err)
	}
	out, err := r.body(ctx, f, head.ETag, in)
	if err != nil {
		return nil, errors.Join(apiError(err), f.Close())
	}
	return out, nil
}

func (r *Reader) body(ctx context.Context, f *os.File, stored *string, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	etag := etagOf(info, stored)
	if in.IfMatch != nil && *in.IfMatch != etag {
		return nil, s3err.GetPreconditionFailedErr(s3err.ConditionIfMatch)
	}
	start, length, ranged, err := backend.ParseObjectRange(info.Size(), aws.ToString(in.Range))
	if err != nil {
		return nil, err
	}
	out := &s3.GetObjectOutput{
		Body:          &fileBody{ctx: ctx, SectionReader: io.NewSectionReader(f, start, length), file: f, opened: info},
		ContentLength: &length,
		ETag:          &etag,
		LastModified:  aws.Time(info.ModTime()),
	}
	if ranged {
		out.ContentRange = aws.String(fmt.Sprintf("bytes %d-%d/%d", start, start+length-1, info.Size()))
	}
	return out, nil
}

// open opens the file of an object; no key leads out of its bucket.
func (r *Reader) open(bucket, key string) (*os.File, error) {
	return os.OpenInRoot(r.buckets.path(bucket), filepath.FromSlash(key))
}

func (r *Reader) stat(bucket, key string, stored *string) (etag string, size int64, err error) {
	f, err := r.open(bucket, key)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", 0, err
	}
	return etagOf(info, stored), info.Size(), nil
}

// etagOf returns the ETag of a file: what the endpoint stored with it, if it
// did, and what the file system says about the content.
func etagOf(info os.FileInfo, stored *string) string {
	return fmt.Sprintf(`"%s.%x.%x"`, strings.Trim(aws.ToString(stored), `"`), info.Size(), info.ModTime().UnixNano())
}

// fileBody is a part of a file that must not change while it is read.
type fileBody struct {
	ctx context.Context // of the request
	*io.SectionReader
	file   *os.File
	opened os.FileInfo
}

func (b *fileBody) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.SectionReader.Read(p)
	info, statErr := b.file.Stat()
	switch {
	case statErr != nil:
		return 0, statErr
	case info.Size() != b.opened.Size() || !info.ModTime().Equal(b.opened.ModTime()):
		return 0, apiError(s3err.GetPreconditionFailedErr(s3err.ConditionIfMatch))
	}
	return n, err
}

func (b *fileBody) Close() error { return b.file.Close() }

// apiError returns err as an S3 client would: with a code.
func apiError(err error) error {
	if e, ok := errors.AsType[s3err.S3Error](err); ok {
		base := e.BaseError()
		return &smithy.GenericAPIError{Code: base.Code, Message: base.Description}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return &smithy.GenericAPIError{Code: "NoSuchKey", Message: err.Error()}
	}
	return err
}
