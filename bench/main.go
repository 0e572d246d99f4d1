// Bench compares imports with peers on the same input in the same run. It is a
// module of its own so that peers never enter the product's go.mod.
//
// Each measurement runs in a process of its own, so that its peak resident
// memory is its own; rounds alternate, and medians are shown. "import" is the
// product as it is used, a job from an object in S3 until it is ACTIVE; "ingest"
// is its engine alone, on a local file; "duckdb" copies the file to Parquet
// with columns of the same types, and checks nothing else.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"syscall"
	"time"
)

// settings are the command's flags.
type settings struct {
	dir     string
	binary  string // the product
	pop     population
	rounds  int
	workers int
	one     string // measure this once, in this process
	profile string
}

func main() {
	var s settings
	flag.StringVar(&s.dir, "dir", filepath.Join(os.TempDir(), "bespoke-bench"), "folder for generated input and output")
	flag.StringVar(&s.binary, "bespoke", "../bin/bespoke", "the product's binary")
	flag.IntVar(&s.pop.rows, "rows", 10_000_000, "interactions")
	flag.IntVar(&s.pop.users, "users", 160_000, "distinct users")
	flag.IntVar(&s.pop.items, "items", 60_000, "distinct items")
	flag.IntVar(&s.rounds, "rounds", 5, "rounds of each measurement")
	flag.IntVar(&s.workers, "workers", 2, "threads of each side")
	flag.StringVar(&s.one, "one", "", "measure only `side`, ingest or duckdb, once and in this process")
	flag.StringVar(&s.profile, "cpuprofile", "", "with -one: write a CPU profile to `file`")
	flag.Parse()
	if err := run(context.Background(), s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// sample is one measurement.
type sample struct {
	Took time.Duration
	Peak int64 `json:"-"` // resident memory, bytes
}

func run(ctx context.Context, s settings) error {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	csv := filepath.Join(s.dir, fmt.Sprintf("interactions-%d-%d-%d.csv", s.pop.rows, s.pop.users, s.pop.items))
	if s.one != "" {
		return measureHere(ctx, s, csv)
	}
	if _, err := os.Stat(csv); err != nil {
		if err := generate(csv+".part", s.pop); err != nil {
			return err
		}
		if err := os.Rename(csv+".part", csv); err != nil {
			return err
		}
	}
	st, err := os.Stat(csv)
	if err != nil {
		return err
	}
	data, url, err := prepareServer(ctx, s, csv)
	if err != nil {
		return err
	}
	defer os.RemoveAll(data)
	sides := []string{"import", "ingest", "duckdb"}
	samples := map[string][]sample{}
	for round := range s.rounds {
		for _, side := range sides {
			var m sample
			if side == "import" {
				m, err = importFromS3(ctx, s, data, url, round)
			} else {
				m, err = measure(ctx, s, side)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", side, err)
			}
			samples[side] = append(samples[side], m)
		}
	}
	report(s, st.Size(), sides, samples)
	return nil
}

// measure runs one measurement in a child process.
func measure(ctx context.Context, s settings, side string) (sample, error) {
	self, err := os.Executable()
	if err != nil {
		return sample{}, err
	}
	cmd := exec.CommandContext(ctx, self, "-one", side, "-dir", s.dir, "-rows", fmt.Sprint(s.pop.rows),
		"-users", fmt.Sprint(s.pop.users), "-items", fmt.Sprint(s.pop.items), "-workers", fmt.Sprint(s.workers))
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
func measureHere(ctx context.Context, s settings, csv string) (err error) {
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
		m.Took, err = ingestAlone(ctx, csv, out, s.workers)
	case "duckdb":
		m.Took, err = copyByDuckDB(ctx, csv, filepath.Join(out, "out.parquet"), s.workers)
	default:
		err = fmt.Errorf("-one %q: expected ingest or duckdb", s.one)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}

// report prints the medians.
func report(s settings, size int64, sides []string, samples map[string][]sample) {
	fmt.Printf("%d interactions, %d MB, %d users, %d items, %d rounds on %d threads\n\n",
		s.pop.rows, size/1e6, s.pop.users, s.pop.items, s.rounds, s.workers)
	fmt.Printf("%-10s %8s %12s %8s %10s %8s\n", "", "seconds", "rows/s", "MB/s", "peak MiB", "ratio")
	base := median(samples["duckdb"], func(m sample) float64 { return m.Took.Seconds() })
	for _, side := range sides {
		t := median(samples[side], func(m sample) float64 { return m.Took.Seconds() })
		peak := median(samples[side], func(m sample) float64 { return float64(m.Peak) })
		fmt.Printf("%-10s %8.2f %12.0f %8.0f %10.0f %8.2f\n", side, t,
			float64(s.pop.rows)/t, float64(size)/1e6/t, peak/(1<<20), t/base)
	}
}

func median(samples []sample, of func(sample) float64) float64 {
	v := make([]float64, len(samples))
	for i, m := range samples {
		v[i] = of(m)
	}
	slices.Sort(v)
	return v[len(v)/2]
}
