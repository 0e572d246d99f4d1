package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const threeRows = "USER_ID,ITEM_ID,TIMESTAMP\nu1,i1,1700000000\nu2,i1,1700000000123\nu3,i1,1700000001\n"

// importRows runs a server with the given settings and imports threeRows.
func importRows(t *testing.T, set func(*serverConfig)) (*server, jobProgress, error) {
	t.Helper()
	dir := t.TempDir()
	cfg := serverConfig{
		data: filepath.Join(dir, "data"), listen: "127.0.0.1:0", s3Listen: "127.0.0.1:0", region: defaultRegion, account: defaultAccount,
		logger: newLogger(streams{err: t.Output()}, false, false),
	}
	set(&cfg)
	s, err := startServer(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	file := filepath.Join(dir, "rows.csv")
	if err := os.WriteFile(file, []byte(threeRows), 0o600); err != nil {
		t.Fatal(err)
	}
	im := importer{
		client: newClient(s.where, s.creds), note: func(string, ...any) {},
		opts: importOptions{group: "shop", kind: "INTERACTIONS", mode: "FULL", name: "first", bucket: "uploads"},
	}
	p, err := im.run(t.Context(), file, nil)
	return s, p, err
}

// get makes a signed request for one of the extensions' paths.
func getSigned(t *testing.T, s *server, path string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.where.API+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(nil)
	key := aws.Credentials{AccessKeyID: s.creds.AccessKey, SecretAccessKey: s.creds.Secret}
	if err := v4.NewSigner().SignHTTP(t.Context(), key, req, hex.EncodeToString(sum[:]), "personalize", s.where.Region, time.Now()); err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, b
}

const rejectedPath = "/bespoke/v1/dataset-import-jobs/first/rejected-rows"

// With --bad-rows=skip the job ends ACTIVE with a warning, and what it left out
// can be downloaded by who signs the request.
func TestSkipBadRows(t *testing.T) {
	t.Parallel()
	var data string
	s, p, err := importRows(t, func(c *serverConfig) { c.badRows, c.maxBadShare, data = "skip", 0.5, c.data })
	if err != nil {
		t.Fatal(err)
	}
	if p.Status != "ACTIVE" || p.Rows.Accepted != 2 || p.Rows.Rejected != 1 {
		t.Errorf("job %+v", p)
	}
	var report struct {
		Warnings []string `json:"warnings"`
	}
	if err := newClient(s.where, s.creds).get(t.Context(), "/bespoke/v1/dataset-import-jobs/first/report", &report); err != nil ||
		len(report.Warnings) != 1 || !strings.HasPrefix(report.Warnings[0], "1 bad row was left out, of 3 in all") {
		t.Errorf("warnings %q, %v", report.Warnings, err)
	}
	resp, body := getSigned(t, s, rejectedPath)
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil || resp.Header.Get("Content-Type") != "application/gzip" || resp.Header.Get("Content-Disposition") != "attachment; filename=first.csv.gz" {
		t.Fatalf("%v: %s %v", err, resp.Status, resp.Header)
	}
	text, err := io.ReadAll(z)
	if err != nil || !strings.Contains(string(text), "s3://uploads/first/rows.csv,3,TIMESTAMP,") || !strings.HasSuffix(string(text), `,"u2,i1,1700000000123"`+"\n") {
		t.Errorf("rejected rows %s, %v", text, err)
	}
	unsigned, err := http.Get(s.where.API + rejectedPath)
	if err != nil {
		t.Fatal(err)
	}
	unsigned.Body.Close()
	if unsigned.StatusCode != http.StatusForbidden {
		t.Errorf("unsigned: %s", unsigned.Status)
	}

	// The rows go with their dataset.
	c, dataset := newClient(s.where, s.creds), map[string]string{"datasetArn": string(p.DatasetARN)}
	if err := c.call(t.Context(), "DeleteDataset", dataset, nil); err != nil {
		t.Fatal(err)
	}
	for err = nil; err == nil; err = pause(t.Context()) {
		if isType(c.call(t.Context(), "DescribeDataset", dataset, nil), "ResourceNotFoundException") {
			break
		}
	}
	left, err := os.ReadDir(filepath.Join(data, "rejected"))
	if err != nil || len(left) != 0 {
		t.Errorf("after the dataset: %v, %v", left, err)
	}
}

// Otherwise, in strict mode whatever the setting, and above the share, the job
// fails.
func TestBadRowsFail(t *testing.T) {
	t.Parallel()
	f := func(name string, files int, set func(*serverConfig)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p, err := importRows(t, set)
			if err == nil || p.Status != "CREATE FAILED" || !strings.Contains(p.FailureReason, "rows.csv line 3, column TIMESTAMP") {
				t.Errorf("job %+v, %v", p, err)
			}
			if resp, body := getSigned(t, s, rejectedPath); (resp.StatusCode == http.StatusOK) != (files == 1) {
				t.Errorf("%s %s", resp.Status, body)
			}
		})
	}
	f("default", 0, func(*serverConfig) {})
	f("strict", 0, func(c *serverConfig) { c.badRows, c.maxBadShare, c.strict = "skip", 1, true })
	f("above the share", 1, func(c *serverConfig) { c.badRows, c.maxBadShare = "skip", 0.3 })
}

// Settings that mean nothing are refused as wrong usage.
func TestBadRowsUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--bad-rows", "drop"}, {"--bad-rows", "skip", "--max-bad-share", "0"}, {"--bad-rows", "skip", "--max-bad-share", "2"}} {
		var out, errs bytes.Buffer
		args = append([]string{"serve", "--data", t.TempDir()}, args...)
		if code := run(t.Context(), args, streams{strings.NewReader(""), &out, &errs}, noEnv); code != 2 {
			t.Errorf("%q: status %d, %s", args, code, errs.String())
		}
	}
}
