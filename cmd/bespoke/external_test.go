package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"bespoke"
	"bespoke/devcloud"
	"bespoke/iam"
)

const (
	theirKey, theirSecret = "AKIATHEIRS", "their secret"
	theirRole             = "arn:aws:iam::123456789012:role/reader"
)

// external is an S3 that is not the server's, behind a gate. While it is shut
// each object can be read once, as for its header, and what reads it again has
// to wait.
type external struct {
	url     string
	shut    atomic.Bool
	read    sync.Map     // paths that were read while it was shut
	waiting atomic.Int64 // requests that had to wait
	opened  chan struct{}
}

// pass returns when the request may go on, false where it has ended.
func (e *external) pass(r *http.Request) bool {
	if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, ".csv") || !e.shut.Load() {
		return true
	}
	if _, again := e.read.LoadOrStore(r.URL.Path, true); !again {
		return true
	}
	e.waiting.Add(1)
	select {
	case <-e.opened:
		return true
	case <-r.Context().Done():
		return false
	}
}

// startExternal starts an S3 and points the AWS configuration of this process
// at its credentials.
func startExternal(t *testing.T) *external {
	t.Helper()
	dir := t.TempDir()
	roles, err := iam.Open(iam.Config{Dir: dir, Scope: bespoke.Scope{Partition: "aws", Region: "us-east-1", Account: "123456789012"}})
	if err != nil {
		t.Fatal(err)
	}
	s3, err := devcloud.OpenS3(t.Context(), devcloud.S3Config{Dir: filepath.Join(dir, "buckets"), Access: theirKey, Secret: theirSecret, IAM: roles})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s3.Close(context.Background()) })
	to, err := url.Parse(s3.URL())
	if err != nil {
		t.Fatal(err)
	}
	e := &external{opened: make(chan struct{})}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // which is signed
	}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if e.pass(r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(front.Close)
	e.url = front.URL
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": theirKey, "AWS_SECRET_ACCESS_KEY": theirSecret, "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	return e
}

// TestExternalStorage imports a local file through an S3 that is not the
// server's: it is uploaded with the AWS credentials of this process, and read
// with those that the table has for the role.
func TestExternalStorage(t *testing.T) {
	e := startExternal(t)
	table, err := json.Marshal(map[string]map[string]string{theirRole: {"accessKeyId": theirKey, "secretAccessKey": theirSecret}})
	if err != nil {
		t.Fatal(err)
	}
	p := started(t, t.TempDir(), "--s3-endpoint", e.url, "--roles", file(t, "roles.json", string(table)))
	_, exports, _ := command(t, nil, "env", "--data", p.data)
	contains(t, exports, "export AWS_ENDPOINT_URL_S3='"+e.url+"'")
	if strings.Contains(exports, "ACCESS_KEY") || strings.Contains(exports, "unset") {
		t.Errorf("env changes the AWS credentials:\n%s", exports)
	}
	for _, role := range []string{theirRole, ""} {
		code, out, errs := p.imports("--dataset-group", "shop", "--role", role, file(t, "a.csv", goodRows))
		if code != 0 {
			t.Errorf("with role %q: status %d, %s%s", role, code, out, errs)
		}
	}
	code, _, errs := p.imports("--dataset-group", "shop", "--role", theirRole+"-of-another", file(t, "a.csv", goodRows))
	if code != 1 {
		t.Errorf("with an unknown role: status %d", code)
	}
	contains(t, errs, "not in the server's table of roles")
	own := *p.client() // the server's own AWS credentials work for its API
	own.creds = credentials{AccessKey: theirKey, Secret: theirSecret}
	if err := own.get(t.Context(), "/bespoke/v1/datasets/shop/INTERACTIONS", nil); err != nil {
		t.Error(err)
	}
}

// TestStopWhileImporting stops a server whose import waits for S3 in the
// middle, with another one queued behind it. Both go on after the next start.
func TestStopWhileImporting(t *testing.T) {
	e := startExternal(t)
	data := t.TempDir()
	p := started(t, data, "--s3-endpoint", e.url)
	if code, _, errs := p.imports("--dataset-group", "shop", file(t, "a.csv", goodRows)); code != 0 {
		t.Fatal(errs)
	}
	e.shut.Store(true)
	c := p.client()
	jobs := []string{"one", "two"}
	for i, name := range jobs {
		path := file(t, "a.csv", goodRows+fmt.Sprintf("user-%d,item-one,1700000009\n", i))
		if err := c.upload(t.Context(), path, "bespoke-uploads", name+".csv"); err != nil {
			t.Fatal(err)
		}
		err := c.call(t.Context(), "CreateDatasetImportJob", map[string]any{
			"jobName": name, "datasetArn": "arn:aws:personalize:us-east-1:000000000000:dataset/shop/INTERACTIONS", "importMode": "INCREMENTAL",
			"dataSource": map[string]string{"dataLocation": "s3://bespoke-uploads/" + name + ".csv"},
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
	}
	p.poll("the first job's reading", func() bool { return e.waiting.Load() > 0 })
	p.stop()
	close(e.opened)
	p = started(t, data, "--s3-endpoint", e.url)
	for _, name := range jobs {
		if got, err := p.client().watch(t.Context(), name, nil); err != nil || got.Status != "ACTIVE" {
			t.Errorf("%s: %v, %+v", name, err, got)
		}
	}
	if got := p.holds("shop/INTERACTIONS"); got.Rows.Bulk != 5 || len(got.Snapshots) != 3 {
		t.Errorf("the dataset holds %+v", got)
	}
}
