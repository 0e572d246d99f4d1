// Package blob reads and writes the objects behind s3:// URLs with the rights
// of one role or caller.
//
// A [Resolver] turns a role into a [Store], and the Store lists, opens and puts
// objects. Behind it is an S3 service reached over HTTP, or the buckets of this
// very process; who may do what is decided by that service, or by package iam.
// Start at [Resolver.Open]. Deleting and configuring buckets is not its
// business.
package blob

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bespoke"
	"bespoke/iam"
)

// What can be wrong with an object or a bucket. They come wrapped with the
// name of the object and the cause.
var (
	ErrDenied   = errors.New("access denied")
	ErrNotFound = errors.New("no such object")
	ErrNoBucket = errors.New("no such bucket")
	ErrChanged  = errors.New("the object has changed since it was listed")
	ErrExpired  = errors.New("the credentials have expired")
	ErrRefused  = errors.New("S3 refuses the request")
	ErrAnswer   = errors.New("S3 answers something else than was asked for")
	// ErrNoUpload is about an upload in parts that S3 does not know any more: it is
	// completed, of which the answer was lost, or somebody has aborted it. Uploading
	// again helps.
	ErrNoUpload = errors.New("the upload has ended already")
	// ErrUnavailable may pass: S3 was not reached, failed by itself or did not
	// send on, however often it was tried.
	ErrUnavailable = errors.New("S3 does not answer")
)

// Reader is what a Store reads through. *s3.Client is one.
type Reader interface {
	HeadBucket(context.Context, *s3.HeadBucketInput, ...func(*s3.Options)) (*s3.HeadBucketOutput, error)
	HeadObject(context.Context, *s3.HeadObjectInput, ...func(*s3.Options)) (*s3.HeadObjectOutput, error)
	ListObjectsV2(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// Config says what a Store reads and writes through.
type Config struct {
	Client *s3.Client // writes; nil where the Store is for reading only
	Reader Reader     // reads; nil means Client
	// May refuses an access that the service behind Client and Reader would
	// let pass; nil where that service decides by itself. Of the Access it
	// gets the action, the bucket and the object.
	May   func(iam.Access) error
	Retry Retry
}

// Store is S3 as one role or caller sees it. Safe for concurrent use.
type Store struct {
	client  *s3.Client
	reader  Reader
	may     func(iam.Access) error
	retry   Retry
	renewal *renewal // nil where credentials are what they are
}

// New returns a store.
func New(cfg Config) *Store {
	s := &Store{client: cfg.Client, reader: cfg.Reader, may: cfg.May, retry: cfg.Retry}
	s.retry.setDefaults()
	if s.reader == nil {
		s.reader = cfg.Client
	}
	if s.may == nil {
		s.may = func(iam.Access) error { return nil }
	}
	return s
}

// List returns the objects whose key begins with prefix and has no slash after
// it, in order of key, those without content left out. It stops at the first
// error.
func (s *Store) List(ctx context.Context, bucket, prefix string) iter.Seq2[bespoke.Object, error] {
	return s.list(ctx, bucket, prefix, aws.String("/"))
}

// Walk is List for all objects below prefix, whatever their depth.
func (s *Store) Walk(ctx context.Context, bucket, prefix string) iter.Seq2[bespoke.Object, error] {
	return s.list(ctx, bucket, prefix, nil)
}

func (s *Store) list(ctx context.Context, bucket, prefix string, delimiter *string) iter.Seq2[bespoke.Object, error] {
	return func(yield func(bespoke.Object, error) bool) {
		name := "s3://" + bucket + "/" + prefix
		if err := s.check(name, iam.Access{Action: iam.ListBucket, Bucket: bucket, Prefix: prefix}); err != nil {
			yield(bespoke.Object{}, err)
			return
		}
		in := &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix, Delimiter: delimiter}
		for {
			var page *s3.ListObjectsV2Output
			err := s.call(ctx, "list", name, func(ctx context.Context) (err error) {
				page, err = s.reader.ListObjectsV2(ctx, in, once)
				return err
			})
			if err != nil {
				yield(bespoke.Object{}, err)
				return
			}
			for _, o := range page.Contents {
				object := bespoke.Object{Bucket: bucket, Key: aws.ToString(o.Key), ETag: unquote(o.ETag), Size: aws.ToInt64(o.Size)}
				if object.Size > 0 && !yield(object, nil) {
					return
				}
			}
			if !aws.ToBool(page.IsTruncated) || aws.ToString(page.NextContinuationToken) == "" {
				return
			}
			in.ContinuationToken = page.NextContinuationToken
		}
	}
}

// Stat returns one object as it is now: ErrNotFound or ErrNoBucket where there
// is none.
func (s *Store) Stat(ctx context.Context, bucket, key string) (bespoke.Object, error) {
	o := bespoke.Object{Bucket: bucket, Key: key}
	if err := s.check(o.String(), iam.Access{Action: iam.GetObject, Bucket: bucket, Key: key}); err != nil {
		return o, err
	}
	var head *s3.HeadObjectOutput
	err := s.call(ctx, "stat", o.String(), func(ctx context.Context) (err error) {
		head, err = s.reader.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: &key}, once)
		return err
	})
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			// The answer to HEAD has no body to say what is missing.
			if _, e := s.reader.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket}); errors.Is(wrap("", "", e), ErrNotFound) {
				return o, fmt.Errorf("stat %s: %w", o, ErrNoBucket)
			}
		}
		return o, err
	}
	o.ETag, o.Size = unquote(head.ETag), aws.ToInt64(head.ContentLength)
	return o, nil
}

func (s *Store) check(name string, a iam.Access) error {
	if err := s.may(a); err != nil {
		return fmt.Errorf("%s: %w: %w", name, ErrDenied, err)
	}
	return nil
}

// unquote returns an ETag without the quotes that it has on the wire.
func unquote(etag *string) string { return strings.Trim(aws.ToString(etag), `"`) }
