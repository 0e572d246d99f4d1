package devcloud_test

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bespoke"
	"bespoke/devcloud"
	"bespoke/iam"
)

var update = flag.Bool("update", false, "write the golden files anew")

// What differs from run to run in an answer.
var volatile = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`(AROA|ANPA)[A-Z2-7]{17}<`), "${1}X<"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`), "TIME"},
	{regexp.MustCompile(`<RequestId>[-0-9a-f]{36}</RequestId>`), "<RequestId/>"},
}

// TestIAM sends the calls of each golden file in turn to one account. A file
// has a call per paragraph: the form, a line of dashes, the status and the
// answer.
func TestIAM(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			store, err := iam.Open(iam.Config{Dir: t.TempDir(), Scope: scope})
			if err != nil {
				t.Fatal(err)
			}
			h := devcloud.NewIAM(store, nil)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for paragraph := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
				form, _, _ := strings.Cut(paragraph, "\n----\n")
				got.WriteString(form + "\n----\n" + send(t, h, form) + "\n\n")
			}
			if *update {
				if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got.String() != string(text) {
				t.Errorf("%s differs from what was answered:\n%s", file, got.String())
			}
		})
	}
}

// send posts a form, written as lines of name=value, and returns the answer
// with a line for each element.
func send(t *testing.T, h http.Handler, form string) string {
	t.Helper()
	values := url.Values{}
	for line := range strings.SplitSeq(form, "\n") {
		name, value, _ := strings.Cut(line, "=")
		values.Set(name, value)
	}
	r := httptest.NewRequestWithContext(bespoke.WithCaller(t.Context(), bespoke.Caller{ARN: scope.Root(), AccessKeyID: access}),
		http.MethodPost, "/", strings.NewReader(values.Encode()))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Header().Get("Content-Type") != "text/xml" || w.Header().Get("x-amzn-RequestId") == "" {
		t.Errorf("%s: headers %v", values.Get("Action"), w.Header())
	}
	body := w.Body.String()
	for _, v := range volatile {
		body = v.pattern.ReplaceAllString(body, v.with)
	}
	_, body, _ = strings.Cut(body, "\n") // the XML header
	return http.StatusText(w.Code) + "\n" + strings.ReplaceAll(body, "><", ">\n<")
}

func TestIAMRefusesWhatIsNoForm(t *testing.T) {
	t.Parallel()
	store, err := iam.Open(iam.Config{Dir: t.TempDir(), Scope: scope})
	if err != nil {
		t.Fatal(err)
	}
	h := devcloud.NewIAM(store, nil)
	f := func(body, want string, status int) {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body)))
		if w.Code != status || !strings.Contains(w.Body.String(), "<Code>"+want+"</Code>") {
			t.Errorf("got %d %s, want %d %s", w.Code, w.Body, status, want)
		}
	}
	f("%zz", "MalformedQueryString", http.StatusNotFound)
	f("", "InvalidAction", http.StatusBadRequest)
	f("Action=GetCallerIdentity", "MissingAuthenticationToken", http.StatusForbidden)
	f(strings.Repeat("a", 2<<20), "RequestEntityTooLarge", http.StatusRequestEntityTooLarge)
}
