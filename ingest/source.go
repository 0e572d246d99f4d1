package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"bespoke"
)

// Source opens objects for reading.
type Source interface {
	// Open returns length bytes of o from offset on. It fails if the object is
	// no longer what o says.
	Open(ctx context.Context, o bespoke.Object, offset, length int64) (io.ReadCloser, error)
}

// readAt fills b with what o holds from offset on.
func readAt(ctx context.Context, src Source, o bespoke.Object, offset int64, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	r, err := src.Open(ctx, o, offset, int64(len(b)))
	if err != nil {
		return err
	}
	_, err = io.ReadFull(r, b)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = fmt.Errorf("it ended early: %w", io.ErrUnexpectedEOF)
	}
	if err != nil {
		err = fmt.Errorf("read %s: %w", o, err)
	}
	return errors.Join(err, r.Close())
}

// ranges reads an object here and there. The first error of the source stays in
// err, whatever the readers above make of it. It belongs to one goroutine.
type ranges struct {
	ctx    context.Context
	source Source
	object bespoke.Object
	err    error
}

// ReadAt reads what there is of the object at offset.
func (r *ranges) ReadAt(b []byte, offset int64) (int, error) {
	left := r.object.Size - offset
	if offset < 0 || left <= 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(b)), left))
	if err := readAt(r.ctx, r.source, r.object, offset, b[:n]); err != nil {
		if r.err == nil {
			r.err = err
		}
		return 0, err
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// counted adds to n what is read of an object from its beginning to its end.
// The error of the source stays in err.
type counted struct {
	r      io.Reader
	object bespoke.Object
	n      *atomic.Int64
	done   int64
	err    error
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.done += int64(n)
	c.n.Add(int64(n))
	switch {
	case err == io.EOF && c.done < c.object.Size:
		c.err = fmt.Errorf("read %s: it ended early: %w", c.object, io.ErrUnexpectedEOF)
		return n, c.err
	case err != nil && err != io.EOF:
		c.err = fmt.Errorf("read %s: %w", c.object, err)
		return n, c.err
	}
	return n, err
}
