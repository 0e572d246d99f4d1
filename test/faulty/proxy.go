// Package faulty is an S3 that fails on purpose: a proxy in front of a real one
// that lets every request pass but those that read the content of an object or
// write one, which it counts and treats as a test wants it. It is for tests only.
// What can go wrong is in fault.go and, for writes alone, in upload.go.
package faulty

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy is the failing S3. Safe for concurrent use.
type Proxy struct {
	URL    string
	reads  planned
	writes planned
	pass   *httputil.ReverseProxy
	end    context.Context // of the test: nobody stalls longer
}

// planned is a plan and how many requests it was asked about.
type planned struct {
	n    atomic.Int64
	plan atomic.Pointer[Plan]
}

func (p *planned) set(plan Plan) {
	p.n.Store(0)
	p.plan.Store(&plan)
}

func (p *planned) next(r *http.Request) Fault {
	n := p.n.Add(1) - 1
	if plan := p.plan.Load(); plan != nil && *plan != nil {
		return (*plan)(n, r)
	}
	return nil
}

// Plan says what happens to the nth read of an object's content, or the nth
// request of a write, since the plan was set, from 0; nil lets it pass.
type Plan func(n int64, r *http.Request) Fault

// Start starts a proxy in front of the S3 at the address, for as long as the
// test runs. It lets everything pass.
func Start(tb testing.TB, s3 string) *Proxy {
	tb.Helper()
	target, err := url.Parse(s3)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &Proxy{end: ctx, pass: &httputil.ReverseProxy{
		// The Host header stays: it is part of the signature.
		Rewrite:      func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host },
		Transport:    &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { panic(http.ErrAbortHandler) },
	}}
	srv := httptest.NewServer(p)
	p.URL = srv.URL
	tb.Cleanup(func() {
		stop()
		srv.Close()
	})
	return p
}

// Set changes the plan for reads and begins to count anew; nil lets everything pass.
func (p *Proxy) Set(plan Plan) { p.reads.set(plan) }

// SetWrites is Set for the requests by which objects are written.
func (p *Proxy) SetWrites(plan Plan) { p.writes.set(plan) }

// Reads returns how many reads there were since the plan was set.
func (p *Proxy) Reads() int64 { return p.reads.n.Load() }

func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	var f Fault
	switch {
	case key == "":
	case r.Method == http.MethodGet:
		f = p.reads.next(r)
	case r.Method != http.MethodHead:
		f = p.writes.next(r)
	}
	if f == nil {
		f = pass
	}
	f(p, w, r)
}

func pass(p *Proxy, w http.ResponseWriter, r *http.Request) { p.pass.ServeHTTP(w, r) }

// First is a plan of faults for the first requests, one each.
func First(faults ...Fault) Plan {
	return func(n int64, _ *http.Request) Fault {
		if n < int64(len(faults)) {
			return faults[n]
		}
		return nil
	}
}

// Each is a plan of one fault for the first so many reads of each object.
func Each(times int, f Fault) Plan {
	var mu sync.Mutex
	seen := map[string]int{}
	return func(_ int64, r *http.Request) Fault {
		mu.Lock()
		defer mu.Unlock()
		if seen[r.URL.Path]++; seen[r.URL.Path] <= times {
			return f
		}
		return nil
	}
}

// Always is a plan of one fault for every request.
func Always(f Fault) Plan { return func(int64, *http.Request) Fault { return f } }
