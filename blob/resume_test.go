package blob_test

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"bespoke/blob"
)

// proxy is a TCP proxy that cuts connections short.
type proxy struct {
	net.Listener
	// limit returns after how many bytes of answer connection n, counted from
	// 0, is reset; -1 means never.
	limit func(n int64) int64
	conns atomic.Int64
}

func startProxy(t *testing.T, to string, limit func(int64) int64) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l, limit: limit}
	var wg sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { p.forward(ctx, conn, to) })
		}
	})
	t.Cleanup(func() {
		stop()
		l.Close()
		wg.Wait()
	})
	return p
}

func (p *proxy) forward(ctx context.Context, client net.Conn, to string) {
	defer client.Close()
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	defer context.AfterFunc(ctx, func() { client.Close(); server.Close() })()
	go func() {
		io.Copy(server, client)
		server.Close()
	}()
	limit := p.limit(p.conns.Add(1) - 1)
	if limit < 0 {
		io.Copy(client, server)
		return
	}
	io.CopyN(client, server, limit)
	client.(*net.TCPConn).SetLinger(0) // a reset instead of an end
}

func through(p *proxy) *blob.Store {
	return blob.New(blob.Config{Client: blob.NewClient("http://"+p.Addr().String(), "us-east-1", rootKey, rootSecret), Retry: hasty})
}

func randomText(t *testing.T, size int) string {
	t.Helper()
	b := make([]byte, size)
	rand.Read(b)
	return string(b)
}

// TestResume reads an object over connections that break again and again, in
// the head of an answer too.
func TestResume(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	g.makeBucket(t, "shop")
	content := randomText(t, 3<<20)
	o := put(t, blob.New(blob.Config{Client: g.client}), "shop", "a", content)
	limits := []int64{1 << 20, 10, 500_000, 700_000}
	p := startProxy(t, g.addr, func(n int64) int64 {
		if n < int64(len(limits)) {
			return limits[n]
		}
		return -1
	})
	if got, err := read(t, through(p), o, 0, -1); err != nil || got != content {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
	if n := p.conns.Load(); n < int64(len(limits)) {
		t.Errorf("only %d connections", n)
	}
	p.conns.Store(0)
	if got, err := read(t, through(p), o, 1000, 2<<20); err != nil || got != content[1000:1000+2<<20] {
		t.Errorf("read %d bytes of a range, %v", len(got), err)
	}
}

// TestChangedWhileRead replaces the object when the first connection breaks.
func TestChangedWhileRead(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	g.makeBucket(t, "shop")
	direct := blob.New(blob.Config{Client: g.client})
	o := put(t, direct, "shop", "a", randomText(t, 1<<20))
	p := startProxy(t, g.addr, func(n int64) int64 {
		if n == 0 {
			return 100_000
		}
		return -1
	})
	body, err := through(p).Open(t.Context(), o, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	put(t, direct, "shop", "a", randomText(t, 1<<20))
	if n, err := io.Copy(io.Discard, body); !errors.Is(err, blob.ErrChanged) || n == 0 || n >= 100_000 {
		t.Errorf("read %d bytes, %v", n, err)
	}
}

// TestGivesUp reads over connections none of which gets beyond the same byte.
func TestGivesUp(t *testing.T) {
	t.Parallel()
	g := startGateway(t)
	g.makeBucket(t, "shop")
	o := put(t, blob.New(blob.Config{Client: g.client}), "shop", "a", randomText(t, 1<<20))
	p := startProxy(t, g.addr, func(n int64) int64 {
		if n == 0 {
			return 100_000
		}
		return 5
	})
	_, err := read(t, through(p), o, 0, -1)
	if err == nil || errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "s3://shop/a") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	body, err := blob.New(blob.Config{Client: g.client}).Open(ctx, o, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	cancel()
	if _, err := io.ReadAll(body); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
