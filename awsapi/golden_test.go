package awsapi_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files with what the server answers")

// TestGolden sends the request of each file in testdata and compares the
// response. A file is a request, a line of dashes and the response, both as
// HTTP/1.1 has them without what differs from run to run. A request with an
// Authorization header goes out as it is; others are signed by ada, for the
// service in Test-Service if there is one.
func TestGolden(t *testing.T) {
	t.Parallel()
	url := start(t, nil)
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			request, want, _ := strings.Cut(string(text), "\n---\n")
			got := exchange(t, url, request)
			if *update {
				if err := os.WriteFile(file, []byte(request+"\n---\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// exchange sends the request to the server at url and writes down the response.
func exchange(t *testing.T, url, request string) string {
	t.Helper()
	head, body, _ := strings.Cut(request, "\n\n")
	parsed, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + "\n\n")))
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), parsed.Method, url+parsed.URL.String(), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = parsed.Header
	service := r.Header.Get("Test-Service")
	r.Header.Del("Test-Service")
	if r.Header.Get("Test-Unsigned") == "" && r.Header.Get("Authorization") == "" {
		sign(t, r, body, signing{service: service})
	}
	res, answer := send(t, r)

	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %s\n", res.Status)
	for _, name := range slices.Sorted(maps.Keys(res.Header)) {
		value := res.Header.Get(name)
		switch {
		case name == "Date":
			continue
		case name == "X-Amzn-Requestid" && uuidForm.MatchString(value):
			answer = strings.ReplaceAll(answer, value, "UUID")
			value = "UUID"
		}
		fmt.Fprintf(&b, "%s: %s\n", name, value)
	}
	fmt.Fprintf(&b, "\n%s\n", answer)
	return b.String()
}
