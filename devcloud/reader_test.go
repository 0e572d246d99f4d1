package devcloud_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bespoke"
	"bespoke/blob"
	"bespoke/devcloud"
)

// behind returns a store that reads without HTTP, and the folder of its
// bucket "shop".
func behind(t *testing.T) (*blob.Store, *blob.Store, string) {
	t.Helper()
	dir := t.TempDir()
	srv, c, _ := start(t, func(cfg *devcloud.S3Config) { cfg.Dir = dir })
	makeBucket(t, c, "shop")
	return blob.New(blob.Config{Client: c, Reader: srv.Reader()}), blob.New(blob.Config{Client: c}), filepath.Join(dir, "shop")
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestReaderAgreesWithHTTP lists the same bucket both ways.
func TestReaderAgreesWithHTTP(t *testing.T) {
	t.Parallel()
	local, remote, dir := behind(t)
	for _, key := range []string{"b", "a.csv", "folder/x", "folder/y/z", "a/", "empty", "ä"} {
		content := "content of " + key
		if key == "empty" || strings.HasSuffix(key, "/") {
			content = ""
		}
		if _, err := local.Put(t.Context(), "shop", key, strings.NewReader(content)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "by-hand"), "put there without S3")
	for _, prefix := range []string{"", "a", "folder/", "folder", "none/"} {
		keys := func(s *blob.Store) (keys []string) {
			for o, err := range s.List(t.Context(), "shop", prefix) {
				if err != nil {
					t.Fatal(err)
				}
				keys = append(keys, o.Key)
				again, err := s.Stat(t.Context(), "shop", o.Key)
				if err != nil || again != o {
					t.Errorf("listed %+v, stat says %+v, %v", o, again, err)
				}
			}
			return keys
		}
		l, r := keys(local), keys(remote)
		if !slices.Equal(l, r) || !slices.IsSorted(l) {
			t.Errorf("prefix %q: local %q, remote %q", prefix, l, r)
		}
	}
	for _, key := range []string{"none", "../x", "folder", "a.csv/x", "/etc/passwd", "folder/../../../etc/passwd"} {
		if _, err := local.Stat(t.Context(), "shop", key); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("stat %q: %v", key, err)
		}
	}
	for _, bucket := range []string{"none", "..", "."} {
		if _, err := local.Stat(t.Context(), bucket, "a"); !errors.Is(err, blob.ErrNoBucket) {
			t.Errorf("stat in bucket %q: %v", bucket, err)
		}
	}
}

// TestNoticesChanges changes an object in every way that there is, before and
// while it is read.
func TestNoticesChanges(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("0123456789", 100_000)
	for name, change := range map[string]func(t *testing.T, s *blob.Store, path string){
		"Put": func(t *testing.T, s *blob.Store, _ string) {
			if _, err := s.Put(t.Context(), "shop", "a", strings.NewReader(strings.ToUpper(content)+"x")); err != nil {
				t.Fatal(err)
			}
		},
		"Append": func(t *testing.T, _ *blob.Store, path string) { write(t, path, content+"more") },
		"SameSize": func(t *testing.T, _ *blob.Store, path string) {
			write(t, path, strings.Repeat("9876543210", 100_000))
			if err := os.Chtimes(path, time.Time{}, time.Now().Add(time.Second)); err != nil {
				t.Fatal(err)
			}
		},
		"Truncate": func(t *testing.T, _ *blob.Store, path string) { write(t, path, content[:10]) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, dir := behind(t)
			if _, err := s.Put(t.Context(), "shop", "a", strings.NewReader(content)); err != nil {
				t.Fatal(err)
			}
			o, err := s.Stat(t.Context(), "shop", "a")
			if err != nil {
				t.Fatal(err)
			}
			body, err := s.Open(t.Context(), o, 0, -1)
			if err != nil {
				t.Fatal(err)
			}
			defer body.Close()
			if _, err := io.ReadFull(body, make([]byte, 1000)); err != nil {
				t.Fatal(err)
			}
			change(t, s, filepath.Join(dir, "a"))
			rest, err := io.ReadAll(body)
			// What was opened stays readable after a Put, which makes a new file.
			if name == "Put" && (err != nil || string(rest) != content[1000:]) || name != "Put" && !errors.Is(err, blob.ErrChanged) {
				t.Errorf("reading on: %d bytes, %v", len(rest), err)
			}
			if _, err := s.Open(t.Context(), o, 10, 100); !errors.Is(err, blob.ErrChanged) {
				t.Errorf("opening again: %v", err)
			}
		})
	}
}

// BenchmarkRead reads one object of the size that the import benchmark has.
func BenchmarkRead(b *testing.B) {
	srv, c, _ := start(b, nil)
	makeBucket(b, c, "shop")
	const size = 420 << 20
	if _, err := blob.New(blob.Config{Client: c}).Put(b.Context(), "shop", "big", io.LimitReader(zeros{}, size)); err != nil {
		b.Fatal(err)
	}
	for name, cfg := range map[string]blob.Config{"HTTP": {Client: c}, "InProcess": {Client: c, Reader: srv.Reader()}} {
		b.Run(name, func(b *testing.B) {
			s := blob.New(cfg)
			o, err := s.Stat(b.Context(), "shop", "big")
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(size)
			b.ReportAllocs()
			buf := make([]byte, 1<<20)
			for b.Loop() {
				if err := readRanges(b, s, o, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// readRanges reads an object as an import does, in ranges of 16 MiB.
func readRanges(b *testing.B, s *blob.Store, o bespoke.Object, buf []byte) error {
	for offset := int64(0); offset < o.Size; offset += 16 << 20 {
		body, err := s.Open(b.Context(), o, offset, min(16<<20, o.Size-offset))
		if err != nil {
			return err
		}
		if _, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, body, buf); err != nil {
			return err
		}
		body.Close()
	}
	return nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
