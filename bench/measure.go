package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"syscall"
	"time"

	"bespoke/schema"
)

// sample is one measurement.
type sample struct {
	Took time.Duration
	Peak int64 `json:"-"` // resident memory, bytes
}

// measure runs one measurement in a child process.
func measure(ctx context.Context, s settings, w work, side string) (sample, error) {
	self, err := os.Executable()
	if err != nil {
		return sample{}, err
	}
	cmd := exec.CommandContext(ctx, self, "-one", side, "-work", w.name, "-dir", s.dir, "-workers", strconv.Itoa(s.workers))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return sample{}, err
	}
	var m sample
	if err := json.Unmarshal(out, &m); err != nil {
		return sample{}, err
	}
	m.Peak = cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	return m, nil
}

// measureHere is what the child process does.
func measureHere(ctx context.Context, s settings, w work) (err error) {
	parsed, err := schema.Parse(w.schema)
	if err != nil {
		return err
	}
	if _, err := w.generate(s.dir); err != nil {
		return err
	}
	out, err := os.MkdirTemp(s.dir, "out-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(out)
	if s.profile != "" {
		f, err := os.Create(s.profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	var m sample
	switch s.one {
	case "ingest":
		m.Took, err = ingestAlone(ctx, w, parsed, w.folder(s.dir), out, s.workers)
	case "duckdb":
		m.Took, err = copyByDuckDB(ctx, parsed, w.folder(s.dir), filepath.Join(out, "out.parquet"), s.workers)
	default:
		err = fmt.Errorf("-one %q: expected ingest or duckdb", s.one)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}
