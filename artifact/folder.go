package artifact

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bespoke"
)

// Folder is where artifacts are, a file for each solution version. Safe for
// concurrent use.
type Folder struct{ dir string }

const suffix = ".model"

// OpenFolder makes the folder if need be and removes what a crash has left half
// written.
func OpenFolder(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), suffix) {
			if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
				return nil, fmt.Errorf("artifact: %w", err)
			}
		}
	}
	return &Folder{dir}, nil
}

// path is where a version's artifact is: NAME.ID.model, and a name has no dot.
func (f *Folder) path(version bespoke.ARN) string {
	return filepath.Join(f.dir, strings.ReplaceAll(version.Name(), "/", ".")+suffix)
}

// Publish writes an artifact in place of an earlier one. It is on the disk, and
// whole, when Publish returns nil, and at no instant is half of it there.
func (f *Folder) Publish(version bespoke.ARN, a *Artifact) error {
	if err := f.publish(version, a); err != nil {
		return fmt.Errorf("artifact: publish %s: %w", version, err)
	}
	return nil
}

func (f *Folder) publish(version bespoke.ARN, a *Artifact) error {
	tmp, err := os.CreateTemp(f.dir, "*.tmp")
	if err != nil {
		return err
	}
	err = a.Write(tmp)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err == nil {
		err = os.Rename(tmp.Name(), f.path(version))
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return f.sync()
}

func (f *Folder) sync() error {
	dir, err := os.Open(f.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Load reads a version's artifact. The error wraps fs.ErrNotExist where there
// is none.
func (f *Folder) Load(version bespoke.ARN) (*Artifact, error) {
	file, err := os.Open(f.path(version))
	if err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	defer file.Close()
	a, err := Read(file)
	if err != nil {
		return nil, fmt.Errorf("artifact: %s: %w", file.Name(), err)
	}
	return a, nil
}

// Remove removes a version's artifact; one that is not there is no error.
func (f *Folder) Remove(version bespoke.ARN) error {
	if err := os.Remove(f.path(version)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("artifact: %w", err)
	}
	return nil
}

// Sweep removes the artifacts of versions that keep does not know. It is given
// what follows the resource type in a version's ARN.
func (f *Folder) Sweep(keep func(name string) (bool, error)) error {
	files, err := os.ReadDir(f.dir)
	if err != nil {
		return fmt.Errorf("artifact: %w", err)
	}
	for _, file := range files {
		name, ok := strings.CutSuffix(file.Name(), suffix)
		if !ok {
			continue
		}
		known, err := keep(strings.Replace(name, ".", "/", 1))
		if err != nil {
			return err
		}
		if !known {
			if err := os.Remove(filepath.Join(f.dir, file.Name())); err != nil {
				return fmt.Errorf("artifact: %w", err)
			}
		}
	}
	return nil
}
