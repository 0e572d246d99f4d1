package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A server is a running `bespoke serve` on a data folder of its own.
type server struct {
	binary, data string
	cmd          *exec.Cmd
}

// startServer starts the product as its users do and waits until it answers.
func startServer(ctx context.Context, binary, data string) (*server, error) {
	s := &server{binary: binary, data: data}
	s.cmd = exec.CommandContext(ctx, binary, "serve", "--data", data, "--listen", "127.0.0.1:0", "--s3-listen", "127.0.0.1:0")
	var log bytes.Buffer
	s.cmd.Stderr = &log
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	var err error
	for range 200 {
		if err = exec.CommandContext(ctx, binary, "env", "--data", data).Run(); err == nil {
			return s, nil
		}
		time.Sleep(50 * time.Millisecond) // the server has nothing that can be waited for
	}
	return nil, errors.Join(fmt.Errorf("the server does not start: %w\n%s", err, log.String()), s.stop())
}

func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return s.cmd.Wait()
}

// imported imports source, a local file or an s3:// URL, and returns how long
// the job took from its acceptance until it was ACTIVE, and the server's peak
// resident memory in that time.
func (s *server) imported(ctx context.Context, source, job string) (sample, error) {
	// Forgets the peak of what came before, the upload above all.
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.cmd.Process.Pid), []byte("5"), 0); err != nil {
		return sample{}, err
	}
	out, err := exec.CommandContext(ctx, s.binary, "import", "--json", "--data", s.data, "--job-name", job, source).Output()
	if err != nil {
		return sample{}, fmt.Errorf("import of %s: %w", source, err)
	}
	var p struct {
		Created time.Time `json:"creationDateTime"`
		Updated time.Time `json:"lastUpdatedDateTime"`
	}
	if err := json.Unmarshal(out, &p); err != nil {
		return sample{}, err
	}
	peak, err := peakMemory(s.cmd.Process.Pid)
	return sample{Took: p.Updated.Sub(p.Created), Peak: peak}, err
}

// peakMemory reads the highest resident memory of a process, in bytes.
func peakMemory(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("the process has no VmHWM")
}

// prepareServer makes a data folder whose bucket holds the CSV file, and
// returns the folder and the object's URL.
func prepareServer(ctx context.Context, s settings, csv string) (data, url string, err error) {
	data = filepath.Join(s.dir, "data")
	if err := os.RemoveAll(data); err != nil {
		return "", "", err
	}
	srv, err := startServer(ctx, s.binary, data)
	if err != nil {
		return "", "", err
	}
	_, err = srv.imported(ctx, csv, "upload")
	return data, "s3://bespoke-uploads/upload/" + filepath.Base(csv), errors.Join(err, srv.stop())
}

// importFromS3 has a server that has just started import the object.
func importFromS3(ctx context.Context, s settings, data, url string, round int) (sample, error) {
	srv, err := startServer(ctx, s.binary, data)
	if err != nil {
		return sample{}, err
	}
	m, err := srv.imported(ctx, url, fmt.Sprintf("round-%d", round))
	return m, errors.Join(err, srv.stop())
}
