package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bespoke"
	"bespoke/store/sqlite"
)

var scope = bespoke.Scope{Partition: "aws", Region: "eu-west-1", Account: "123456789012"}

func openAt(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// refused checks that opening fails with an error that says all of want.
func refused(t *testing.T, cfg sqlite.Config, want ...string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), cfg)
	if err == nil {
		s.Close()
		t.Fatal("Open succeeded")
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error %q does not say %q", err, w)
		}
	}
}

// execSQL runs SQL on the database from outside.
func execSQL(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

func TestOpenTwice(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "meta.db")
	s := openAt(t, path)
	refused(t, sqlite.Config{Path: path}, "in use by process", "another folder")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	openAt(t, path)
}

func TestOpenKeepsFilesPrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "50% off? #1 & é")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s := openAt(t, filepath.Join(dir, "meta.db"))
	if err := s.CreateSchema(t.Context(), bespoke.Schema{Name: "s", ARN: scope.Schema("s")}, 0); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 4 {
		t.Errorf("%d files, want the database, its log, its index and the lock", len(files))
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != 0o600 {
			t.Errorf("%s has mode %v, want 0600", f.Name(), info.Mode())
		}
	}
}

func TestOpenRefusesNewer(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{
		"Metadata": "PRAGMA user_version = 1000",
		"Jobs":     "INSERT INTO river_migration (line, version) VALUES ('main', 1000)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "meta.db")
			if err := openAt(t, path).Close(); err != nil {
				t.Fatal(err)
			}
			execSQL(t, path, change)
			refused(t, sqlite.Config{Path: path}, path, "version 1000", "newer program")
		})
	}
}

func TestOpenRefusesForeignFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "meta.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, sqlite.Config{Path: path}, path, "not a database")
}

func TestOpenBadConfig(t *testing.T) {
	t.Parallel()
	refused(t, sqlite.Config{BusyTimeout: time.Microsecond, Readers: -1}, "Path", "BusyTimeout", "Readers")
	refused(t, sqlite.Config{Path: filepath.Join(t.TempDir(), "none", "meta.db")}, "none")
}

// What the code promises, the tables enforce as well.
func TestStatusIsConstrained(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "meta.db")
	s := openAt(t, path)
	g := bespoke.DatasetGroup{Name: "shop", ARN: scope.DatasetGroup("shop")}
	if err := s.CreateDatasetGroup(t.Context(), g, nil, 0); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "UPDATE dataset_group SET status = 'READY'"); err == nil {
		t.Error("the database took a status that does not exist")
	}
}
