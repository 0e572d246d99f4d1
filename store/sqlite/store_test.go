package sqlite_test

import (
	"path/filepath"
	"testing"

	"bespoke/store/sqlite"
)

func openTemp(t *testing.T) *sqlite.Store {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "meta data?#%41.db"))
}

func openAt(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestOpenTwice(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "meta.db")
	s := openAt(t, path)
	if _, err := sqlite.Open(t.Context(), sqlite.Config{Path: path}); err == nil {
		t.Fatal("a second Open of the same file succeeded")
	} else {
		t.Log(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openAt(t, path)
}

func TestSmoke(t *testing.T) { openTemp(t) }
