package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bespoke"
	"bespoke/iam"
)

const (
	// resumes is how often a broken body is asked for again without a single
	// byte in between.
	resumes = 5
	// stall is how long a body may stay silent before it counts as broken.
	stall = time.Minute
)

// Open reads length bytes of the object from offset on, or everything from
// there where length is -1. Where the object is no longer what o says, Open or
// a Read answers ErrChanged. A connection that breaks, stalls or ends early is
// replaced by one that goes on from the byte reached. The body must be closed
// and is not safe for concurrent use.
func (s *Store) Open(ctx context.Context, o bespoke.Object, offset, length int64) (io.ReadCloser, error) {
	if length < 0 {
		length = o.Size - offset
	}
	if offset < 0 || length < 0 || offset+length > o.Size {
		return nil, fmt.Errorf("open %s: bytes %d to %d are not within its %d", o, offset, offset+length, o.Size)
	}
	if err := s.check(o.String(), iam.Access{Action: iam.GetObject, Bucket: o.Bucket, Key: o.Key}); err != nil {
		return nil, err
	}
	b := &body{ctx: ctx, reader: s.reader, object: o, pos: offset, end: offset + length}
	if length == 0 {
		return b, nil
	}
	if err := b.open(); err != nil {
		return nil, err
	}
	return b, nil
}

// body is a range of an object, read through one connection after another.
type body struct {
	ctx      context.Context // of Open: it bounds every connection
	reader   Reader
	object   bespoke.Object
	pos, end int64
	failed   int // attempts since the last byte

	// The connection, nil between two of them.
	conn   io.ReadCloser
	cancel context.CancelFunc
	alarm  *time.Timer // cancels a connection that stalls
}

func (b *body) open() error {
	ctx, cancel := context.WithCancel(b.ctx)
	in := &s3.GetObjectInput{Bucket: &b.object.Bucket, Key: &b.object.Key, IfMatch: aws.String(`"` + b.object.ETag + `"`)}
	if b.pos > 0 || b.end < b.object.Size {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-%d", b.pos, b.end-1))
	}
	out, err := b.reader.GetObject(ctx, in)
	if err != nil {
		cancel()
		return wrap("open", b.object.String(), err)
	}
	b.conn, b.cancel = out.Body, cancel
	b.alarm = time.AfterFunc(stall, cancel)
	b.alarm.Stop()
	// Services that know no If-Match or no Range answer all the same.
	if got := unquote(out.ETag); got != b.object.ETag {
		b.hangUp()
		return fmt.Errorf("open %s: %w: its ETag was %s and is %s", b.object, ErrChanged, b.object.ETag, got)
	}
	if got := aws.ToString(out.ContentRange); in.Range != nil && !strings.HasPrefix(got, fmt.Sprintf("bytes %d-%d/", b.pos, b.end-1)) {
		b.hangUp()
		return fmt.Errorf("open %s: asked for %s, got the range %q", b.object, *in.Range, got)
	}
	return nil
}

func (b *body) Read(p []byte) (int, error) {
	if b.pos == b.end {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), b.end-b.pos)]
	for {
		if b.ctx.Err() != nil {
			return 0, fmt.Errorf("read %s: %w", b.object, context.Cause(b.ctx))
		}
		if b.conn == nil {
			if err := b.open(); err != nil {
				return 0, err
			}
		}
		b.alarm.Reset(stall)
		n, err := b.conn.Read(p)
		b.alarm.Stop()
		b.pos += int64(n)
		if n > 0 {
			b.failed = 0
		}
		if err != nil {
			b.hangUp()
		}
		switch {
		case err == nil || n > 0:
			return n, nil
		case kindOf(err) != nil:
			return 0, wrap("read", b.object.String(), err)
		}
		if err := b.backOff(err); err != nil {
			return 0, err
		}
	}
}

// backOff waits before the next attempt, and refuses one too many.
func (b *body) backOff(cause error) error {
	if errors.Is(cause, io.EOF) {
		cause = io.ErrUnexpectedEOF
	}
	b.failed++
	if b.failed > resumes {
		return fmt.Errorf("read %s: broken at byte %d of %d, and %d attempts to go on from there failed: %w", b.object, b.pos, b.object.Size, resumes, cause)
	}
	delay, err := retry.NewExponentialJitterBackoff(2*time.Second).BackoffDelay(b.failed-1, cause)
	if err != nil {
		return fmt.Errorf("read %s: %w", b.object, err)
	}
	wait := time.NewTimer(delay)
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-b.ctx.Done():
		return fmt.Errorf("read %s: %w", b.object, context.Cause(b.ctx))
	}
}

func (b *body) hangUp() {
	if b.conn != nil {
		b.alarm.Stop()
		b.cancel()
		b.conn.Close()
		b.conn = nil
	}
}

// Close gives up the connection. It never fails.
func (b *body) Close() error {
	b.hangUp()
	b.end = b.pos
	return nil
}
