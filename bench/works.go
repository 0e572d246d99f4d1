package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
)

// work is an input to import and what is known of it.
type work struct {
	name    string
	kind    string // dataset type, as the import verb takes it
	schema  string // Avro
	rows    int
	objects int // files that the rows are in, one after another
	base    string
	write   func(w *bufio.Writer, rows int) func(from, to int)
}

// interactionsOf returns interactions of so many different users.
func interactionsOf(name string, rows, users, objects int) work {
	p := population{rows: rows, users: users, items: 60_000}
	return work{name: name, kind: "interactions", schema: interactionsSchema, rows: rows, objects: objects, write: p.write}
}

// The works. An update is imported INCREMENTAL into what its base leaves.
func works(full bool) []work {
	items := metadata{name: "Items", columns: itemColumns, id: "item", step: 1}
	users := metadata{name: "Users", columns: userColumns, id: "user", step: 1}
	update := items
	update.step = 55 // 90,909 of 100,000 IDs are among the 5,000,000 of the base
	all := []work{
		interactionsOf("interactions", 10_000_000, 160_000, 1),
		{name: "users", kind: "users", schema: users.schema(), rows: 2_000_000, objects: 1, write: users.write},
		{name: "items", kind: "items", schema: items.schema(), rows: 5_000_000, objects: 1, write: items.write},
		{name: "items-update", kind: "items", schema: items.schema(), rows: 100_000, objects: 1, base: "items", write: update.write},
	}
	if full {
		all = append(all,
			interactionsOf("interactions-many-users", 50_000_000, 50_000_000, 1),
			interactionsOf("interactions-many-objects", 10_000_000, 160_000, 10_000),
			interactionsOf("interactions-100m", 100_000_000, 160_000, 1))
	}
	return all
}

// large reports whether the input is one that is removed after its turn.
func (w work) large() bool { return w.rows > 10_000_000 || w.objects > 1 }

// folder returns where below dir the work's objects are.
func (w work) folder(dir string) string {
	return filepath.Join(dir, fmt.Sprintf("%s-%d-%d", w.name, w.rows, w.objects))
}

// first returns the path of the work's first object.
func (w work) first(dir string) string { return filepath.Join(w.folder(dir), "part-00000.csv") }

// generate writes the work's objects, unless they are there, and its schema.
// It returns how many bytes the objects have.
func (w work) generate(dir string) (size int64, err error) {
	if err := os.WriteFile(filepath.Join(dir, w.name+".avsc"), []byte(w.schema), 0o644); err != nil {
		return 0, err
	}
	target := w.folder(dir)
	if _, err := os.Stat(target); err != nil {
		part := target + ".part"
		if err := os.RemoveAll(part); err != nil {
			return 0, err
		}
		if err := os.MkdirAll(part, 0o755); err != nil {
			return 0, err
		}
		out := bufio.NewWriterSize(nil, 1<<20)
		rows := w.write(out, w.rows)
		for i := range w.objects {
			path := filepath.Join(part, fmt.Sprintf("part-%05d.csv", i))
			if err := writeObject(out, path, rows, i*w.rows/w.objects, (i+1)*w.rows/w.objects); err != nil {
				return 0, fmt.Errorf("generate %s: %w", w.name, err)
			}
		}
		if err := os.Rename(part, target); err != nil {
			return 0, err
		}
	}
	entries, err := os.ReadDir(target)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return 0, err
		}
		size += info.Size()
	}
	return size, nil
}

func writeObject(out *bufio.Writer, path string, rows func(from, to int), from, to int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	out.Reset(f)
	rows(from, to)
	if err := out.Flush(); err != nil { // bufio keeps the first error
		return err
	}
	return f.Close()
}
