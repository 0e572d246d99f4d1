package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"bespoke/demo"
)

// writeShop writes the shop's CSV files into a folder, and beside each its
// schema, with the ending .avsc.
func writeShop(dir string) error {
	shop, err := demo.New(demo.Config{})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, f := range shop.Files() {
		w, err := os.Create(filepath.Join(dir, f.Name))
		if err != nil {
			return err
		}
		if err := errors.Join(f.Write(w), w.Close()); err != nil {
			return err
		}
		schema := filepath.Join(dir, strings.TrimSuffix(f.Name, ".csv")+".avsc")
		if err := os.WriteFile(schema, []byte(f.Schema), 0o666); err != nil {
			return err
		}
	}
	return nil
}
