package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestClean fails when the committed code is not what the model gives.
func TestClean(t *testing.T) {
	t.Parallel()
	files, err := generate("../../model")
	if err != nil {
		t.Fatal(err)
	}
	const dir = "../../wire"
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s differs from what the model gives; run go generate ./awsapi/wire", name)
		}
	}
	present, err := filepath.Glob(filepath.Join(dir, "*.gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range present {
		if files[filepath.Base(path)] == nil {
			t.Errorf("%s is no longer generated; delete it", path)
		}
	}
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	f := func(java, want string, limit int) {
		t.Helper()
		if got, n, err := translate(java); got != want || n != limit || err != nil {
			t.Errorf("translate(%s) = %s, %d, %v; want %s, %d", java, got, n, err, want, limit)
		}
	}
	f(`[a-z]+`, `\A(?:[a-z]+)\z`, 0)
	f(`^[a-z]+$`, `\A(?:[a-z]+)\z`, 0)
	f(`a|b`, `\A(?:a|b)\z`, 0)
	f(`\p{ASCII}{0,1500}`, `\A(?:[\x00-\x7F]*)\z`, 1500)
	f(`\p{ASCII}{0,15}`, `\A(?:[\x00-\x7F]{0,15})\z`, 0)
	f(`[\p{ASCII}é]`, `\A(?:[\x00-\x7Fé])\z`, 0)
	f(`a\.[.]`, `\A(?:a\.[.])\z`, 0)
	f(`.`, `\A(?:[^\n\r\x{85}\x{2028}\x{2029}])\z`, 0)
	if _, _, err := translate(`(`); err == nil {
		t.Error("translate(() succeeds")
	}
}
