package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"bespoke"
)

const (
	// zstdWindow is the most that a zstd frame may look back: what every decoder
	// is asked to bear. Source: RFC 8878, 3.1.1.1.2.
	zstdWindow = 8 << 20
	// streamStep is how much is decompressed at once in search of the end of a
	// line.
	streamStep = 64 << 10
)

// unpacker has the decompressors of one loader.
type unpacker struct {
	gz *gzip.Reader
	zs *zstd.Decoder
}

// unpack returns what r decompresses to: all gzip members, all zstd frames. The
// reader is valid until the next call.
func (u *unpacker) unpack(p packing, r io.Reader) (io.Reader, error) {
	if p == packingGzip {
		if u.gz == nil {
			u.gz = new(gzip.Reader)
		}
		return u.gz, u.gz.Reset(r)
	}
	if u.zs == nil {
		var err error
		u.zs, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, err
		}
	}
	return u.zs, u.zs.Reset(r)
}

func (u *unpacker) close() {
	if u.zs != nil {
		u.zs.Close()
	}
}

// unpackBeginning decompresses b, the beginning of o, as far as it goes and
// headers may.
func unpackBeginning(o bespoke.Object, p packing, b []byte) ([]byte, error) {
	var u unpacker
	defer u.close()
	r, err := u.unpack(p, bytes.NewReader(b))
	var text []byte
	if err == nil {
		text, err = io.ReadAll(io.LimitReader(r, maxHeaderBytes))
	}
	if errors.Is(err, io.ErrUnexpectedEOF) && int64(len(b)) < o.Size {
		err = nil // the rest is in the rest
	}
	if err != nil && len(text) == 0 {
		return nil, damaged(o, p, err)
	}
	return text, nil
}

// damaged says why o cannot be decompressed.
func damaged(o bespoke.Object, p packing, err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return bespoke.Errorf(bespoke.InvalidInput, "%s ends in the middle of its %s data: upload the whole file.", o, p)
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return bespoke.Errorf(bespoke.InvalidInput, "%s was compressed by zstd with a window of more than %d MiB: compress it without --long and --ultra.", o, zstdWindow>>20)
	}
	return bespoke.Errorf(bespoke.InvalidInput, "%s is damaged: %w. Compress it again with %s.", o, err, p)
}

// stream adds the lines that a compressed object has to the split under way and
// to as many more as they take. A line is never in two of them.
func (f *loader) stream(ctx context.Context, object int, p packing, raw io.Reader) error {
	o := f.plan.objects[object]
	s := &lineStream{loader: f, object: o, packing: p, source: raw}
	if int64(len(f.buf)+streamStep) > f.plan.size || f.rows+mostRows(int(f.plan.size)) >= maxSplitRows {
		if len(f.parts) > 0 {
			if err := f.more(ctx, false); err != nil {
				return err
			}
		}
	}
	var err error
	if s.text, err = f.unpack(p, raw); err != nil {
		return s.fault(err)
	}
	base := len(f.buf)
	lay, err := s.open(base)
	if err != nil {
		return err
	}
	for begun := false; ; {
		end, err := s.fill(base, lay.returns)
		if err != nil {
			return err
		}
		f.rest = append(f.rest[:0], f.buf[base+end:]...)
		f.buf = f.buf[:base+end]
		if end > 0 || s.ended {
			f.addText(object, lay, base, base+end, !begun)
			begun = true
		}
		if s.ended {
			return nil
		}
		if err := f.more(ctx, begun); err != nil {
			return err
		}
		base = len(f.buf)
		f.buf = append(f.buf, f.rest...)
	}
}

// lineStream is a compressed object whose text is read into the buffer of a
// loader.
type lineStream struct {
	*loader
	object  bespoke.Object
	packing packing
	source  io.Reader // the compressed bytes
	text    io.Reader
	ended   bool
	read    int64
}

// open reads the first line to buf[base:] and returns the layout.
func (s *lineStream) open(base int) (*layout, error) {
	for !s.ended && len(s.buf)-base <= maxHeaderBytes {
		if err := s.decompress(streamStep); err != nil {
			return nil, err
		}
		if b := s.buf[base:]; bytes.IndexByte(b, '\n') >= 0 || loneReturns(b) {
			break
		}
	}
	return s.textLayout(s.object, s.buf[base:], s.packing)
}

// fill reads on to buf[base:] until it has the size of a split, and at least
// one line if it is the only part, and returns where its last line ends. At the
// end of the text a line feed is added if there is none.
func (s *lineStream) fill(base int, returns bool) (end int, err error) {
	if returns {
		lineFeeds(s.buf[base:])
	}
	end = bytes.LastIndexByte(s.buf[base:], '\n') + 1
	for !s.ended {
		at := len(s.buf)
		room := int(s.plan.size) - at
		if room <= 0 {
			if end > 0 || base > front {
				return end, nil
			}
			if at-base > maxRecord {
				return 0, tooLong(s.object, fmt.Sprintf("byte %d of its text", s.read))
			}
			room = streamStep
		}
		if err := s.decompress(room); err != nil {
			return 0, err
		}
		if returns {
			lineFeeds(s.buf[at:])
		}
		if i := bytes.LastIndexByte(s.buf[at:], '\n'); i >= 0 {
			end = at - base + i + 1
		}
	}
	if end < len(s.buf)-base {
		s.buf = append(s.buf, '\n')
		end = len(s.buf) - base
	}
	return end, nil
}

// decompress appends n bytes of text to the buffer, or what is left.
func (s *lineStream) decompress(n int) error {
	at := len(s.buf)
	s.buf = resize(s.buf, n)
	for b := s.buf[at:]; len(b) > 0 && !s.ended; {
		k, err := s.text.Read(b)
		b = b[k:]
		n -= k
		if err != nil && err != io.EOF {
			return s.fault(err)
		}
		s.ended = err == io.EOF
	}
	s.buf = s.buf[:len(s.buf)-n]
	s.read += int64(len(s.buf) - at)
	return nil
}

// fault tells a failure of the source from data that cannot be decompressed.
func (s *lineStream) fault(err error) error {
	if c, ok := s.source.(*counted); ok && c.err != nil {
		return c.err
	}
	return damaged(s.object, s.packing, err)
}
