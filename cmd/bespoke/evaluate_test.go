package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bespoke/demo"
)

// runEvaluate runs the verb and returns exit status and output.
func runEvaluate(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), append([]string{"evaluate"}, args...), streams{strings.NewReader(""), &stdout, &stderr}, noEnv)
	return code, stdout.String(), stderr.String()
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	shop, err := demo.New(demo.Config{Users: 300, Items: 200, Interactions: 12_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range shop.Files() {
		var b bytes.Buffer
		if err := f.Write(&b); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	interactions := filepath.Join(dir, "interactions.csv")
	args := []string{
		"--interactions", interactions, "--items", filepath.Join(dir, "items.csv"), "--users", filepath.Join(dir, "users.csv"), "--event-type", "Watch", "--json",
	}
	get := func(more ...string) (e evaluation) {
		t.Helper()
		code, out, errs := runEvaluate(t, append(args[:len(args):len(args)], more...)...)
		if code != 0 || errs != "" {
			t.Fatalf("status %d, %s", code, errs)
		}
		if err := json.Unmarshal([]byte(out), &e); err != nil {
			t.Fatal(err)
		}
		return e
	}
	ours, popular := get(), get("--recipe", "aws-popularity-count")
	if ours.Users != 300 || ours.Items != 200 || ours.NDCG10 < 2*popular.NDCG10 || popular.NDCG10 < 0.01 || ours.FitSeconds <= 0 {
		t.Errorf("personalization %+v, popularity %+v", ours, popular)
	}
	// Held-out rows of a file: the popular item is found, the unknown one missed.
	test := filepath.Join(dir, "test.csv")
	if err := os.WriteFile(test, []byte("USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE\nstranger,nowhere,1,Watch\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if e := get("--test", test, "--recipe", "aws-popularity-count"); e.Users != 1 || e.HitRate25 != 0 || e.Interactions <= popular.Interactions {
		t.Errorf("held-out row of an unknown item: %+v", e)
	}
	code, out, _ := runEvaluate(t, "--interactions", interactions, "--recipe", "aws-sims", "--keep-seen")
	if code != 0 || !strings.Contains(out, "asked for 300 users, all 1") || !strings.Contains(out, "NDCG@10") {
		t.Errorf("status %d, %s", code, out)
	}
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{2, "--interactions", nil},
		{2, "is none of aws-personalized-ranking", []string{"--interactions", interactions, "--recipe", "aws-magic"}},
		{2, `have ["Click" "Watch"]`, []string{"--interactions", interactions, "--event-type", "Buy"}},
		{1, "line 1 has no column USER_ID", []string{"--interactions", filepath.Join(dir, "items.csv")}},
		{1, "nothing to find", []string{"--interactions", test}},
	} {
		if code, _, errs := runEvaluate(t, c.args...); code != c.code || !strings.Contains(errs, c.want) {
			t.Errorf("%v: status %d, %s, want %d, %q", c.args, code, errs, c.code, c.want)
		}
	}
}
