package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what has to happen.
const patience = time.Minute

// buffer is written by a server while the test reads it.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// environ turns variables into what run takes.
type environ map[string]string

func (e environ) get(name string) string { return e[name] }

// command runs the program to its end.
func command(t *testing.T, env environ, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, streams{strings.NewReader(""), &stdout, &stderr}, env.get)
	return code, stdout.String(), stderr.String()
}

// process is a server that runs inside the test.
type process struct {
	*testing.T
	data     string
	out, log buffer
	cancel   context.CancelFunc
	ended    chan int
	api      string // address
}

// started runs the serve verb on free ports over the folder data, until stop or
// the end of the test.
func started(t *testing.T, data string, flags ...string) *process {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	p := &process{T: t, data: data, cancel: cancel, ended: make(chan int, 1)}
	args := append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--s3-listen", "127.0.0.1:0"}, flags...)
	go func() { p.ended <- run(ctx, args, streams{strings.NewReader(""), &p.out, &p.log}, noEnv) }()
	t.Cleanup(p.stop)
	var env map[string]string
	p.poll("the server's start", func() bool {
		select {
		case code := <-p.ended:
			p.ended <- code
			p.Fatalf("the server ended with status %d: %s", code, p.log.String())
		default:
		}
		code, out, _ := command(t, nil, "env", "--data", data, "--json", "--wait", "0s")
		return code == 0 && json.Unmarshal([]byte(out), &env) == nil
	})
	p.api = env["AWS_ENDPOINT_URL_PERSONALIZE"]
	return p
}

// stop ends the server, as SIGTERM does, and expects it to end well.
func (p *process) stop() {
	p.Helper()
	if p.cancel == nil {
		return
	}
	p.cancel()
	p.cancel = nil
	select {
	case code := <-p.ended:
		if code != 0 {
			p.Errorf("the server ended with status %d: %s", code, p.log.String())
		}
	case <-time.After(patience):
		p.Errorf("the server does not stop within %s", patience)
	}
}

// poll asks again and again until done.
func (p *process) poll(what string, done func() bool) {
	p.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !done(); <-tick.C {
		if time.Now().After(deadline) {
			p.Fatalf("%s: nothing happened for %s: %s", what, patience, p.log.String())
		}
	}
}

// get reads a page without a signature.
func (p *process) get(path string) string {
	p.Helper()
	resp, err := http.Get(p.api + path)
	if err != nil {
		p.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		p.Fatalf("GET %s: %s, %v: %s", path, resp.Status, err, body)
	}
	return string(body)
}

// client returns a client of the server with the data folder's key.
func (p *process) client() *client {
	p.Helper()
	r, creds, err := readRunning(p.data)
	if err != nil {
		p.Fatal(err)
	}
	return newClient(r, creds)
}

// imports runs the import verb against the server.
func (p *process) imports(args ...string) (code int, out, errs string) {
	p.Helper()
	return command(p.T, nil, append([]string{"import", "--data", p.data}, args...)...)
}

// file writes a file and returns its path.
func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// contains reports every text that s lacks.
func contains(t *testing.T, s string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(s, text) {
			t.Errorf("%q is not in:\n%s", text, s)
		}
	}
}
