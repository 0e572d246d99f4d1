package faulty

import (
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing/iotest"
)

// Step says what a request does to write an object: "begin" a multipart upload,
// send "part 1" and so on, "complete" or "abort" it, or "put" an object at once.
func Step(r *http.Request) string {
	q := r.URL.Query()
	switch {
	case q.Has("uploads"):
		return "begin"
	case q.Has("partNumber"):
		return "part " + q.Get("partNumber")
	case q.Has("uploadId") && r.Method == http.MethodDelete:
		return "abort"
	case q.Has("uploadId"):
		return "complete"
	}
	return "put"
}

// At is a plan for one step of writes, whose requests it counts by themselves.
func At(step string, plan Plan) Plan {
	var n atomic.Int64
	return func(_ int64, r *http.Request) Fault {
		if Step(r) != step {
			return nil
		}
		return plan(n.Add(1)-1, r)
	}
}

// Either is a plan of several, of which the first that has a fault is followed.
func Either(plans ...Plan) Plan {
	return func(n int64, r *http.Request) (f Fault) {
		for _, plan := range plans {
			if f == nil {
				f = plan(n, r)
			}
		}
		return f
	}
}

// Cut hands so many bytes of what is sent on to S3, and ends both connections.
func Cut(after int64) Fault {
	return func(p *Proxy, w http.ResponseWriter, r *http.Request) {
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(r.Body, after), iotest.ErrReader(io.ErrUnexpectedEOF)), r.Body}
		p.pass.ServeHTTP(w, r)
		panic(http.ErrAbortHandler)
	}
}

// Lost has S3 do what is asked for, and resets the connection in place of the answer.
func Lost(p *Proxy, w http.ResponseWriter, r *http.Request) {
	p.answer(r)
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}

// Before lets the request pass once something is done.
func Before(do func()) Fault {
	return func(p *Proxy, w http.ResponseWriter, r *http.Request) {
		do()
		pass(p, w, r)
	}
}
