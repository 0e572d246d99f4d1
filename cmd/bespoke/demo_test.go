package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDemo tells the whole story, leaves nothing behind, and prints outcomes
// alone where asked to.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	code, out, errs := command(t, nil, "demo")
	if code != 0 || errs != "" {
		t.Fatalf("status %d, %s", code, errs)
	}
	contains(t, out, "120,000 interactions", "40 records replaced, 10 added.",
		"CREATE FAILED: s3://video-shop-data/", "line 500, column TIMESTAMP", "1 of 120,000 rows is bad.", "INTERACTIONS   120,000 rows",
		"Training aws-", "ACTIVE after ", "Customer ", "watched last:", "because ", "Done in ")
	if n := strings.Count(out, "To watch next, of what is new to the customer:\n  "); n != 3 {
		t.Errorf("recommendations for %d customers", n)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("the demo leaves %v, %v", left, err)
	}
}

// TestDemoKeep keeps the demo's data, which a server then serves.
func TestDemoKeep(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kept")
	code, out, errs := command(t, nil, "demo", "--json", "--keep", dir)
	if code != 0 || errs != "" {
		t.Fatalf("status %d, %s", code, errs)
	}
	var outcomes []jobProgress
	if err := json.Unmarshal([]byte(out), &outcomes); err != nil {
		t.Fatal(err)
	}
	var failed int
	for _, o := range outcomes {
		if o.Status == "CREATE FAILED" {
			failed++
		}
	}
	if len(outcomes) != 5 || failed != 1 {
		t.Errorf("%d outcomes, %d failed", len(outcomes), failed)
	}
	p := started(t, filepath.Join(dir, "data"))
	if c := p.holds("video-shop/INTERACTIONS"); c.Rows.Bulk != 120_000 {
		t.Errorf("the dataset holds %+v", c)
	}
	code, _, errs = command(t, nil, "demo", "--keep", dir)
	if code != 1 {
		t.Errorf("a second demo: status %d", code)
	}
	contains(t, errs, "choose another folder with --keep")
}
