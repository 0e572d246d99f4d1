package export

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"bespoke"
	"bespoke/lake"
)

// Config says what to write and where.
type Config struct {
	Columns []string
	// Rows are batches with these columns in this order.
	Rows iter.Seq2[lake.Batch, error]
	// PartBytes is how large a part gets: it ends with the row that reaches it.
	PartBytes int64
	// Stage takes in the content of a part, numbered from 0, so that it can
	// appear later. It is called for one part after another.
	Stage func(ctx context.Context, part int, content io.Reader) (Staged, error)
	// Before, which may be nil, is asked once all parts are taken in and before
	// the first appears; its error ends the export.
	Before func(ctx context.Context, parts int) error
}

// Staged is a part that is taken in but does not appear yet.
type Staged interface {
	Complete(ctx context.Context) (bespoke.Object, error)
	Abort(ctx context.Context) error
}

// Run writes all rows. Every part begins with the header; without rows there is
// one part that has nothing else. The parts appear together at the end: after an
// error, unless it was in the last step, none has. Memory is bounded by a batch
// of rows and what Stage holds.
func Run(ctx context.Context, cfg Config) (_ bespoke.Written, err error) {
	w := &writer{cfg: cfg, ctx: ctx}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.abort(ctx, err))
		}
	}()
	if err := w.begin(); err != nil {
		return w.written, err
	}
	for b, err := range cfg.Rows {
		if err != nil {
			return w.written, fmt.Errorf("export: %w", err)
		}
		if err := w.batch(b); err != nil {
			return w.written, fmt.Errorf("export: %w", err)
		}
	}
	if err := w.end(); err != nil {
		return w.written, err
	}
	if cfg.Before != nil {
		if err := cfg.Before(ctx, len(w.staged)); err != nil {
			return w.written, err
		}
	}
	for parts := len(w.staged); len(w.staged) > 0; w.staged = w.staged[1:] {
		if _, err := w.staged[0].Complete(ctx); err != nil {
			if done := parts - len(w.staged); done > 0 {
				err = fmt.Errorf("%d of %d objects are in place: %w", done, parts, err)
			}
			return w.written, err
		}
	}
	return w.written, nil
}

// writer writes one part after another.
type writer struct {
	ctx     context.Context // of Run
	cfg     Config
	written bespoke.Written
	staged  []Staged // taken in, not complete
	line    []byte

	// The part under way.
	out   *bufio.Writer
	pipe  *io.PipeWriter // nil between parts
	size  int64
	taken chan taken
}

// taken is what became of a part.
type taken struct {
	staged Staged
	err    error
}

func (w *writer) begin() error {
	r, pipe := io.Pipe()
	w.pipe, w.size, w.taken = pipe, 0, make(chan taken, 1)
	part, ended := int(w.written.Parts), w.taken
	go func() {
		st, err := w.cfg.Stage(w.ctx, part, r)
		r.CloseWithError(errors.Join(err, io.ErrClosedPipe)) // no one reads on
		ended <- taken{st, err}
	}()
	if w.out == nil {
		w.out = bufio.NewWriterSize(pipe, 256<<10)
	} else {
		w.out.Reset(pipe)
	}
	w.written.Parts++
	return w.write([]byte(strings.Join(w.cfg.Columns, ",") + "\n"))
}

// write adds text to the part.
func (w *writer) write(text []byte) error {
	n, err := w.out.Write(text)
	w.size += int64(n)
	w.written.Bytes += int64(n)
	return err
}

func (w *writer) batch(b lake.Batch) error {
	columns := b.Record.Columns()
	for i := range int(b.Record.NumRows()) {
		if b.Dead.Has(i) {
			continue
		}
		if w.size >= w.cfg.PartBytes {
			if err := errors.Join(w.end(), w.ctx.Err()); err != nil {
				return err
			}
			if err := w.begin(); err != nil {
				return err
			}
		}
		var err error
		if w.line, err = appendRow(w.line[:0], columns, i); err != nil {
			return err
		}
		if err := w.write(w.line); err != nil {
			return err
		}
		w.written.Rows++
	}
	return nil
}

// end ends the part and waits until it is taken in.
func (w *writer) end() error {
	err := w.out.Flush()
	w.pipe.CloseWithError(err)
	w.pipe = nil
	t := <-w.taken
	if t.err != nil {
		return t.err // the pipe's error comes from it
	}
	w.staged = append(w.staged, t.staged)
	return err
}

// abort gives up everything that does not appear yet.
func (w *writer) abort(ctx context.Context, cause error) error {
	var errs []error
	if w.pipe != nil {
		w.pipe.CloseWithError(cause)
		if t := <-w.taken; t.err == nil {
			w.staged = append(w.staged, t.staged)
		} else if !errors.Is(cause, t.err) && !errors.Is(t.err, cause) {
			errs = append(errs, t.err)
		}
	}
	for n, st := range w.staged {
		if err := st.Abort(ctx); err != nil { // it would be the same with the others
			errs = append(errs, fmt.Errorf("%d uploads are left: %w", len(w.staged)-n, err))
			break
		}
	}
	return errors.Join(errs...)
}
