package main

import (
	"testing"
)

// TestCancelImport cancels an import that waits for S3 in the midst, while its
// own command watches it.
func TestCancelImport(t *testing.T) {
	e := startExternal(t)
	p := started(t, t.TempDir(), "--s3-endpoint", e.url)
	if code, _, errs := p.imports("--dataset-group", "shop", file(t, "a.csv", goodRows)); code != 0 {
		t.Fatal(errs)
	}
	e.shut.Store(true)
	type outcome struct {
		code int
		errs string
	}
	watching := make(chan outcome)
	path := file(t, "b.csv", goodRows)
	go func() {
		code, _, errs := p.imports("--dataset-group", "shop", "--job-name", "b", path)
		watching <- outcome{code, errs}
	}()
	p.poll("the import's reading", func() bool { return e.waiting.Load() > 0 })
	const by = "The import was cancelled by arn:aws:iam::000000000000:root."
	code, out, errs := p.imports("--cancel", "arn:aws:personalize:us-east-1:000000000000:dataset-import-job/b")
	if code != 0 {
		t.Errorf("status %d: %s", code, errs)
	}
	contains(t, out, "dataset-import-job/b is CREATE FAILED: "+by)
	got := <-watching
	if got.code != 1 {
		t.Errorf("who watched got status %d", got.code)
	}
	contains(t, got.errs, by)
	close(e.opened)
	if code, _, errs = p.imports("--cancel", "b"); code != 1 {
		t.Errorf("cancelling twice: status %d", code)
	}
	contains(t, errs, "is CREATE FAILED already")
	if code, _, _ = p.imports("--cancel", "b", "c.csv"); code != 2 {
		t.Errorf("cancelling and importing: status %d", code)
	}
	if got := p.holds("shop/INTERACTIONS"); len(got.Snapshots) != 1 {
		t.Errorf("the dataset holds %+v", got)
	}
}
