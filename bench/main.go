// Bench compares imports with DuckDB on the same input in the same run. It is a
// module of its own so that peers never enter the product's go.mod.
//
// Ours is the product as it is used, a job from objects in the S3 that it brings
// along until it is ACTIVE; DuckDB copies the files to Parquet with columns of
// the same types, and checks nothing else. Each measurement is in a process that
// has just started, so that its peak resident memory is its own; rounds
// alternate, and medians are shown.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// settings are the command's flags.
type settings struct {
	dir     string
	binary  string // the product
	rounds  int
	workers int
	full    bool
	work    string // only this one and its updates
	one     string // measure this side once, in this process
	profile string
}

func main() {
	var s settings
	flag.StringVar(&s.dir, "dir", filepath.Join(os.TempDir(), "bespoke-bench"), "folder for generated input and output")
	flag.StringVar(&s.binary, "bespoke", "../bin/bespoke", "the product's binary")
	flag.IntVar(&s.rounds, "rounds", 5, "rounds of each measurement; the large works of -full have one")
	flag.IntVar(&s.workers, "workers", 2, "threads of DuckDB; ours has as many as the machine has")
	flag.BoolVar(&s.full, "full", false, "also 100 million rows, 50 million users and 10,000 objects, which takes 15 GB of disk")
	flag.StringVar(&s.work, "work", "", "measure only the work of this `name`")
	flag.StringVar(&s.one, "one", "", "measure only `side`, ingest or duckdb, of -work, once and in this process")
	flag.StringVar(&s.profile, "cpuprofile", "", "with -one: write a CPU profile to `file`")
	flag.Parse()
	if err := run(context.Background(), s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) error {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return err
	}
	all := works(s.full || s.one != "")
	if s.work != "" {
		known := all
		all = slices.DeleteFunc(slices.Clone(all), func(w work) bool { return w.name != s.work && w.base != s.work })
		if len(all) == 0 || all[0].base != "" {
			return fmt.Errorf("-work %q: expected one of %s; the update is measured with its base", s.work, names(known))
		}
	}
	if s.one != "" {
		return measureHere(ctx, s, all[0])
	}
	if err := room(s); err != nil {
		return err
	}
	var rows []row
	for len(all) > 0 { // a work and its updates
		n := 1
		for n < len(all) && all[n].base != "" {
			n++
		}
		more, err := compare(ctx, s, all[:n])
		if err != nil {
			return fmt.Errorf("%s: %w", all[0].name, err)
		}
		rows, all = append(rows, more...), all[n:]
	}
	fmt.Printf("%d rounds, %d threads\n\n", s.rounds, s.workers)
	return report(os.Stdout, rows)
}

func names(works []work) (names []string) {
	for _, w := range works {
		if w.base == "" {
			names = append(names, w.name)
		}
	}
	return names
}

// room refuses to start on a disk that would be full before the end.
func room(s settings) error {
	need := uint64(8e9)
	if s.full {
		need = 20e9
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(s.dir, &fs); err != nil {
		return fmt.Errorf("%s: %w", s.dir, err)
	}
	if free := fs.Bavail * uint64(fs.Bsize); free < need {
		return fmt.Errorf("%s has %d GB free, %d are needed: name another folder with -dir", s.dir, free/1e9, need/1e9)
	}
	return nil
}

// compare measures a work and its updates on all sides.
func compare(ctx context.Context, s settings, works []work) (rows []row, err error) {
	for _, w := range works {
		size, err := w.generate(s.dir)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row{work: w, bytes: size})
		if w.large() {
			s.rounds = 1
			defer os.RemoveAll(w.folder(s.dir))
		}
	}
	data, err := prepareServer(ctx, s, works)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(data)
	for round := range s.rounds {
		ours, err := importFromS3(ctx, s, data, works, round)
		if err != nil {
			return nil, err
		}
		for i, w := range works {
			rows[i].ours = append(rows[i].ours, ours[i])
			if w.base != "" {
				continue // a copy of the update alone is not the same work
			}
			m, err := measure(ctx, s, w, "duckdb")
			if err != nil {
				return nil, fmt.Errorf("duckdb: %w", err)
			}
			rows[i].duckdb = append(rows[i].duckdb, m)
		}
	}
	return rows, nil
}
