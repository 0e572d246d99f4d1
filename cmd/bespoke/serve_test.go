package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const goodRows = "USER_ID,ITEM_ID,TIMESTAMP\nuser-one,item-one,1700000000\nuser-two,item-two,1700000001\nuser-one,item-two,1700000002\n"

func TestServe(t *testing.T) {
	t.Parallel()
	p := started(t, filepath.Join(t.TempDir(), "made", "data"))
	if got := p.get("/healthz"); got != "ok\n" {
		t.Errorf("healthz: %q", got)
	}
	p.poll("what it prints", func() bool { return strings.Contains(p.out.String(), "eval") })
	contains(t, p.out.String(), p.api, `eval "$(bespoke env --data `+p.data+`)"`)
	p.poll("the log", func() bool { return strings.Contains(p.log.String(), "msg=ready") })
	contains(t, p.log.String(), "version="+version, "api="+p.api)

	code, _, errs := command(t, nil, "serve", "--data", p.data, "--listen", "127.0.0.1:0", "--s3-listen", "127.0.0.1:0")
	if code != 1 {
		t.Errorf("a second server: status %d", code)
	}
	contains(t, errs, p.data, "is served by another process", "--data")
	code, _, errs = command(t, nil, "serve", "--data", t.TempDir(), "--listen", strings.TrimPrefix(p.api, "http://"), "--s3-listen", "127.0.0.1:0")
	if code != 1 {
		t.Errorf("a taken address: status %d", code)
	}
	contains(t, errs, "choose another address with --listen")
	p.get("/healthz")

	p.stop()
	if _, err := http.Get(p.api + "/healthz"); err == nil {
		t.Error("the server answers after its end")
	}
	code, _, errs = command(t, nil, "env", "--data", p.data, "--wait", "30ms")
	if code != 1 {
		t.Errorf("env without a server: status %d", code)
	}
	contains(t, errs, "no server is running", "bespoke serve --data "+p.data)
}

// TestEnv reads both forms of what the env verb prints.
func TestEnv(t *testing.T) {
	t.Parallel()
	p := started(t, t.TempDir(), "--region", "eu-central-1")
	_, out, _ := command(t, environ{"BESPOKE_DATA": p.data}, "env", "--json")
	var vars map[string]string
	if err := json.Unmarshal([]byte(out), &vars); err != nil {
		t.Fatal(err)
	}
	_, exports, _ := command(t, environ{"BESPOKE_DATA": p.data}, "env")
	for name, value := range vars {
		contains(t, exports, "export "+name+"='"+value+"'\n")
	}
	if n := strings.Count(exports, "export "); n != len(vars) {
		t.Errorf("%d variables in one form and %d in the other", n, len(vars))
	}
	contains(t, exports, "unset AWS_SESSION_TOKEN AWS_PROFILE\n")
	for _, name := range []string{"PERSONALIZE", "PERSONALIZE_EVENTS", "PERSONALIZE_RUNTIME", "IAM", "STS"} {
		if vars["AWS_ENDPOINT_URL_"+name] != p.api {
			t.Errorf("%s is at %s", name, vars["AWS_ENDPOINT_URL_"+name])
		}
	}
	if s3 := vars["AWS_ENDPOINT_URL_S3"]; s3 == "" || s3 == p.api || vars["AWS_REGION"] != "eu-central-1" || len(vars["AWS_SECRET_ACCESS_KEY"]) != 40 {
		t.Errorf("the variables are %v", vars)
	}
}

// TestEnvWaits asks for the environment before the server is started.
func TestEnvWaits(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	code := make(chan int)
	go func() {
		c, _, _ := command(t, nil, "env", "--data", data, "--wait", patience.String())
		code <- c
	}()
	started(t, data)
	if c := <-code; c != 0 {
		t.Errorf("status %d", c)
	}
}

// TestMetrics looks for what dashboards are built on, and for what must not be
// there: names and values of users' data.
func TestMetrics(t *testing.T) {
	t.Parallel()
	p := started(t, t.TempDir())
	if code, _, errs := p.imports("--dataset-group", "private-shop", "--job-name", "private-job", file(t, "private.csv", goodRows+goodRows[26:])); code != 0 {
		t.Fatal(errs)
	}
	bad := file(t, "private-too.csv", "USER_ID,ITEM_ID,TIMESTAMP\nuser-nine,item-one,soon\n")
	if code, _, _ := p.imports("--dataset-group", "private-shop", bad); code != 1 {
		t.Errorf("a bad file: status %d", code)
	}
	got := p.get("/metrics")
	contains(t, got,
		`bespoke_requests_total{code="OK",operation="CreateDatasetImportJob"} 2`,
		`bespoke_requests_total{code="ResourceNotFoundException",operation="DescribeDataset"} 1`,
		`bespoke_request_duration_seconds_count{operation="CreateDatasetGroup"} 2`,
		`bespoke_import_rows_total{outcome="accepted"} 3`,
		`bespoke_import_rows_total{outcome="duplicate"} 3`,
		`bespoke_import_rows_total{outcome="rejected"} 1`,
		`bespoke_import_rows_total{outcome="replaced"} 0`,
		`bespoke_import_bytes_total `,
		`bespoke_import_duration_seconds_count{mode="FULL",status="ACTIVE"} 1`,
		`bespoke_import_duration_seconds_count{mode="FULL",status="CREATE FAILED"} 1`,
		`bespoke_jobs{state="waiting"} `, `bespoke_jobs{state="running"} `,
		`bespoke_build_info{version="`+version+`"} 1`, "go_goroutines ", "process_resident_memory_bytes ",
	)
	if found := regexp.MustCompile(`private|user-one|user-nine|item-one|arn:aws|AKIA`).FindAllString(got, -1); found != nil {
		t.Errorf("the metrics have %q", found)
	}
}

// TestLog reads the log of a server that has refused, failed and answered
// requests: each line of a request has its ID, and no line has secrets or
// users' data.
func TestLog(t *testing.T) {
	t.Parallel()
	p := started(t, t.TempDir(), "--verbose", "--json")
	p.imports("--dataset-group", "shop", file(t, "a.csv", goodRows))
	p.imports("--dataset-group", "shop", file(t, "b.csv", strings.Replace(goodRows, "1700000001", "very-soon", 1)))
	c := p.client()
	err := c.call(t.Context(), "DescribeSchema", map[string]string{"schemaArn": "arn:aws:personalize:us-east-1:000000000000:schema/none"}, nil)
	if e, ok := errors.AsType[*apiError](err); !ok || e.Type != "ResourceNotFoundException" {
		t.Errorf("got %v", err)
	}
	wrong := *c
	wrong.creds.Secret = "wrong"
	if err := wrong.get(t.Context(), "/bespoke/v1/datasets/shop/ITEMS", nil); !isType(err, "InvalidSignatureException") {
		t.Errorf("got %v", err)
	}
	p.stop()
	codes := map[string]bool{}
	for line := range strings.Lines(p.log.String()) {
		var l struct {
			Level, Msg, Code string
			Request          string `json:"request_id"`
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Errorf("%v: %s", err, line)
		}
		if strings.HasPrefix(l.Msg, "request ") && len(l.Request) != 36 {
			t.Errorf("no request ID in %s", line)
		}
		if l.Level == "ERROR" {
			t.Errorf("an error where nothing went wrong: %s", line)
		}
		codes[l.Code] = true
	}
	for _, code := range []string{"OK", "ResourceNotFoundException", "InvalidSignatureException"} {
		if !codes[code] {
			t.Errorf("no line with code %s", code)
		}
	}
	contains(t, p.log.String(), "import job ended", `"status":"ACTIVE"`, `"status":"CREATE FAILED"`)
	for _, secret := range []string{c.creds.Secret, "Signature=", "Authorization", "user-one", "item-two", "very-soon"} {
		if strings.Contains(p.log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}
