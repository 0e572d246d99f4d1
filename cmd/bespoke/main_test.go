package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"help"}, {"-h"}, {"--help"}} {
		code, out, errs := command(t, nil, args...)
		if code != 0 || errs != "" {
			t.Errorf("%v: status %d, %s", args, code, errs)
		}
		for _, v := range verbs {
			contains(t, out, "  "+v.name, v.summary)
		}
	}
	code, out, errs := command(t, nil, "train")
	if code != 2 || out != "" {
		t.Errorf("status %d, %s", code, out)
	}
	contains(t, errs, `no verb "train"`, "Usage:")
}

// TestHelp asks every verb for its help: an example that is of the verb, and
// every flag with its environment variable.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, v := range verbs {
		code, out, errs := command(t, nil, v.name, "--help")
		if code != 0 || errs != "" {
			t.Errorf("%s --help: status %d, %s", v.name, code, errs)
		}
		contains(t, out, "Example:\n  ", "bespoke "+v.name, "environment variable")
		if v.name != "serve" { // whose --json is about its log
			contains(t, out, "--json [BESPOKE_JSON]")
		}
		for line := range strings.Lines(out) {
			if name, ok := strings.CutPrefix(line, "  --"); ok {
				name, variable, _ := strings.Cut(strings.TrimSpace(name), " ")
				if variable != "["+envName(name)+"]" {
					t.Errorf("%s: %s", v.name, line)
				}
			}
		}
	}
	_, out, _ := command(t, nil, "serve", "--help")
	contains(t, out, "--s3-listen [BESPOKE_S3_LISTEN]", "(default 127.0.0.1:8651)", "--data [BESPOKE_DATA]", "(default bespoke-data)",
		"--listen [", "--s3-endpoint [", "--sts-endpoint [", "--roles [", "--strict-limits [")
}

func TestWrongUsage(t *testing.T) {
	t.Parallel()
	f := func(env environ, want string, args ...string) {
		t.Helper()
		code, out, errs := command(t, env, args...)
		if code != 2 || out != "" {
			t.Errorf("%v: status %d, %s", args, code, out)
		}
		contains(t, errs, want, "bespoke "+args[0]+" --help")
	}
	f(nil, "-port", "serve", "--port", "1")
	f(nil, `unexpected argument "now"`, "serve", "now")
	f(nil, "unexpected argument", "env", "now")
	f(nil, "unexpected argument", "demo", "now")
	f(nil, "unexpected argument", "version", "now")
	f(nil, "give one file or s3:// location", "import")
	f(nil, "give one file or s3:// location", "import", "a.csv", "b.csv")
	f(environ{"BESPOKE_STRICT_LIMITS": "perhaps"}, "BESPOKE_STRICT_LIMITS", "serve")
	f(environ{"BESPOKE_KEEP_SNAPSHOTS": "a day"}, "BESPOKE_KEEP_SNAPSHOTS", "serve")
	dir := t.TempDir()
	f(nil, "twelve digits", "serve", "--data", dir, "--account", "12")
	f(nil, "--region", "serve", "--data", dir, "--region", "mars")
	f(nil, "--s3-endpoint", "serve", "--data", dir, "--roles", "roles.json")
	f(nil, "not both", "serve", "--data", dir, "--s3-endpoint", "http://x", "--roles", "r", "--sts-endpoint", "http://y")
	f(nil, "--max-bad-rows", "serve", "--data", dir, "--max-bad-rows", "-1")
}

// TestEnvironment gives flags by variables; the command line wins.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	f := func(env environ, args []string, want string) {
		t.Helper()
		fs := newFlags("test", "", streams{})
		got := fs.String("s3-listen", "default", "")
		if err := parse(fs, args, env.get); err != nil || *got != want {
			t.Errorf("%v %v: %q, %v; want %q", env, args, *got, err, want)
		}
	}
	f(nil, nil, "default")
	f(environ{"BESPOKE_S3_LISTEN": "variable"}, nil, "variable")
	f(environ{"BESPOKE_S3_LISTEN": "variable"}, []string{"--s3-listen", "flag"}, "flag")
	f(environ{"S3_LISTEN": "variable"}, nil, "default")
}

func TestVersion(t *testing.T) {
	t.Parallel()
	code, out, _ := command(t, nil, "version")
	if code != 0 || out != "bespoke "+version+"\n" {
		t.Errorf("status %d, %q", code, out)
	}
	_, out, _ = command(t, environ{"BESPOKE_JSON": "true"}, "version")
	_, same, _ := command(t, nil, "version", "--json")
	var v struct {
		Version string `json:"version"`
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil || v.Version != version || out != same {
		t.Errorf("%q, %q: %v", out, same, err)
	}
}
