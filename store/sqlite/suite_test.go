package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"bespoke/store/sqlite"
	"bespoke/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, now func() time.Time) storetest.Subject {
		s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "meta.db"), Now: now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return storetest.Subject{Store: s, Waiting: func() int { return waiting(t, s) }}
	})
}

func waiting(t *testing.T, s *sqlite.Store) int {
	t.Helper()
	c, err := s.Queue().Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c.Waiting
}
