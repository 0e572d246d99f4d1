package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"bespoke"
	"bespoke/iam"
)

// enough is how many bytes a connection has to bring in Retry.Stall, so that
// one which trickles counts as stalled.
const enough = 16 << 10

// Open reads length bytes of the object from offset on, or everything from
// there where length is -1. Where the object is no longer what o says, Open or
// a Read answers ErrChanged. A connection that breaks, stalls, ends early or
// brings something else is replaced by one that goes on from the byte reached,
// until Retry.Attempts in succession have brought nothing. The body must be
// closed and is not safe for concurrent use.
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
	b := &body{ctx: ctx, store: s, object: o, pos: offset, end: offset + length, tries: attempts{store: s, op: "read", name: o.String()}}
	if length == 0 {
		return b, nil
	}
	if err := b.connect(); err != nil {
		return nil, err
	}
	return b, nil
}

// body is a range of an object, read through one connection after another.
type body struct {
	ctx      context.Context // of Open: it bounds every connection
	store    *Store
	object   bespoke.Object
	pos, end int64
	tries    attempts
	broken   error // what ended the connection before, nil at first

	// The connection, nil between two of them.
	conn    io.ReadCloser
	connCtx context.Context
	cancel  context.CancelCauseFunc
	alarm   *time.Timer   // cancels a connection that stalls
	left    time.Duration // until then, while somebody reads
	owed    int64         // bytes that put it off
	got     int64         // bytes so far
}

// connect opens a connection where there is none, again where that may help.
func (b *body) connect() error {
	for b.conn == nil {
		err := b.broken
		if b.broken = nil; err == nil {
			err = b.open()
		}
		if err != nil {
			if err := b.tries.next(b.ctx, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// open opens a connection that sends what is between pos and end, and refuses
// any that says it sends something else.
func (b *body) open() error {
	ctx, cancel := context.WithCancelCause(b.ctx)
	in := &s3.GetObjectInput{Bucket: &b.object.Bucket, Key: &b.object.Key, IfMatch: aws.String(`"` + b.object.ETag + `"`)}
	if b.pos > 0 || b.end < b.object.Size {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-%d", b.pos, b.end-1))
	}
	alarm := time.AfterFunc(b.store.retry.Stall, func() { cancel(errStalled) })
	out, err := b.store.reader.GetObject(ctx, in, once)
	alarm.Stop()
	if err != nil {
		err = cause(ctx, err)
		cancel(nil)
		return err
	}
	b.conn, b.connCtx, b.cancel, b.alarm = out.Body, ctx, cancel, alarm
	b.left, b.owed, b.got = b.store.retry.Stall, enough, 0
	if err := b.matches(in, out); err != nil {
		b.hangUp()
		return err
	}
	return nil
}

// matches checks what S3 says it sends. Services that know no If-Match or no
// Range answer all the same.
func (b *body) matches(in *s3.GetObjectInput, out *s3.GetObjectOutput) error {
	if out.ETag == nil {
		return fmt.Errorf("%w: there is no ETag", ErrAnswer)
	}
	if got := unquote(out.ETag); got != b.object.ETag {
		return fmt.Errorf("%w: its ETag was %s and is %s", ErrChanged, b.object.ETag, got)
	}
	if want := b.end - b.pos; out.ContentLength != nil && *out.ContentLength >= 0 && *out.ContentLength != want {
		return fmt.Errorf("%w: %d bytes from %d on, %d come", ErrAnswer, want, b.pos, *out.ContentLength)
	}
	if in.Range == nil {
		return nil
	}
	want := fmt.Sprintf("bytes %d-%d/", b.pos, b.end-1)
	if got := aws.ToString(out.ContentRange); got != want+"*" && got != want+fmt.Sprint(b.object.Size) {
		return fmt.Errorf("%w: %s of %d, the range %q comes", ErrAnswer, *in.Range, b.object.Size, got)
	}
	return nil
}

// cause returns why the attempt under ctx has failed.
func cause(ctx context.Context, err error) error {
	if context.Cause(ctx) == errStalled {
		return errStalled
	}
	return err
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
		if err := b.connect(); err != nil {
			return 0, err
		}
		if n := b.receive(p); n > 0 || len(p) == 0 {
			return n, nil
		}
	}
}

// receive reads from the connection. Where that fails, it leaves none.
func (b *body) receive(p []byte) int {
	began := time.Now()
	b.alarm.Reset(b.left)
	n, err := b.conn.Read(p)
	b.alarm.Stop()
	b.left -= time.Since(began)
	b.pos, b.owed, b.got = b.pos+int64(n), b.owed-int64(n), b.got+int64(n)
	if b.owed <= 0 {
		b.left, b.owed = b.store.retry.Stall, enough
	}
	if b.got >= enough {
		b.tries.succeeded()
	}
	if err == nil && b.left <= 0 {
		err = errStalled // it trickles
		b.cancel(err)
	}
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		err = cause(b.connCtx, err)
		b.broken = fmt.Errorf("broken at byte %d of %d: %w", b.pos, b.object.Size, err)
		b.hangUp()
	}
	return n
}

func (b *body) hangUp() {
	if b.conn != nil {
		b.alarm.Stop()
		b.cancel(nil)
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
