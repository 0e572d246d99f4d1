package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"bespoke"
	"bespoke/iam"
)

const (
	partSize  = 8 << 20 // bytes; S3 wants at least 5 MiB
	uploads   = 4       // parts under way at once: memory is five parts
	doubleAt  = 1000    // after so many parts, each is twice as large: 10,000 parts reach beyond S3's limit of an object
	abortTime = 10 * time.Second
)

// Put stores what r holds as one object, in parts where it is larger than 8
// MiB. The object appears whole or not at all.
func (s *Store) Put(ctx context.Context, bucket, key string, r io.Reader) (bespoke.Object, error) {
	o := bespoke.Object{Bucket: bucket, Key: key}
	if err := s.check(o.String(), iam.Access{Action: iam.PutObject, Bucket: bucket, Key: key}); err != nil {
		return o, err
	}
	first, err := readPart(r, partSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return o, fmt.Errorf("put %s: %w", o, err)
	}
	o.Size = int64(len(first))
	if err == nil {
		err = s.putParts(ctx, &o, first, r)
	} else {
		var out *s3.PutObjectOutput
		out, err = s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(first)})
		if err == nil {
			o.ETag = unquote(out.ETag)
		}
	}
	return o, wrap("put", o.String(), err)
}

// readPart reads size bytes, or fewer and io.EOF at the end of r.
func readPart(r io.Reader, size int) ([]byte, error) {
	part := make([]byte, size)
	n, err := io.ReadFull(r, part)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return part[:n], err
}

func (s *Store) putParts(ctx context.Context, o *bespoke.Object, first []byte, r io.Reader) (err error) {
	upload, err := s.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: &o.Bucket, Key: &o.Key})
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
			defer cancel()
			_, e := s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &o.Bucket, Key: &o.Key, UploadId: upload.UploadId})
			err = errors.Join(err, e)
		}
	}()

	done := make(chan types.CompletedPart, uploads)
	var parts []types.CompletedPart
	collected := make(chan struct{})
	go func() {
		defer close(collected)
		for p := range done {
			parts = append(parts, p)
		}
	}()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(uploads)
	part, size, end := first, partSize, error(nil)
	for n := int32(1); len(part) > 0 && gctx.Err() == nil; n++ {
		content := bytes.NewReader(part)
		g.Go(func() error {
			out, err := s.client.UploadPart(gctx, &s3.UploadPartInput{
				Bucket: &o.Bucket, Key: &o.Key, UploadId: upload.UploadId, PartNumber: &n, Body: content,
			})
			if err == nil {
				done <- types.CompletedPart{ETag: out.ETag, PartNumber: &n}
			}
			return err
		})
		if end != nil {
			break
		}
		if n%doubleAt == 0 {
			size *= 2
		}
		part, end = readPart(r, size)
		o.Size += int64(len(part))
	}
	err = g.Wait()
	close(done)
	<-collected
	if end != nil && !errors.Is(end, io.EOF) {
		return errors.Join(end, err)
	}
	if err != nil {
		return err
	}
	slices.SortFunc(parts, func(a, b types.CompletedPart) int { return int(*a.PartNumber - *b.PartNumber) })
	out, err := s.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &o.Bucket, Key: &o.Key, UploadId: upload.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
	})
	if err == nil {
		o.ETag = unquote(out.ETag)
	}
	return err
}
