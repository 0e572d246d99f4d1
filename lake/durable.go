package lake

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// writeFile creates a file that must not exist yet, lets write fill it and syncs
// it. Its name is durable only once the folder has been synced too. It returns how
// many bytes were written; on an error the file is gone.
func writeFile(path string, write func(io.Writer) error) (n int64, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	b := bufio.NewWriterSize(f, 64<<10)
	if err := errors.Join(write(b), b.Flush(), f.Sync()); err != nil {
		return 0, fmt.Errorf("write %s: %w", path, err)
	}
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

// Sync forces the files and every folder from them up to root to the disk. A file
// that was synced when it was written costs next to nothing.
func Sync(root string, paths ...string) error {
	seen := map[string]bool{}
	for _, p := range paths {
		if err := syncPath(p); err != nil {
			return err
		}
		if !within(root, p) {
			return fmt.Errorf("sync %s: it is not below %s", p, root)
		}
		for dir := filepath.Dir(p); !seen[dir]; dir = filepath.Dir(dir) {
			seen[dir] = true
			if err := syncPath(dir); err != nil {
				return err
			}
			if dir == filepath.Clean(root) {
				break
			}
		}
	}
	return nil
}

// within reports whether path is below root.
func within(root, path string) bool {
	return strings.HasPrefix(filepath.Clean(path), filepath.Clean(root)+string(filepath.Separator))
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return nil
}
