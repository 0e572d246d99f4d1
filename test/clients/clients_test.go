// Package clients_test runs real clients, unmodified, against the real binary:
// boto3 and the AWS CLI (folder python) and the AWS SDK for JavaScript v3
// (folder js). Each suite takes its server from the environment and can be run
// by hand against any server; this package builds the command, starts a server
// for each suite, and runs them.
//
// BESPOKE_PYTHON names a Python that has the packages of
// python/requirements.txt, BESPOKE_NODE_MODULES the folder that npm has made
// from js/package-lock.json. make test installs both and sets the variables;
// without them the suites are skipped.
package clients_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

func TestPython(t *testing.T) {
	t.Parallel()
	python := installed(t, "BESPOKE_PYTHON", "")
	pytest(t, python, serve(t))
}

// TestPythonStrict runs the tests of Amazon's own quotas.
func TestPythonStrict(t *testing.T) {
	t.Parallel()
	python := installed(t, "BESPOKE_PYTHON", "")
	pytest(t, python, append(serve(t, "--strict-limits"), "BESPOKE_TEST_STRICT=1"))
}

func TestJavaScript(t *testing.T) {
	t.Parallel()
	node(t, installed(t, "BESPOKE_NODE_MODULES", sdk), serve(t))
}

// TestJavaScriptStrict runs the test of Amazon's own quotas.
func TestJavaScriptStrict(t *testing.T) {
	t.Parallel()
	modules := installed(t, "BESPOKE_NODE_MODULES", sdk)
	node(t, modules, append(serve(t, "--strict-limits"), "BESPOKE_TEST_STRICT=1"), "strict.test.js")
}

// sdk is a file of the modules that npm installs.
const sdk = "@aws-sdk/client-personalize/package.json"

// node runs files of tests, or all there are.
func node(t *testing.T, modules string, env []string, files ...string) {
	t.Helper()
	args := append([]string{"--test", "--test-reporter=tap"}, files...)
	run(t, append(env, "NODE_PATH="+modules), `# pass [1-9]`, "js", "node", args...)
}

func pytest(t *testing.T, python string, env []string) {
	t.Helper()
	run(t, env, `[1-9]\d* passed`, "python", python, "-m", "pytest")
}

// installed returns the value of the variable, which names a folder or file
// that the Makefile has made. A value that is there but does not work is an
// error; no value is a reason to skip.
func installed(t *testing.T, variable, inside string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		t.Skipf("%s is not set; make test installs the clients and runs this", variable)
	}
	if _, err := os.Stat(filepath.Join(path, inside)); err != nil {
		t.Fatalf("%s=%s does not work: %v; make clean removes it, make test installs it anew", variable, path, err)
	}
	return path
}

// run runs a suite in its folder. It must succeed and say, by a line that
// matches passed, that it ran tests at all.
func run(t *testing.T, env []string, passed, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, env
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, tail(string(out), 400))
	}
	if !regexp.MustCompile(passed).Match(out) {
		t.Fatalf("no line matches %q:\n%s", passed, tail(string(out), 50))
	}
	t.Log(tail(string(out), 20))
}
