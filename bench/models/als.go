package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"bespoke/recipe/als"
)

// What both are asked for: the loss of Hu, Koren and Volinsky with so much
// confidence in an interaction and the same regularization of all rows, three
// steps of conjugate gradients for each row, as implicit has it.
const (
	factors    = 64
	iterations = 15
	confidence = 10.0
	lambda     = 0.1
)

// compareALS has both fit one generated matrix, each in a process of its own, in
// turn, and ranks with the vectors that each leaves.
func compareALS(ctx context.Context, python string, rows, rounds int) error {
	m := generate(rows)
	dir, err := os.MkdirTemp("", "bespoke-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := m.save(dir); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	workers := runtime.GOMAXPROCS(0)
	settings := []string{dir, strconv.Itoa(m.items), strconv.Itoa(factors), strconv.Itoa(iterations), fmt.Sprint(confidence), fmt.Sprint(lambda), strconv.Itoa(workers)}
	sides := []side{
		{name: "ours", command: []string{self, "-fit", strings.Join(settings, ",")}},
		{name: "implicit", command: append([]string{python, "models/implicit_als.py"}, settings...)},
	}
	fmt.Printf("\n| ALS, %d factors, %d iterations, c = %g, λ = %g | interactions | users | items | seconds | ratio | CPU seconds | peak MiB | NDCG@10 |\n|---|---|---|---|---|---|---|---|---|\n",
		factors, iterations, confidence, lambda)
	for range rounds {
		for i := range sides {
			if err := sides[i].fit(ctx); err != nil {
				return err
			}
			users, err := load[float32](filepath.Join(dir, "user_factors"))
			if err != nil {
				return err
			}
			items, err := load[float32](filepath.Join(dir, "item_factors"))
			if err != nil {
				return err
			}
			sides[i].ndcg = append(sides[i].ndcg, m.ndcg(users, items))
		}
	}
	rival := median(sides[1].seconds)
	for _, s := range sides {
		seconds := median(s.seconds)
		fmt.Printf("| %s | %d | %d | %d | %.2f | %.2f | %.1f | %.0f | %.4f |\n",
			s.name, len(m.column), m.users(), m.items, seconds, seconds/rival, median(s.cpu), slices.Max(s.peak), median(s.ndcg))
	}
	return nil
}

// side is one of the two, and what its rounds gave.
type side struct {
	name          string
	command       []string
	seconds, ndcg []float64
	cpu, peak     []float64 // of the whole process: seconds of all processors, MiB
}

// fit runs the command, which prints the seconds of the fit alone.
func (s *side) fit(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, s.command[0], s.command[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", cmd, err)
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		return fmt.Errorf("%s printed %q: %w", cmd, out, err)
	}
	s.seconds = append(s.seconds, seconds)
	s.cpu = append(s.cpu, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds())
	s.peak = append(s.peak, float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)/1024)
	return nil
}

// fitOurs is a process of its own, so that its memory is that of the fit. It
// leaves the vectors beside the matrix and prints the seconds.
func fitOurs(ctx context.Context, settings string) error {
	var items, k, iterations, workers int
	var confidence, lambda float64
	dir, rest, _ := strings.Cut(settings, ",")
	if _, err := fmt.Sscanf(rest, "%d,%d,%d,%g,%g,%d", &items, &k, &iterations, &confidence, &lambda, &workers); err != nil {
		return fmt.Errorf("-fit %s: %w", settings, err)
	}
	m, err := open(dir, items)
	if err != nil {
		return err
	}
	s := m.sequences()
	begun := time.Now()
	model, err := als.Fit(ctx, s, items, als.Config{
		Factors: k, Iterations: iterations, Unobserved: 1 / (confidence - 1), Lambda: lambda / confidence, Even: 1, Seed: 1, Workers: workers,
	})
	if err != nil {
		return err
	}
	fmt.Println(time.Since(begun).Seconds())
	var users []float32
	for u := range min(asked, m.users()) {
		past := m.of(u)
		users = append(users, model.Fold(past, slices.Repeat([]float32{1}, len(past)))...)
	}
	if err := save(filepath.Join(dir, "user_factors"), users); err != nil {
		return err
	}
	return save(filepath.Join(dir, "item_factors"), model.Items)
}

func median(all []float64) float64 {
	return slices.Sorted(slices.Values(all))[len(all)/2]
}
