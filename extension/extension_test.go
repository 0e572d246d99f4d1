package extension_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"bespoke"
	"bespoke/store"
)

const (
	jobs       = "/bespoke/v1/dataset-import-jobs/"
	jobPath    = jobs + "{name}"
	report     = jobPath + "/report"
	rejected   = jobPath + "/rejected-rows"
	cancel     = jobPath + "/cancel"
	attributed = "/bespoke/v1/attributed-metrics/{group}"
	exports    = "/bespoke/v1/dataset-export-jobs/{name}"
	datasets   = "/bespoke/v1/datasets/{group}/{type}"
	training   = "/bespoke/v1/solutions/{solution}/versions/{version}"
	explain    = "/bespoke/v1/campaigns/{name}/recommendations"
	openAPI    = "/bespoke/v1/openapi.json"
)

// TestAnswers asks for every path in every state that it has an answer for,
// and holds the answers against the OpenAPI file.
func TestAnswers(t *testing.T) {
	t.Parallel()
	s := start(t)
	var doc document
	s.must(json.Unmarshal(s.send(http.MethodGet, openAPI, "").body, &doc))
	asked := map[string]bool{openAPI: true}
	ask := func(path, asPath string, status int) answer {
		t.Helper()
		asked[asPath] = true
		method := http.MethodGet
		if asPath == cancel {
			method = http.MethodPost
		}
		a := s.send(method, path, "personalize")
		want, err := doc.response(method, asPath, a.status)
		if err != nil {
			t.Errorf("%s: %v: %s", path, err, a.body)
		}
		if a.status != status || a.header.Get("Content-Type") != "application/json" || a.header.Get("X-Amzn-Requestid") == "" {
			t.Errorf("%s answered %d, want %d; %v: %s", path, a.status, status, a.header, a.body)
		}
		for _, d := range doc.check(want, a.body) {
			t.Errorf("%s: %s", path, d)
		}
		return a
	}
	s.shop()
	ask("/bespoke/v1/datasets/shop/INTERACTIONS", datasets, 200)
	s.accept("good", "USER_ID,ITEM_ID,TIMESTAMP,COLOUR\nu1,i1,1700000000,red\nu1,i1,1700000000,red\n")
	ask(jobs+"good", jobPath, 200)
	if a := ask(jobs+"good/report", report, 409); a.code() != "ResourceInUseException" {
		t.Errorf("the report of a waiting job: %s", a.body)
	}
	ask(jobs+"good/rejected-rows", rejected, 409)
	s.advance(scope.ImportJob("good"))
	if a := ask(jobs+"good", jobPath, 200); !strings.Contains(string(a.body), `"duplicate":1`) {
		t.Errorf("progress: %s", a.body)
	}
	if a := ask(jobs+"good/report", report, 200); !strings.Contains(string(a.body), "COLOUR") {
		t.Errorf("report: %s", a.body)
	}
	s.accept("bad", "USER_ID,ITEM_ID,TIMESTAMP\n"+strings.Repeat("u1,i1,yesterday\n", 15))
	s.advance(scope.ImportJob("bad"))
	if a := ask(jobs+"bad", jobPath, 200); strings.Count(string(a.body), `"line"`) != 10 {
		t.Errorf("progress shows other than 10 of 15 bad rows: %s", a.body)
	}
	if a := ask(jobs+"bad/report", report, 200); strings.Count(string(a.body), `"line"`) != 15 {
		t.Errorf("the report has other than 15 bad rows: %s", a.body)
	}
	s.accept("lost", "USER_ID,ITEM_ID,TIMESTAMP\nu1,i1,1700000000\n")
	s.must(s.service.GiveUp(t.Context(), scope.ImportJob("lost"), http.ErrAbortHandler))
	ask(jobs+"lost", jobPath, 200)
	ask(jobs+"lost/report", report, 404)
	upper, lower := ask("/bespoke/v1/datasets/shop/INTERACTIONS", datasets, 200), ask("/bespoke/v1/datasets/shop/interactions", datasets, 200)
	if string(upper.body) != string(lower.body) || !strings.Contains(string(upper.body), `"bulk":1`) {
		t.Errorf("the dataset is %s or %s", upper.body, lower.body)
	}
	ask(jobs+"none", jobPath, 404)
	ask(jobs+"none/report", report, 404)
	ask(jobs+"good/rejected-rows", rejected, 404)
	ask(jobs+"none/rejected-rows", rejected, 404)
	ask("/bespoke/v1/datasets/shop/ITEMS", datasets, 404)
	s.accept("regretted", "USER_ID,ITEM_ID,TIMESTAMP\nu1,i1,1700000000\n")
	if a := ask(jobs+"regretted/cancel", cancel, 200); !strings.Contains(string(a.body), "The import was cancelled by "+scope.Root()) {
		t.Errorf("cancelled: %s", a.body)
	}
	ask(jobs+"good/cancel", cancel, 409)
	ask(jobs+"none/cancel", cancel, 404)
	ask("/bespoke/v1/attributed-metrics/none", attributed, 404)
	ask("/bespoke/v1/attributed-metrics/shop?from=yesterday", attributed, 400)
	ask("/bespoke/v1/attributed-metrics/shop?to=tomorrow", attributed, 400)
	s.must(s.store.Attribute(s.ctx, store.AttributedFrom{DatasetARN: scope.Dataset("shop", bespoke.Interactions), Place: 1},
		[]store.Attributed{{Start: time.Now(), Metric: "m", EventType: "WATCH", Function: "sum", Source: "mail", Value: 1.5}}))
	if a := ask("/bespoke/v1/attributed-metrics/shop?from=2026-01-01T00:00:00Z", attributed, 200); !strings.Contains(string(a.body), `"value":1.5`) {
		t.Errorf("the sums are %s", a.body)
	}
	if a := ask("/bespoke/v1/attributed-metrics/shop?to=2026-01-01T00:00:00Z", attributed, 200); !strings.Contains(string(a.body), `"metrics":[]`) {
		t.Errorf("the early sums are %s", a.body)
	}
	ask("/bespoke/v1/dataset-export-jobs/none", exports, 404)
	s.export("out")
	ask("/bespoke/v1/dataset-export-jobs/out", exports, 200)
	s.advance(scope.ExportJob("out"))
	if a := ask("/bespoke/v1/dataset-export-jobs/out", exports, 200); !strings.Contains(string(a.body), `"rows":1,`) {
		t.Errorf("the export's result is %s", a.body)
	}
	ask("/bespoke/v1/datasets/none/INTERACTIONS", datasets, 404)
	version := s.trained()
	at := "/bespoke/v1/solutions/shop/versions/" + version[strings.LastIndexByte(version, '/')+1:]
	if a := ask(at, training, 200); !strings.Contains(string(a.body), `"phase":"WAITING"`) {
		t.Errorf("a waiting training: %s", a.body)
	}
	s.advance(bespoke.ARN(version))
	if a := ask(at, training, 200); !strings.Contains(string(a.body), `"phase":"DONE"`) || !strings.Contains(string(a.body), `"rows":1`) {
		t.Errorf("a training: %s", a.body)
	}
	ask("/bespoke/v1/solutions/shop/versions/none", training, 404)
	ask("/bespoke/v1/campaigns/shop/recommendations", explain, 404)
	campaign := s.deployed(version)
	ask("/bespoke/v1/campaigns/shop/recommendations?userId=u1", explain, 400) // CREATE PENDING
	s.advance(campaign)
	if a := ask("/bespoke/v1/campaigns/shop/recommendations?userId=u1&numResults=3", explain, 200); !strings.Contains(string(a.body), `"why":"popular"`) ||
		!strings.Contains(string(a.body), `"history":[{"itemId":"i1"`) {
		t.Errorf("an explanation: %s", a.body)
	}
	ask("/bespoke/v1/campaigns/shop/recommendations?numResults=none", explain, 400)
	s.runtime.Withdraw(campaign)
	ask("/bespoke/v1/campaigns/shop/recommendations", explain, 503)
	for path := range doc.Paths {
		if !asked[path] {
			t.Errorf("%s is in the OpenAPI file and not in this test", path)
		}
	}
}

// TestRefusals sends requests that no handler should see.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := start(t)
	var doc document
	s.must(json.Unmarshal(s.send(http.MethodGet, openAPI, "").body, &doc))
	f := func(method, path, service string, status int, code bespoke.Code) {
		t.Helper()
		a := s.send(method, path, service)
		if a.status != status || a.code() != string(code) {
			t.Errorf("%s %s answered %d %s, want %d %s", method, path, a.status, a.body, status, code)
		}
		if d := doc.check(doc.Components.Schemas["Error"], a.body); d != nil {
			t.Errorf("%s %s: %v", method, path, d)
		}
	}
	for _, path := range []string{jobs + "job", jobs + "job/report", "/bespoke/v1/datasets/shop/ITEMS", "/bespoke/v1/nothing"} {
		f("GET", path, "", 403, bespoke.MissingAuth)
		f("GET", path, "s3", 403, bespoke.InvalidSignature)
	}
	f("GET", "/bespoke/v1/nothing", "personalize", 404, bespoke.NotFound)
	f("GET", "/bespoke/v1/", "personalize", 404, bespoke.NotFound)
	f("GET", "/bespoke/v1/datasets/shop", "personalize", 404, bespoke.NotFound)
	f("GET", jobs+"a/b/c", "personalize", 404, bespoke.NotFound)
	f("POST", jobs+"job/cancel", "", 403, bespoke.MissingAuth)
	f("GET", jobs+"job/cancel", "personalize", 404, bespoke.NotFound)
	f("POST", jobs+"job", "personalize", 404, bespoke.NotFound)
	f("DELETE", "/bespoke/v1/datasets/shop/ITEMS", "personalize", 404, bespoke.NotFound)
	f("GET", jobs+"%20", "personalize", 404, bespoke.NotFound)
}

// TestOpenAPI reads the file without a signature and looks for what its check
// takes for granted: references lead somewhere, and required members exist.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	s := start(t)
	a := s.send(http.MethodGet, openAPI, "")
	if a.status != 200 || a.header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d, %v", a.status, a.header)
	}
	var doc document
	s.must(json.Unmarshal(a.body, &doc))
	var walk func(at string, sc schema)
	walk = func(at string, sc schema) {
		if name := strings.TrimPrefix(sc.Ref, "#/components/schemas/"); sc.Ref != "" && doc.Components.Schemas[name].Type == "" {
			t.Errorf("%s refers to %s", at, sc.Ref)
		}
		for _, name := range sc.Required {
			if _, ok := sc.Properties[name]; !ok {
				t.Errorf("%s requires %s, which it does not describe", at, name)
			}
		}
		if sc.Type == "array" && sc.Items == nil {
			t.Errorf("%s has no items", at)
		}
		for name, p := range sc.Properties {
			walk(at+"."+name, p)
		}
		if sc.Items != nil {
			walk(at+"[]", *sc.Items)
		}
	}
	for name, sc := range doc.Components.Schemas {
		walk(name, sc)
	}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if method != "get" && path != cancel {
				t.Errorf("%s %s is not tested", method, path)
			}
			for _, r := range op.Responses {
				walk(path, r.Content["application/json"].Schema)
			}
		}
	}
}
