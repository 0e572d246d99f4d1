package awsapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"bespoke"
	"bespoke/awsapi/wire"
)

// Keys of log attributes.
const (
	keyRequest   = "request_id"
	keyOperation = "operation"
	keyCode      = "code"
	keyStatus    = "status"
	keyDuration  = "duration"
	keyCaller    = "caller"
	keyError     = "err"
	keyStack     = "stack"
)

// okCode stands for success where an error code would stand.
const okCode = "OK"

// exchange is one request and its response.
type exchange struct {
	*Server
	*endpoint
	id     string
	caller bespoke.Caller
	file   *File // the answer, unless nil
}

// buffers are what responses are written into before they are sent, so that
// one which cannot be written is still an error of its own.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (s *Server) serve(w http.ResponseWriter, r *http.Request, e *endpoint) {
	start := time.Now()
	x := exchange{Server: s, endpoint: e, id: uuid.NewString()}
	body := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(body)
	body.Reset()

	err := x.answer(r, body)
	code, status := okCode, http.StatusOK
	header := w.Header() // its names are given as net/http has them
	if err != nil {
		refusal := x.refusal(r.Context(), err)
		code, status = string(refusal.Code), x.statusOf(refusal.Code)
		body.Reset()
		writeError(body, refusal)
		header["X-Amzn-Errortype"] = []string{code}
	}
	header["X-Amzn-Requestid"] = []string{x.id}
	if x.file != nil {
		if broken := x.file.send(w); broken != nil {
			// The status of a success has been sent; the log and the numbers say what
			// has become of it.
			err, code, status = broken, string(bespoke.Internal), http.StatusInternalServerError
		}
	} else {
		header["Content-Type"] = contentType[e.protocol]
		header["Content-Length"] = []string{strconv.Itoa(body.Len())}
		w.WriteHeader(status)
		_, _ = w.Write(body.Bytes()) // the client may be gone; that is its affair
	}
	d := time.Since(start)
	x.log(r.Context(), err, code, status, d)
	s.cfg.Observe(e.name, code, d)
}

var contentType = map[wire.Protocol][]string{
	wire.JSON11:   {"application/x-amz-json-1.1"},
	wire.RestJSON: {"application/json"},
}

// File is an answer that is no JSON but the content of a file. Where that cannot be read,
// or has fewer bytes than Size, the connection is cut off and the log says why.
type File struct {
	Name, Type string // its media type
	Size       int64
	Content    io.ReadCloser // closed once it is sent
}

// send sends the file as an answer and closes it. The error is that of reading it: a
// client may be gone, which is its affair. The connection is cut off then, as it is after
// any answer of fewer bytes than its Content-Length says.
func (f *File) send(w http.ResponseWriter) error {
	defer f.Content.Close()
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	w.WriteHeader(http.StatusOK)
	from := &fallible{r: f.Content}
	n, err := io.Copy(w, from)
	switch {
	case from.err != nil:
		return fmt.Errorf("read %s after %d of %d bytes: %w", f.Name, n, f.Size, from.err)
	case err == nil && n < f.Size:
		return fmt.Errorf("read %s after %d of %d bytes: %w", f.Name, n, f.Size, io.ErrUnexpectedEOF)
	}
	return nil
}

// fallible remembers the error with which reading failed, which io.Copy does not tell
// from one of writing.
type fallible struct {
	r   io.Reader
	err error
}

func (f *fallible) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		f.err = err
	}
	return n, err
}

// answer verifies the request, does what it asks for and writes the response's
// body. A panic becomes an error with its stack.
func (x *exchange) answer(r *http.Request, body *bytes.Buffer) (err error) {
	defer func() {
		switch p := recover(); {
		case p == http.ErrAbortHandler:
			panic(p)
		case p != nil:
			err = &panicError{p, debug.Stack()}
		}
	}()
	signed, err := x.cfg.Verifier.Verify(r)
	if err != nil {
		return err
	}
	x.caller = signed.Caller
	if signed.Service != signingName {
		return invalid("Credential should be scoped to correct service: '%s'.", signingName)
	}
	out, err := x.call(bespoke.WithCaller(r.Context(), x.caller), r, signed.Body)
	if err != nil {
		return err
	}
	if out == nil {
		if x.protocol == wire.JSON11 {
			body.WriteString("{}")
		}
		return nil
	}
	if f, ok := out.(*File); ok {
		x.file = f
		return nil
	}
	if err := wire.Marshal(body, out); err != nil {
		return fmt.Errorf("write the response: %w", err)
	}
	return nil
}

// signingName is what requests to all three services are signed for.
const signingName = "personalize"

// panicError is a handler's panic.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprint("panic: ", p.value) }

// log writes one line: an error where the server is at fault, information
// where the client is, debugging where nobody is. What the client sent is not
// in it.
func (x *exchange) log(ctx context.Context, err error, code string, status int, d time.Duration) {
	level, message := slog.LevelDebug, "request answered"
	switch {
	case err == nil:
	case status == http.StatusServiceUnavailable && ctx.Err() != nil:
		level, message = slog.LevelInfo, "request cancelled"
	case status >= http.StatusInternalServerError:
		level, message = slog.LevelError, "request failed"
	default:
		level, message = slog.LevelInfo, "request refused"
	}
	if !x.cfg.Logger.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 8)
	attrs = append(attrs,
		slog.String(keyRequest, x.id),
		slog.String(keyOperation, x.name),
		slog.String(keyCode, code),
		slog.Int(keyStatus, status),
		slog.Duration(keyDuration, d),
		slog.String(keyCaller, x.caller.ARN),
	)
	if err != nil {
		if c := cause(err, status); c != "" {
			attrs = append(attrs, slog.String(keyError, c))
		}
		if p, ok := errors.AsType[*panicError](err); ok {
			attrs = append(attrs, slog.String(keyStack, string(p.stack)))
		}
	}
	x.cfg.Logger.LogAttrs(ctx, level, message, attrs...)
}
