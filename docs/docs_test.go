// Package docs_test runs the commands of the pages: those in blocks of ```sh
// that begin with the line "# tested". The blocks of a page are one script, in
// a folder of its own. Lines of a ```text block that follows a tested block
// must be among what the block prints; "..." in them stands for anything.
package docs_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const fence = "```"

// block is one fenced block of a page.
type block struct {
	language string
	line     int // of its fence, from 1
	text     string
}

func blocks(page string) (out []block) {
	var open *block
	n := 0
	for line := range strings.Lines(page) {
		n++
		language, fenced := strings.CutPrefix(strings.TrimSpace(line), fence)
		switch {
		case fenced && open == nil:
			open = &block{language: language, line: n}
		case fenced:
			out = append(out, *open)
			open = nil
		case open != nil:
			open.text += line
		}
	}
	return out
}

func (b block) tested() bool { return b.language == "sh" && strings.HasPrefix(b.text, "# tested") }

// TestPages runs every page with tested blocks. BESPOKE_PYTHON names a Python
// with boto3, beside which is the AWS CLI; make test sets it, and pages that
// need it are skipped without.
func TestPages(t *testing.T) {
	t.Parallel()
	bin := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "bespoke/cmd/bespoke")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, path := range append(pages, "../README.md") {
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all := blocks(string(page))
		var tested []block
		for _, b := range all {
			if b.tested() {
				tested = append(tested, b)
			}
		}
		if tested == nil {
			continue
		}
		ran++
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			outputs := runPage(t, bin, tested)
			for i, b := range all {
				if i > 0 && b.language == "text" && all[i-1].tested() {
					compare(t, b, outputs[all[i-1].line])
				}
			}
		})
	}
	if ran == 0 {
		t.Error("no page has a tested block")
	}
}

// separator stands in the output behind that of each block.
const separator = "\036\n"

// runPage runs the blocks and returns the output of each by its line.
func runPage(t *testing.T, bin string, tested []block) map[int]string {
	t.Helper()
	path := bin
	if python := os.Getenv("BESPOKE_PYTHON"); python != "" {
		path += string(filepath.ListSeparator) + filepath.Dir(python)
	} else if needs(tested, "python|aws") {
		t.Skip("BESPOKE_PYTHON is not set; make test installs boto3 and the AWS CLI and runs this")
	}
	if _, err := exec.LookPath("curl"); err != nil && needs(tested, "curl") {
		t.Skip("curl is not installed")
	}
	path += string(filepath.ListSeparator) + os.Getenv("PATH")
	var script strings.Builder
	script.WriteString("trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n")
	for _, b := range tested {
		script.WriteString(b.text + "printf '\\036\\n'\n")
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-eu", "-o", "pipefail", "-c", script.String())
	cmd.Dir = t.TempDir()
	cmd.Env = []string{
		"PATH=" + path, "HOME=" + cmd.Dir, "NO_PROXY=127.0.0.1", "BESPOKE_LISTEN=127.0.0.1:0", "BESPOKE_S3_LISTEN=127.0.0.1:0",
		"AWS_EC2_METADATA_DISABLED=true",
	}
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, &log)
	}
	outputs := map[int]string{}
	for i, part := range strings.Split(string(out), separator) {
		if i < len(tested) {
			outputs[tested[i].line] = part
		}
	}
	return outputs
}

// needs reports whether a line of the blocks begins with one of the commands.
func needs(tested []block, commands string) bool {
	line := regexp.MustCompile(`(?m)^(.* \| )?(` + commands + `) `)
	return slices.ContainsFunc(tested, func(b block) bool { return line.MatchString(b.text) })
}

// compare looks for each line of a text block in an output.
func compare(t *testing.T, b block, output string) {
	t.Helper()
	for line := range strings.Lines(b.text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		pattern := strings.ReplaceAll(regexp.QuoteMeta(line), regexp.QuoteMeta("..."), ".*")
		if !regexp.MustCompile(pattern).MatchString(output) {
			t.Errorf("line %d: %q is not in the output:\n%s", b.line, line, output)
		}
	}
}
