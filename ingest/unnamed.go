package ingest

import (
	"errors"
	"os"
)

// unnamed returns a new file in dir that has no name there and vanishes with the
// process. name tells it apart should it be left behind all the same.
func unnamed(dir, name string) (*os.File, error) {
	f, err := os.CreateTemp(dir, name+"-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
