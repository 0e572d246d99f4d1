package awsapi_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bespoke/awsapi"
)

// A file that cannot be read to its end is a fault of the server, and its client learns
// that something is missing. A client that hangs up is nobody's fault.
func TestBrokenFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "rows.csv")
	text := bytes.Repeat([]byte("row\n"), 1<<20)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	open := func(path string) *os.File {
		t.Helper()
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	type content struct {
		io.Reader
		io.Closer
	}
	folder := open(dir) // reading it fails
	size := int64(len(text))
	for name, c := range map[string]struct {
		file    io.ReadCloser
		size    int64
		hangUp  bool
		want    string // in the log
		partial bool   // the client gets some of it
	}{
		"whole":      {file: open(path), size: size},
		"unreadable": {file: open(dir), size: size, want: "read rows.csv after 0 of 4194304 bytes: read " + dir + ": is a directory"},
		"later":      {file: content{io.MultiReader(open(path), folder), folder}, size: size + 5, want: "after 4194304 of 4194309 bytes: read " + dir + ": is a directory", partial: true},
		"short":      {file: open(path), size: size + 5, want: "after 4194304 of 4194309 bytes: unexpected EOF", partial: true},
		"gone":       {file: open(path), size: size, hangUp: true},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			observed := make(chan string, 1)
			s, err := awsapi.New(awsapi.Config{
				Verifier: newVerifier(t, nil), Logger: slog.New(slog.NewTextHandler(&log, nil)),
				Observe: func(op, code string, _ time.Duration) { observed <- op + " " + code },
			})
			if err != nil {
				t.Fatal(err)
			}
			srv := httptest.NewServer(s.Handle("GetRows", func(context.Context, *http.Request, []byte) (any, error) {
				return &awsapi.File{Name: "rows.csv", Type: "text/csv", Size: c.size, Content: c.file}, nil
			}))
			defer srv.Close()
			r := request(http.MethodGet, srv.URL, "").WithContext(t.Context())
			r.RequestURI = ""
			sign(t, r, "", signing{})
			got := 0
			res, err := srv.Client().Do(r)
			if err == nil && c.hangUp {
				err = res.Body.Close()
			} else if err == nil {
				var b []byte
				b, err = io.ReadAll(res.Body)
				got = len(b)
				res.Body.Close()
			}
			code := <-observed
			srv.Close() // the log is written
			switch {
			case c.want == "" && (err != nil || code != "GetRows OK" || log.Len() > 0 || !c.hangUp && got != len(text)):
				t.Errorf("%d bytes, %v, %s, logged %s", got, err, code, &log)
			case c.want != "" && (err == nil || code != "GetRows InternalFailure" || (got > 0) != c.partial):
				t.Errorf("%d bytes, %v, %s", got, err, code)
			}
			if c.want != "" && (!strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), c.want)) {
				t.Errorf("the log lacks %q:\n%s", c.want, &log)
			}
			if _, err := c.file.Read(make([]byte, 1)); err == nil || !strings.Contains(fmt.Sprint(err), "closed") {
				t.Errorf("the file is not closed: %v", err)
			}
		})
	}
}
