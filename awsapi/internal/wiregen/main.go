// Command wiregen writes package wire from the API model: the structures of
// the three services, the constraints on their members, the decoders of
// requests and the table of operations.
//
// The model is the one AWS publishes for its SDKs (JSON, "version 2.0").
// [load] reads it, [resolve] gives every shape its place in Go, and the files
// emit_*.go write one generated file each.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	models := flag.String("model", "../model", "folder of the API model")
	out := flag.String("out", ".", "folder to write *.gen.go files to")
	flag.Parse()
	if err := run(*models, *out); err != nil {
		fmt.Fprintln(os.Stderr, "wiregen:", err)
		os.Exit(1)
	}
}

func run(models, out string) error {
	files, err := generate(models)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(out, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate returns the generated files by name, formatted.
func generate(models string) (map[string][]byte, error) {
	services, err := load(models)
	if err != nil {
		return nil, err
	}
	a, err := resolve(services)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for name, emit := range map[string]func(*source, *api){
		"structs.gen.go":     emitStructs,
		"constraints.gen.go": emitConstraints,
		"decode.gen.go":      emitDecoders,
		"operations.gen.go":  emitOperations,
	} {
		var s source
		emit(&s, a)
		text, err := s.format()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files[name] = text
	}
	return files, nil
}
