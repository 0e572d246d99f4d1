package clients_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// How long a server may take to start and to stop.
const (
	startTimeout = 30 * time.Second
	stopTimeout  = 30 * time.Second
)

// binary is the command, built once for all tests as it is released: without
// cgo. It lives in dir, which TestMain removes.
var (
	dir    string
	binary = sync.OnceValues(func() (string, error) {
		path := filepath.Join(dir, "bespoke")
		build := exec.Command("go", "build", "-o", path, "bespoke/cmd/bespoke")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stderr = os.Stderr
		return path, build.Run()
	})
)

func TestMain(m *testing.M) {
	var err error
	if dir, err = os.MkdirTemp("", "bespoke-clients-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(dir) // a temporary folder
	os.Exit(code)
}

// serve starts a server of its own on free ports and returns the environment
// that points clients at it. When the test ends the server is told to stop,
// and must do so by itself with status 0.
func serve(t *testing.T, flags ...string) []string {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatalf("building the command: %v", err)
	}
	data := filepath.Join(t.TempDir(), "data")
	args := append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--s3-listen", "127.0.0.1:0"}, flags...)
	var log bytes.Buffer
	server := exec.Command(bin, args...)
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	t.Cleanup(func() {
		stop(t, server, ended)
		if t.Failed() {
			t.Logf("the server's log:\n%s", tail(log.String(), 200))
		}
	})
	return awaitEnvironment(t, bin, data, ended)
}

// awaitEnvironment asks the env verb until the server listens.
func awaitEnvironment(t *testing.T, bin, data string, ended chan error) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		out, err := exec.CommandContext(ctx, bin, "env", "--data", data, "--json").Output()
		if err == nil {
			return parseEnvironment(t, out)
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the server ended before it listened: %v", err)
		case <-ctx.Done():
			t.Fatalf("the server does not listen after %s; env says: %v", startTimeout, err)
		case <-again.C:
		}
	}
}

func parseEnvironment(t *testing.T, out []byte) []string {
	t.Helper()
	var vars map[string]string
	if err := json.Unmarshal(out, &vars); err != nil {
		t.Fatalf("env --json printed %q: %v", out, err)
	}
	env := clean()
	for name, value := range vars {
		env = append(env, name+"="+value)
	}
	return env
}

// clean is this process's environment without anything that is about AWS or
// Bespoke, and without configuration files of whoever runs the tests.
func clean() []string {
	env := []string{
		"AWS_CONFIG_FILE=" + os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE=" + os.DevNull,
		"AWS_EC2_METADATA_DISABLED=true",
		"NO_PROXY=127.0.0.1,localhost",
		"PYTHONDONTWRITEBYTECODE=1",
	}
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		switch {
		case strings.HasPrefix(name, "AWS_"), strings.HasPrefix(name, "BESPOKE_"),
			strings.HasPrefix(name, "PYTHON"), strings.HasPrefix(name, "NODE_"), strings.EqualFold(name, "no_proxy"):
		default:
			env = append(env, v)
		}
	}
	return env
}

func stop(t *testing.T, server *exec.Cmd, ended chan error) {
	t.Helper()
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("stopping the server: %v", err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("the server ended with %v", err)
		}
	case <-time.After(stopTimeout):
		t.Errorf("the server does not stop within %s of SIGTERM", stopTimeout)
		_ = server.Process.Kill() // it may have ended just now
		<-ended
	}
}

// tail returns the last n lines of s.
func tail(s string, n int) string {
	lines := strings.SplitAfter(s, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "")
}
