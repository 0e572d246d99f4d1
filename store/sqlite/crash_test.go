package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"bespoke"
	"bespoke/store"
	"bespoke/store/sqlite"
)

// With this variable set, the test binary is the process to be killed: it
// creates groups in the database that the variable names, from several
// goroutines, and prints each name once it is acknowledged.
const victim = "BESPOKE_TEST_VICTIM"

func TestMain(m *testing.M) {
	if path := os.Getenv(victim); path != "" {
		fmt.Fprintln(os.Stderr, createForever(path, os.Getenv(victim+"_ROUND")))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func createForever(path, round string) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, sqlite.Config{Path: path})
	if err != nil {
		return err
	}
	failed := make(chan error)
	for worker := range 4 {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("g-%s-%d-%d", round, worker, i)
				g := bespoke.DatasetGroup{Name: name, ARN: scope.DatasetGroup(name)}
				if err := s.CreateDatasetGroup(ctx, g, []bespoke.Tag{{Key: "name", Value: name}}, 0); err != nil {
					failed <- err
				}
				fmt.Println(name)
			}
		}()
	}
	return <-failed
}

// TestKill kills a process that writes, again and again, and expects every
// acknowledged row in the file, and every row whole: with its tag and its job.
func TestKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "meta.db")
	acknowledged := 0
	for round := range 5 {
		names := killAfter(t, path, round, 20+17*round)
		acknowledged += len(names)
		s := openAt(t, path)
		for _, n := range names {
			if _, err := s.DatasetGroup(t.Context(), scope.DatasetGroup(n)); err != nil {
				t.Errorf("an acknowledged group is lost: %v", err)
			}
		}
		rows := 0
		for page := (store.Page{Limit: 100}); ; {
			groups, next, err := s.DatasetGroups(t.Context(), page)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range groups {
				if tags, err := s.Tags(t.Context(), g.ARN); err != nil || len(tags) != 1 || tags[0].Value != g.Name {
					t.Errorf("%s has tags %v, %v", g.Name, tags, err)
				}
			}
			rows += len(groups)
			if page.After = next; next.IsZero() {
				break
			}
		}
		if jobs := waiting(t, s); jobs != rows || rows < acknowledged {
			t.Fatalf("round %d: %d acknowledged, %d rows, %d jobs", round, acknowledged, rows, jobs)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killAfter runs the victim until it has acknowledged n groups, and returns
// the names of all that it acknowledged before it died.
func killAfter(t *testing.T, path string, round, n int) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), victim+"="+path, fmt.Sprintf("%s_ROUND=%d", victim, round))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var names []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if names = append(names, lines.Text()); len(names) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd.Wait()
	if len(names) < n {
		t.Fatalf("the process ended by itself after %d groups", len(names))
	}
	return names
}
