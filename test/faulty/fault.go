package faulty

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"time"
)

// Fault answers a request in place of the S3 behind the proxy.
type Fault func(p *Proxy, w http.ResponseWriter, r *http.Request)

// Refuse answers an error of S3 with a status and a code.
func Refuse(status int, code string) Fault {
	return func(_ *Proxy, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>on purpose</Message><RequestId>1</RequestId></Error>`, code)
	}
}

// Redirect answers that the object is elsewhere.
func Redirect(status int, to string) Fault {
	return func(_ *Proxy, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", to+r.URL.Path)
		Refuse(status, "PermanentRedirect")(nil, w, r)
	}
}

// Silence takes the request and never answers.
func Silence(p *Proxy, _ http.ResponseWriter, r *http.Request) { p.hold(r) }

// Reset sends so many bytes of the content and resets the connection.
func Reset(after int) Fault {
	return raw(after, func(c *net.TCPConn, _ *Proxy, _ *http.Request) { c.SetLinger(0) })
}

// ResetAfter is like Reset, with something done before the connection is reset.
func ResetAfter(after int, do func()) Fault {
	return raw(after, func(c *net.TCPConn, _ *Proxy, _ *http.Request) {
		do()
		c.SetLinger(0)
	})
}

// Short sends so many bytes of the content and ends the connection as if that
// were all.
func Short(after int) Fault { return raw(after, nil) }

// Stall sends so many bytes of the content and then nothing.
func Stall(after int) Fault {
	return raw(after, func(_ *net.TCPConn, p *Proxy, r *http.Request) { p.hold(r) })
}

// Trickle sends the content a byte at a time.
func Trickle(every time.Duration) Fault {
	return func(p *Proxy, w http.ResponseWriter, r *http.Request) {
		real := p.answer(r)
		copyHeader(w, real)
		for b := range real.body {
			if _, err := w.Write(real.body[b : b+1]); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			select {
			case <-time.After(every):
			case <-r.Context().Done():
				return
			case <-p.end.Done():
				return
			}
		}
	}
}

// Chunks sends so many bytes of the content without telling its length, and
// then the end of the body, or without it where torn is set.
func Chunks(after int, torn bool) Fault {
	return func(p *Proxy, w http.ResponseWriter, r *http.Request) {
		real := p.answer(r)
		real.header.Del("Content-Length")
		copyHeader(w, real)
		w.(http.Flusher).Flush()
		_, _ = w.Write(real.body[:min(after, len(real.body))])
		if torn {
			panic(http.ErrAbortHandler)
		}
	}
}

// Length sends the content under a Content-Length that is so much too large, or
// too small where it is negative.
func Length(off int) Fault {
	return func(p *Proxy, w http.ResponseWriter, r *http.Request) {
		real := p.answer(r)
		real.header.Set("Content-Length", fmt.Sprint(len(real.body)+off))
		send(w, real, len(real.body)+min(off, 0), nil)
	}
}

// Whole sends the whole content whichever range was asked for.
func Whole(content string) Fault {
	return func(p *Proxy, w http.ResponseWriter, r *http.Request) {
		real := p.answer(r)
		real.header.Del("Content-Range")
		real.status, real.body = http.StatusOK, []byte(content)
		real.header.Set("Content-Length", fmt.Sprint(len(content)))
		send(w, real, len(content), nil)
	}
}

// OtherRange sends what was asked for as if it were another part of the object.
func OtherRange(p *Proxy, w http.ResponseWriter, r *http.Request) {
	real := p.answer(r)
	real.header.Set("Content-Range", fmt.Sprintf("bytes 1-%d/999999999", len(real.body)))
	real.status = http.StatusPartialContent
	send(w, real, len(real.body), nil)
}

// NoETag does not say which version of the object is sent.
func NoETag(p *Proxy, w http.ResponseWriter, r *http.Request) {
	real := p.answer(r)
	real.header.Del("ETag")
	send(w, real, len(real.body), nil)
}

// hold waits until the client has gone or the test has ended.
func (p *Proxy) hold(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-p.end.Done():
	}
}

// response is what the S3 behind the proxy answers.
type response struct {
	status int
	header http.Header
	body   []byte
}

func (p *Proxy) answer(r *http.Request) *response {
	rec := httptest.NewRecorder()
	p.pass.ServeHTTP(rec, r)
	return &response{rec.Code, rec.Header(), rec.Body.Bytes()}
}

func copyHeader(w http.ResponseWriter, real *response) {
	maps.Copy(w.Header(), real.header)
	w.WriteHeader(real.status)
}

// raw sends the true head and so many bytes of the content, then does what end
// does with the connection, and closes it.
func raw(after int, end func(*net.TCPConn, *Proxy, *http.Request)) Fault {
	return func(p *Proxy, w http.ResponseWriter, r *http.Request) {
		real := p.answer(r)
		real.header.Set("Content-Length", fmt.Sprint(len(real.body)))
		send(w, real, after, func(c *net.TCPConn) {
			if end != nil {
				end(c, p, r)
			}
		})
	}
}

// send writes an answer by hand and closes the connection.
func send(w http.ResponseWriter, real *response, bytes int, end func(*net.TCPConn)) {
	conn, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	head(rw.Writer, real)
	_, _ = rw.Write(real.body[:min(bytes, len(real.body))])
	_ = rw.Flush() // the client may be gone
	if end != nil {
		end(conn.(*net.TCPConn))
	}
}

func head(w *bufio.Writer, real *response) {
	fmt.Fprintf(w, "HTTP/1.1 %d %s\r\n", real.status, http.StatusText(real.status))
	_ = real.header.Write(w) // to a buffer
	_, _ = io.WriteString(w, "Connection: close\r\n\r\n")
}
