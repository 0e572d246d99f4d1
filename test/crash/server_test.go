package crash_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// How long a server may take to start and to stop, on a machine that does much
// else.
const (
	startWithin = 60 * time.Second
	stopWithin  = 60 * time.Second
)

// binary is the command, built once for all tests as it is released: without
// cgo. It lives in built, which TestMain removes.
var (
	built  string
	binary = sync.OnceValues(func() (string, error) {
		path := filepath.Join(built, "bespoke")
		build := exec.Command("go", "build", "-o", path, "bespoke/cmd/bespoke")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stderr = os.Stderr
		return path, build.Run()
	})
)

func TestMain(m *testing.M) {
	var err error
	if built, err = os.MkdirTemp("", "bespoke-crash-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(built) // a temporary folder
	os.Exit(code)
}

// server is one life of the process that serves a data folder.
type server struct {
	*client
	data    string
	process *exec.Cmd
	killed  atomic.Bool   // set before the signal: errors of calls after it are no surprise
	ended   chan struct{} // closed once the process has ended, with this outcome
	outcome error
}

// spawn starts the process and does not wait until it listens.
func spawn(t *testing.T, data string, log *os.File, flags ...string) *server {
	t.Helper()
	bin, err := binary()
	if err != nil {
		t.Fatalf("building the command: %v", err)
	}
	args := append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--s3-listen", "127.0.0.1:0"}, flags...)
	s := &server{data: data, ended: make(chan struct{})}
	s.process = exec.CommandContext(t.Context(), bin, args...)
	s.process.Stdout, s.process.Stderr = log, log
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.outcome = s.process.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() { _ = s.process.Process.Kill() }) // where the test ended in the midst
	return s
}

// ready waits until the server has noted where it listens, which it does last.
// A note of the process before it has another process id.
func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for {
		var at place
		if readJSON(filepath.Join(s.data, "server.json"), &at) == nil && at.PID == s.process.Process.Pid {
			var key keyPair
			if err := readJSON(filepath.Join(s.data, "credentials.json"), &key); err != nil {
				return err
			}
			s.client = newClient(at, key)
			return nil
		}
		select {
		case <-s.ended:
			return fmt.Errorf("the server ended before it listened: %w", s.outcome)
		case <-ctx.Done():
			return fmt.Errorf("the server does not listen after %s", startWithin)
		case <-again.C:
		}
	}
}

// kill ends the process as a power cut of the process would: at once.
func (s *server) kill() error {
	s.killed.Store(true)
	if err := s.process.Process.Kill(); err != nil {
		return fmt.Errorf("the server ended before it was killed: %w", err)
	}
	<-s.ended
	if st, ok := s.process.ProcessState.Sys().(syscall.WaitStatus); !ok || st.Signal() != syscall.SIGKILL {
		return fmt.Errorf("the server ended by itself: %w", s.outcome)
	}
	return nil
}

// stop asks the process to end, which it must do by itself with status 0.
func (s *server) stop() error {
	s.http.CloseIdleConnections()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stopping the server: %w", err)
	}
	select {
	case <-s.ended:
		return s.outcome
	case <-time.After(stopWithin):
		return fmt.Errorf("the server does not stop within %s of SIGTERM", stopWithin)
	}
}

// tellLog shows, of a test that has failed, the end of what the servers logged.
func (w *world) tellLog() {
	if w.t.Failed() {
		b, _ := os.ReadFile(w.log) // there may be none yet
		lines := bytes.SplitAfter(b, []byte("\n"))
		w.t.Logf("the servers' log:\n%s", bytes.Join(lines[max(0, len(lines)-200):], nil))
	}
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}
