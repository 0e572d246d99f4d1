package ingest

import (
	"fmt"
	"os"
	"path/filepath"

	"bespoke/lake"
)

// createFile begins a data file.
func (w *worker) createFile() error {
	w.file, w.path = w.run.newFile()
	return w.writer.Create(w.path)
}

// endFile ends the file under way, if there is one, and has it synced.
func (w *worker) endFile() error {
	if w.path == "" {
		return nil
	}
	rows := w.writer.Rows()
	f, err := w.writer.Finish()
	if err != nil {
		return err
	}
	w.run.finished(w.file, lake.File{Path: w.path, Rows: rows, Bytes: w.writer.Bytes()}, f)
	w.path = ""
	return nil
}

// newFile returns the number and path of a new data file. The name is one that
// no earlier attempt of the job has used.
func (r *run) newFile() (int, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.paths)
	path := filepath.Join(r.cfg.Dir, fmt.Sprintf("%s-%05d.parquet", r.name, n))
	r.paths = append(r.paths, path)
	r.made++
	return n, path
}

// finished takes over a file that has all its rows, and syncs it while the
// import goes on.
func (r *run) finished(n int, file lake.File, f *os.File) {
	r.mu.Lock()
	r.files = append(r.files, file)
	r.mu.Unlock()
	r.syncs.Go(func() error {
		if err := f.Sync(); err != nil {
			f.Close()
			return fmt.Errorf("sync data file: %w", err)
		}
		return f.Close()
	})
}

// addNewSpan notes where the rows of a split are.
func (r *run) addNewSpan(s span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spans = append(r.spans, s)
}
