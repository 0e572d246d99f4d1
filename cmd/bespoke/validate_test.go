package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const validateSchema = `{"type":"record","name":"Interactions","namespace":"com.amazonaws.personalize.schema",
	"fields":[{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},{"name":"TIMESTAMP","type":"long"}],"version":"1.0"}`

// validateFolder makes a folder with a schema and CSV files, and returns it.
func validateFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "csv", "below"), 0o700); err != nil {
		t.Fatal(err)
	}
	files["schema.avsc"] = validateSchema
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// runValidate runs the verb with a --schema and returns exit status and output.
func runValidate(t *testing.T, getenv func(string) string, dir string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args = append([]string{"validate", "--schema", filepath.Join(dir, "schema.avsc")}, args...)
	code = run(t.Context(), args, streams{strings.NewReader(""), &stdout, &stderr}, getenv)
	return code, stdout.String(), stderr.String()
}

func noEnv(string) string { return "" }

// A folder is what lies directly below it. Its report names files and lines,
// and the exit status tells good from bad and from wrong usage.
func TestValidate(t *testing.T) {
	t.Parallel()
	dir := validateFolder(t, map[string]string{
		"csv/a.csv":       "USER_ID,ITEM_ID,TIMESTAMP\nu1,i1,1700000000\nu1,i1,1700000000\nu1,i2,1700000001\n",
		"csv/b.csv":       "USER_ID,ITEM_ID,TIMESTAMP\r\nu2,i1,1700000000123\r\nu3,i1,1700000002\r\n,i1,1\r\n",
		"csv/empty.csv":   "",
		"csv/below/c.csv": "nothing that is read",
		"noheader.csv":    "u1,i1,1700000000\n",
	})
	good, bad := filepath.Join(dir, "csv", "a.csv"), filepath.Join(dir, "csv", "b.csv")

	code, out, errs := runValidate(t, noEnv, dir, good)
	if code != 0 || errs != "" || !strings.Contains(out, "3 rows in 1 objects") || !strings.Contains(out, "accepted 2, duplicate 1, bad 0") ||
		!strings.Contains(out, "users 1, with two interactions or more 1") || !strings.Contains(out, "TOO_FEW_INTERACTIONS: There are 2") {
		t.Errorf("status %d, %s%s", code, out, errs)
	}

	code, out, errs = runValidate(t, noEnv, dir, "--max-bad-rows", "1", filepath.Join(dir, "csv"))
	want := bad + ` line 2, column TIMESTAMP, value "1700000000123": the time is too late: times are in seconds since 1970, this seems to be in milliseconds`
	if code != 1 || errs != "bespoke validate: 2 of 6 rows are bad\n" || !strings.Contains(out, want) || !strings.Contains(out, "and 1 more") {
		t.Errorf("status %d, %s%s", code, out, errs)
	}

	code, out, _ = runValidate(t, noEnv, dir, "--json", good, bad)
	var v validation
	if err := json.Unmarshal([]byte(out), &v); err != nil || code != 1 {
		t.Fatalf("status %d, %v: %s", code, err, out)
	}
	if v.Rows.Read != 6 || v.Rows.Accepted != 3 || v.Rows.Rejected != 2 || v.Objects != 2 || v.Users.All != 2 || len(v.RejectedRows) != 2 || v.RejectedRows[1].Line != 4 {
		t.Errorf("report %s", out)
	}

	f := func(wantCode int, wantErr string, args ...string) {
		t.Helper()
		code, _, errs := runValidate(t, noEnv, dir, args...)
		if code != wantCode || !strings.Contains(errs, wantErr) {
			t.Errorf("%q: status %d, %s, want %d, %s", args, code, errs, wantCode, wantErr)
		}
	}
	f(1, "missing the following columns: [USER_ID, ITEM_ID, TIMESTAMP]", filepath.Join(dir, "noheader.csv"))
	f(1, "Schema Interactions is not for datasets of type ITEMS", "--type", "items", good)
	f(1, "EVENT_TYPE", "--domain", "ecommerce", good)
	f(1, "no such file", filepath.Join(dir, "none.csv"))
	f(1, "has nothing to read", filepath.Join(dir, "csv", "empty.csv"))
	f(2, "give files")
	f(2, "neither ECOMMERCE", "--domain", "books", good)
	f(2, "--schema", "--schema", filepath.Join(dir, "none.avsc"), good)
	f(2, "is no location", "s3://X/a")
}

// Formats beyond CSV are checked the same, unless the check is to be strict.
func TestValidateFormats(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write([]byte("USER_ID,ITEM_ID,TIMESTAMP\nu1,i1,1700000000\n,i1,1\n")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	dir := validateFolder(t, map[string]string{
		"csv/a": packed.String(),
		"csv/b": `{"USER_ID":"u2","ITEM_ID":"i1","TIMESTAMP":1700000000}` + "\n" + `{"USER_ID":"u2","ITEM_ID":"i1","TIMESTAMP":[]}`,
	})
	folder := filepath.Join(dir, "csv")
	code, out, errs := runValidate(t, noEnv, dir, folder)
	if code != 1 || errs != "bespoke validate: 2 of 4 rows are bad\n" || !strings.Contains(out, "a line 3, column USER_ID: the cell is empty") ||
		!strings.Contains(out, `b line 2, column TIMESTAMP, value "[]": a list or an object as value`) {
		t.Errorf("status %d, %s%s", code, out, errs)
	}
	if code, _, errs := runValidate(t, noEnv, dir, "--strict-limits", folder); code != 1 || !strings.Contains(errs, "it is compressed with gzip; decompress it") {
		t.Errorf("strict: status %d, %s", code, errs)
	}
}

// With the environment that bespoke env prints, objects of a running server's
// S3 are checked.
func TestValidateS3(t *testing.T) { // not parallel: sets the environment
	dir := validateFolder(t, map[string]string{"a.csv": "USER_ID,ITEM_ID,TIMESTAMP\nu1,i1,x\n"})
	s, err := startServer(t.Context(), serverConfig{
		data: filepath.Join(dir, "data"), listen: "127.0.0.1:0", s3Listen: "127.0.0.1:0", region: defaultRegion, account: defaultAccount,
		logger: newLogger(streams{err: t.Output()}, false, false),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	}()
	if err := newClient(s.where, s.creds).upload(t.Context(), filepath.Join(dir, "a.csv"), "shop", "day/a.csv"); err != nil {
		t.Fatal(err)
	}
	for _, v := range environment(s.where, s.creds) {
		t.Setenv(v.name, v.value)
	}
	for _, location := range []string{"s3://shop/day/", "s3://shop/day/a.csv"} {
		code, out, errs := runValidate(t, os.Getenv, dir, location)
		if code != 1 || !strings.Contains(out, "s3://shop/day/a.csv line 2, column TIMESTAMP") {
			t.Errorf("%s: status %d, %s%s", location, code, out, errs)
		}
	}
	for _, location := range []string{"s3://shop/day", "s3://none-such/day/"} {
		if code, _, errs := runValidate(t, os.Getenv, dir, location); code != 1 || !slices.ContainsFunc([]string{"not found", "no such", "does not exist", "slash"}, func(s string) bool { return strings.Contains(errs, s) }) {
			t.Errorf("%s: status %d, %s", location, code, errs)
		}
	}
}
