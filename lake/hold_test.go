package lake_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"bespoke"
	"bespoke/lake"
)

func exists(t testing.TB, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

func expire(t testing.TB, tab *lake.Table) int {
	t.Helper()
	n, err := tab.Expire(t.Context(), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// full replaces all rows by one and returns its file.
func full(t testing.TB, tab *lake.Table, n int) lake.File {
	t.Helper()
	name := fmt.Sprint("full-", n)
	f := write(t, tab, job(name), lake.Bulk, row{name, n})
	commit(t, tab, lake.Commit{Job: job(name), Mode: bespoke.Full, Files: []lake.File{f}})
	return f
}

// What a reader has begun to read stays until it has ended, and goes then.
func TestExpireLeavesWhatIsRead(t *testing.T) {
	t.Parallel()
	tab := create(t, open(t, t.TempDir()), items, itemSchema)
	var files []lake.File
	for i := range 3 {
		f := write(t, tab, job(fmt.Sprint("one-", i)), lake.Bulk, row{fmt.Sprint("a", i), i}, row{fmt.Sprint("b", i), i})
		files = append(files, f)
	}
	commit(t, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: files})
	last := files[2].Path
	var ids []string
	for b, err := range tab.Scan(t.Context(), []string{"ITEM_ID"}, "") {
		if err != nil {
			t.Fatal(err)
		}
		if len(ids) == 0 {
			full(t, tab, 1)
			full(t, tab, 2)
			if n := expire(t, tab); n != 1 {
				t.Errorf("%d snapshots expired, want the one that is not read", n)
			}
		}
		for i := range int(b.Record.NumRows()) {
			ids = append(ids, b.Record.Column(0).ValueStr(i))
		}
	}
	slices.Sort(ids)
	same(t, ids, "a0", "b0", "a1", "b1", "a2", "b2")
	if !exists(t, last) {
		t.Error("a file is gone that was being read")
	}
	if n := expire(t, tab); n != 1 || exists(t, last) {
		t.Errorf("%d snapshots expired after reading; the file is there: %v", n, exists(t, last))
	}
	same(t, visible(t, tab, []string{"ITEM_ID"}, ""), "full-2")
}

func TestHold(t *testing.T) {
	t.Parallel()
	tab := create(t, open(t, t.TempDir()), items, itemSchema)
	if _, release, err := tab.Hold(t.Context()); err != nil {
		t.Errorf("hold of a table without rows: %v", err)
	} else {
		release()
	}
	full(t, tab, 0)
	s, release, err := tab.Hold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Hold(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	full(t, tab, 1)
	release()
	release() // counts once
	if n := expire(t, tab); n != 0 {
		t.Error("a snapshot expired that is held")
	}
	same(t, rowsOf(t, s, []string{"ITEM_ID"}, ""), "full-0")
	again()
	if n := expire(t, tab); n != 1 {
		t.Errorf("%d snapshots expired, want 1", n)
	}
	if _, err := s.Hold(t.Context()); !errors.Is(err, lake.ErrExpired) {
		t.Errorf("hold of an expired snapshot: %v", err)
	}
	if _, err := tab.At(t.Context(), s.ID); !errors.Is(err, lake.ErrExpired) {
		t.Errorf("an expired snapshot: %v", err)
	}
	for _, err := range s.Scan(t.Context(), nil, "") {
		if !errors.Is(err, lake.ErrExpired) {
			t.Errorf("scan of an expired snapshot: %v", err)
		}
	}
}

// Readers that come and go while rows are replaced and snapshots expire see one
// state each, whole.
func TestReadersAndExpiry(t *testing.T) {
	t.Parallel()
	tab := create(t, open(t, t.TempDir()), items, itemSchema)
	full(t, tab, 0)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				n := 0
				for b, err := range tab.Scan(t.Context(), nil, "") {
					if err != nil {
						t.Error(err)
						return
					}
					n += int(b.Record.NumRows())
				}
				if n != 1 {
					t.Errorf("%d rows", n)
					return
				}
			}
		})
	}
	for i := range 8 {
		full(t, tab, i+1)
		expire(t, tab)
	}
	close(stop)
	wg.Wait()
	expire(t, tab)
	if s, err := tab.Snapshots(t.Context()); err != nil || len(s) != 1 {
		t.Errorf("%d snapshots are left, %v", len(s), err)
	}
}

// Expiry that is stopped at any moment leaves no file of a snapshot that is gone.
func TestExpireIsStopped(t *testing.T) {
	t.Parallel()
	tab := create(t, open(t, t.TempDir()), items, itemSchema)
	old := full(t, tab, 0)
	took := 10 * time.Millisecond
	for i := range 20 {
		next := full(t, tab, i+1)
		ctx, stop := context.WithTimeout(t.Context(), time.Duration(rand.Int64N(int64(took))))
		began := time.Now()
		_, err := tab.Expire(ctx, time.Now().Add(time.Hour))
		if stop(); err == nil {
			took = time.Since(began)
		}
		s, err := tab.Snapshots(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if exists(t, old.Path) != (len(s) > 1) {
			t.Fatalf("round %d: there are %d snapshots, the file of the first is there: %v", i, len(s), exists(t, old.Path))
		}
		expire(t, tab)
		old = next
	}
}

// A commit that is stopped at any moment is there whole, or leaves nothing but the
// data files that it was given.
func TestCommitIsStopped(t *testing.T) {
	t.Parallel()
	tab := create(t, open(t, t.TempDir()), items, itemSchema)
	written := func() int {
		t.Helper()
		metadata, err := filepath.Glob(filepath.Join(filepath.Dir(tab.DataDir()), "metadata", "*"))
		if err != nil {
			t.Fatal(err)
		}
		deletes, err := filepath.Glob(filepath.Join(tab.DataDir(), "deletes-*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(metadata) + len(deletes)
	}
	took, stopped := 10*time.Millisecond, 0
	for i := range 20 {
		name := fmt.Sprint("job-", i)
		f := write(t, tab, job(name), lake.Bulk, row{name, 1}, row{name, 2})
		before := written()
		ctx, stop := context.WithTimeout(t.Context(), time.Duration(rand.Int64N(int64(took))))
		began := time.Now()
		_, err := tab.Commit(ctx, lake.Commit{Job: job(name), Mode: bespoke.Incremental, Origin: lake.Bulk, Files: []lake.File{f}, Dead: dead(f, 0)})
		stop()
		done, unknown := tab.Committed(t.Context(), job(name))
		if unknown != nil || done != (err == nil) {
			t.Fatalf("%v; it has committed: %v, %v", err, done, unknown)
		}
		if err == nil {
			took = time.Since(began)
			continue
		}
		took += took / 2
		if stopped++; written() != before {
			t.Fatalf("round %d: %d files are left (%v)", i, written()-before, err)
		}
	}
	t.Logf("%d commits were stopped", stopped)
}

// A tagged snapshot outlives a restart and expiry.
func TestTag(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir)
	tab := create(t, l, items, itemSchema)
	f := full(t, tab, 0)
	s, err := tab.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := tab.Tag(t.Context(), "model", s.ID); err != nil {
			t.Fatal(err)
		}
	}
	full(t, tab, 1)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if tab, err = open(t, dir).Table(t.Context(), items); err != nil {
		t.Fatal(err)
	}
	if n := expire(t, tab); n != 0 || !exists(t, f.Path) {
		t.Errorf("%d snapshots expired; the tagged file is there: %v", n, exists(t, f.Path))
	}
	if tags, err := tab.Tags(t.Context()); err != nil || len(tags) != 1 || tags["model"] != s.ID {
		t.Errorf("tags %v, %v", tags, err)
	}
	at, err := tab.At(t.Context(), s.ID)
	if err != nil {
		t.Fatal(err)
	}
	same(t, rowsOf(t, at, []string{"ITEM_ID"}, ""), "full-0")
	for range 2 {
		if err := tab.Untag(t.Context(), "model"); err != nil {
			t.Fatal(err)
		}
	}
	if n := expire(t, tab); n != 1 || exists(t, f.Path) {
		t.Errorf("%d snapshots expired; the file is there: %v", n, exists(t, f.Path))
	}
	if err := tab.Tag(t.Context(), "model", s.ID); !errors.Is(err, lake.ErrExpired) {
		t.Errorf("tag of an expired snapshot: %v", err)
	}
	if err := tab.Tag(t.Context(), "main", s.ID); err == nil {
		t.Error("a tag could be called main")
	}
}

// mentions returns the files below dir in which one of the words is.
func mentions(t testing.TB, dir string, words ...string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, w := range words {
			if bytes.Contains(b, []byte(w)) {
				found = append(found, path)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
