package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"bespoke"
	"bespoke/iam"
)

// Staged is an object that is uploaded and not there yet: nobody sees it before
// Complete, which moves no data any more.
type Staged struct {
	store  *Store
	object bespoke.Object // without its ETag
	upload *string
	parts  []types.CompletedPart
}

// MayPut says why an object could not be stored, as far as that can be known
// without storing it: ErrDenied or ErrNoBucket. A service of somebody else's
// may still refuse the object itself.
func (s *Store) MayPut(ctx context.Context, bucket, key string) error {
	o := bespoke.Object{Bucket: bucket, Key: key}
	if err := s.check(o.String(), iam.Access{Action: iam.PutObject, Bucket: bucket, Key: key}); err != nil {
		return err
	}
	_, err := s.reader.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
	err = wrap("put", o.String(), err)
	switch {
	case errors.Is(err, ErrNotFound):
		return fmt.Errorf("put %s: %w", o, ErrNoBucket)
	case errors.Is(err, ErrDenied): // to look at the bucket, which is another right
		return nil
	}
	return err
}

// Stage uploads what r holds, which is at least a byte, in parts. After an error
// nothing is left.
func (s *Store) Stage(ctx context.Context, bucket, key string, r io.Reader) (*Staged, error) {
	o := bespoke.Object{Bucket: bucket, Key: key}
	if err := s.check(o.String(), iam.Access{Action: iam.PutObject, Bucket: bucket, Key: key}); err != nil {
		return nil, err
	}
	first, err := readPart(r, partSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("put %s: %w", o, err)
	}
	if err != nil {
		r = bytes.NewReader(nil)
	}
	o.Size = int64(len(first))
	return s.stage(ctx, o, first, r)
}

// Complete makes the object appear, in place of one that was there. After
// ErrNoUpload it may have appeared.
func (st *Staged) Complete(ctx context.Context) (bespoke.Object, error) {
	o := st.object
	err := st.store.send(ctx, "put", o.String(), func() error {
		out, err := st.store.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &o.Bucket, Key: &o.Key, UploadId: st.upload, MultipartUpload: &types.CompletedMultipartUpload{Parts: st.parts},
		}, once)
		if err == nil {
			o.ETag = unquote(out.ETag)
		}
		return err
	})
	return o, err
}

// Abort removes what was uploaded, also when ctx has ended.
func (st *Staged) Abort(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	return st.store.abort(ctx, st.object, st.upload)
}

func (s *Store) abort(ctx context.Context, o bespoke.Object, upload *string) error {
	err := s.send(ctx, "abort the upload of", o.String(), func() error {
		_, err := s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &o.Bucket, Key: &o.Key, UploadId: upload}, once)
		return err
	})
	if errors.Is(err, ErrNoUpload) {
		return nil
	}
	return err
}

// AbortUploads removes unfinished uploads below a prefix, as a process that was
// killed leaves them. It needs rights that a role which may write need not have.
func (s *Store) AbortUploads(ctx context.Context, bucket, prefix string) error {
	name := "s3://" + bucket + "/" + prefix
	if err := s.check(name, iam.Access{Action: iam.PutObject, Bucket: bucket, Key: prefix}); err != nil {
		return err
	}
	in := &s3.ListMultipartUploadsInput{Bucket: &bucket, Prefix: &prefix}
	for {
		var page *s3.ListMultipartUploadsOutput
		err := s.call(ctx, "list uploads of", name, func(ctx context.Context) (err error) {
			page, err = s.client.ListMultipartUploads(ctx, in, once)
			return err
		})
		if err != nil {
			return err
		}
		for _, u := range page.Uploads {
			if err := s.abort(ctx, bespoke.Object{Bucket: bucket, Key: aws.ToString(u.Key)}, u.UploadId); err != nil {
				return err
			}
		}
		if !aws.ToBool(page.IsTruncated) {
			return nil
		}
		in.KeyMarker, in.UploadIdMarker = page.NextKeyMarker, page.NextUploadIdMarker
	}
}

// stage uploads first and then what r holds.
func (s *Store) stage(ctx context.Context, o bespoke.Object, first []byte, r io.Reader) (_ *Staged, err error) {
	st := &Staged{store: s, object: o}
	err = s.send(ctx, "put", o.String(), func() error {
		out, err := s.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &o.Bucket, Key: &o.Key}, once)
		if err == nil {
			st.upload = out.UploadId
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, st.Abort(ctx))
		}
	}()
	done := make(chan types.CompletedPart, uploads)
	collected := make(chan struct{})
	go func() {
		defer close(collected)
		for p := range done {
			st.parts = append(st.parts, p)
		}
	}()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(uploads)
	part, size, end := first, partSize, error(nil)
	for n := int32(1); len(part) > 0 && gctx.Err() == nil; n++ {
		content := part
		g.Go(func() error {
			return s.send(gctx, "put", o.String(), func() error {
				// Where another part fails, this one comes to its end all the same: S3 may
				// keep one that arrives after the upload was aborted, and with it the upload.
				out, err := s.client.UploadPart(ctx, &s3.UploadPartInput{
					Bucket: &o.Bucket, Key: &o.Key, UploadId: st.upload, PartNumber: &n, Body: bytes.NewReader(content),
				}, once)
				if err == nil {
					done <- types.CompletedPart{ETag: out.ETag, PartNumber: &n}
				}
				return err
			})
		})
		if end != nil {
			break
		}
		if n%doubleAt == 0 {
			size *= 2
		}
		part, end = readPart(r, size)
		st.object.Size += int64(len(part))
	}
	err = g.Wait()
	if err == nil {
		err = context.Cause(ctx) // the rest may be missing
	}
	close(done)
	<-collected
	if end != nil && !errors.Is(end, io.EOF) {
		return nil, errors.Join(fmt.Errorf("put %s: %w", o, end), err)
	}
	slices.SortFunc(st.parts, func(a, b types.CompletedPart) int { return int(*a.PartNumber - *b.PartNumber) })
	return st, err
}
