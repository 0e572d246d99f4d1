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

// imported imports source, a local file or an s3:// location, as the work's kind
// into a dataset group, and returns how long the job took from its acceptance
// until it was ACTIVE, and the server's peak resident memory in that time.
func (s *server) imported(ctx context.Context, w work, dir, source, group, mode, job string) (sample, error) {
	// Forgets the peak of what came before.
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.cmd.Process.Pid), []byte("5"), 0); err != nil {
		return sample{}, err
	}
	cmd := exec.CommandContext(ctx, s.binary, "import", "--json", "--data", s.data, "--dataset-group", group, "--type", w.kind,
		"--schema", filepath.Join(dir, w.name+".avsc"), "--mode", mode, "--job-name", job, source)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
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

// bucket is where the works' objects are.
const bucket = "bespoke-uploads"

// prepareServer makes a data folder whose bucket holds the objects of the works:
// links to the generated files, below the works' names. The import of a file of
// few rows makes the bucket.
func prepareServer(ctx context.Context, s settings, works []work) (data string, err error) {
	data = filepath.Join(s.dir, "data")
	if err := os.RemoveAll(data); err != nil {
		return "", err
	}
	few := interactionsOf("few", 1000, 100, 1)
	if _, err := few.generate(s.dir); err != nil {
		return "", err
	}
	srv, err := startServer(ctx, s.binary, data)
	if err != nil {
		return "", err
	}
	_, err = srv.imported(ctx, few, s.dir, few.first(s.dir), "few", "FULL", "few")
	if err := errors.Join(err, srv.stop()); err != nil {
		return "", err
	}
	for _, w := range works {
		if err := link(w.folder(s.dir), filepath.Join(data, "buckets", bucket, w.name)); err != nil {
			return "", err
		}
	}
	return data, nil
}

// link fills the new folder to with links to the files of from.
func link(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.Link(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// importFromS3 has a server that has just started import the works one after
// another: the first FULL, the others, its updates, INCREMENTAL.
func importFromS3(ctx context.Context, s settings, data string, works []work, round int) (samples []sample, err error) {
	srv, err := startServer(ctx, s.binary, data)
	if err != nil {
		return nil, err
	}
	mode := "FULL"
	for _, w := range works {
		url := fmt.Sprintf("s3://%s/%s/", bucket, w.name)
		m, err := srv.imported(ctx, w, s.dir, url, works[0].name, mode, fmt.Sprintf("%s-%d", w.name, round))
		if err != nil {
			return nil, errors.Join(err, srv.stop())
		}
		samples, mode = append(samples, m), "INCREMENTAL"
	}
	return samples, srv.stop()
}
