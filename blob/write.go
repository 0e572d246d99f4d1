package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

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
		return s.putParts(ctx, o, first, r)
	}
	err = s.send(ctx, "put", o.String(), func() error {
		out, err := s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader(first)}, once)
		if err == nil {
			o.ETag = unquote(out.ETag)
		}
		return err
	})
	return o, err
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

func (s *Store) putParts(ctx context.Context, o bespoke.Object, first []byte, r io.Reader) (bespoke.Object, error) {
	st, err := s.stage(ctx, o, first, r)
	if err != nil {
		return o, err
	}
	o, err = st.Complete(ctx)
	if err != nil {
		err = errors.Join(err, st.Abort(ctx))
	}
	return o, err
}
