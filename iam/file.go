package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
)

// fileVersion is the format of iam.json. A file of another version is refused.
const fileVersion = 1

// state is everything a Store knows, and the content of its file. A published
// state is never changed.
type state struct {
	Version  int                `json:"version"`
	Roles    map[string]*Role   `json:"roles"`    // by lower-case name
	Policies map[string]*Policy `json:"policies"` // by ARN, customer managed only
	Buckets  map[string]string  `json:"buckets"`  // bucket to policy document
}

func load(path string) (*state, error) {
	st := &state{Version: fileVersion}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	default:
		var head struct{ Version int }
		if err := json.Unmarshal(text, &head); err != nil {
			return nil, fmt.Errorf("%s is not readable JSON: %w; restore it from a copy, or move it away to start without roles", path, err)
		}
		if head.Version != fileVersion {
			return nil, fmt.Errorf("%s has format version %d and this program knows version %d; use the program that wrote it", path, head.Version, fileVersion)
		}
		if err := json.Unmarshal(text, st); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if st.Roles == nil {
		st.Roles = map[string]*Role{}
	}
	if st.Policies == nil {
		st.Policies = map[string]*Policy{}
	}
	if st.Buckets == nil {
		st.Buckets = map[string]string{}
	}
	return st, nil
}

// clone copies the maps. Roles and policies are shared until one is edited,
// which happens on a copy of its own.
func (st *state) clone() *state {
	return &state{
		Version:  st.Version,
		Roles:    maps.Clone(st.Roles),
		Policies: maps.Clone(st.Policies),
		Buckets:  maps.Clone(st.Buckets),
	}
}

// save publishes the state whole: a reader of path, and a crash at any moment,
// finds the old content or the new.
func (st *state) save(path string) (err error) {
	text, err := json.MarshalIndent(st, "", "\t")
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".iam-*.json") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
