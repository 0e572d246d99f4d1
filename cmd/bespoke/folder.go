package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// folder is a server's data folder:
//
//	LOCK              held by the one process that serves the folder
//	credentials.json  the root key pair, mode 0600
//	server.json       where the running server listens
//	bespoke.db        metadata and jobs
//	iam.json          roles and policies
//	lake/             one Iceberg table for each dataset
//	events/           a log of individually imported records for each dataset
//	buckets/          the embedded S3's objects
//	models/           trained models, a file for each solution version
//	rejected/         bad rows that imports left out, a file for each job
//	tmp/              scratch space of running jobs, emptied at start
type folder struct {
	dir  string
	lock *os.File
}

// credentials are what clients sign with. They are made at the first start
// and never printed but by the env verb.
type credentials struct {
	Version   int    `json:"version"`
	AccessKey string `json:"accessKeyId"`
	Secret    string `json:"secretAccessKey"`
	TokenKey  []byte `json:"pageTokenKey"` // authenticates page tokens
}

// running says where the server of a folder listens.
type running struct {
	PID     int    `json:"pid"`
	API     string `json:"api"` // http://host:port
	S3      string `json:"s3"`  // "" where AWS's own endpoint is used
	Region  string `json:"region"`
	Account string `json:"account"`
	// OwnCredentials says that the server reads an S3 that is not its own, with
	// AWS credentials that work for its API too.
	OwnCredentials bool `json:"ownCredentials"`
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

// openFolder makes the folder if need be and takes its lock. A second server
// on one folder is refused.
func openFolder(dir string) (*folder, error) {
	f := &folder{dir: dir}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	lock, err := os.OpenFile(f.path("LOCK"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := takeLock(lock); err != nil {
		lock.Close()
		return nil, fmt.Errorf("data folder %s is served by another process; stop it or choose another --data", dir)
	}
	f.lock = lock
	if err := os.RemoveAll(f.path("tmp")); err != nil {
		return nil, errors.Join(err, f.close())
	}
	for _, name := range []string{"tmp", "rejected"} {
		if err := os.MkdirAll(f.path(name), 0o700); err != nil {
			return nil, errors.Join(err, f.close())
		}
	}
	return f, nil
}

// takeLock locks the file for this process alone. It tries for a moment: whoever
// asks whether a server is running holds the lock for an instant too.
func takeLock(f *os.File) (err error) {
	for range 20 {
		if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}

// close removes the note of where the server listens and lets go of the lock.
func (f *folder) close() error {
	err := os.Remove(f.path("server.json"))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, f.lock.Close())
}

// credentials returns the folder's key pair and makes it where there is none.
func (f *folder) credentials() (credentials, error) {
	c, err := readCredentials(f.dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	c = credentials{Version: 1, AccessKey: "AKIA" + rand.Text()[:16], Secret: rand.Text() + rand.Text()[:14], TokenKey: make([]byte, 32)}
	rand.Read(c.TokenKey)
	return c, publish(f.path("credentials.json"), c)
}

func readCredentials(dir string) (credentials, error) {
	var c credentials
	if err := readJSON(filepath.Join(dir, "credentials.json"), &c); err != nil {
		return c, err
	}
	if c.Version != 1 || c.AccessKey == "" || c.Secret == "" || len(c.TokenKey) < 16 {
		return c, fmt.Errorf("%s: version %d is not one this program can read, or a member is missing", filepath.Join(dir, "credentials.json"), c.Version)
	}
	return c, nil
}

// readRunning returns where the server of the folder listens. It is an error
// if none is running.
func readRunning(dir string) (running, credentials, error) {
	none := fmt.Errorf("no server is running on the data folder %s; start one with: bespoke serve --data %s", dir, dir)
	lock, err := os.Open(filepath.Join(dir, "LOCK"))
	if err != nil {
		return running{}, credentials{}, none
	}
	defer lock.Close()
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		return running{}, credentials{}, none
	}
	var r running
	if err := readJSON(filepath.Join(dir, "server.json"), &r); err != nil {
		return running{}, credentials{}, fmt.Errorf("the server on %s is still starting: %w", dir, err)
	}
	c, err := readCredentials(dir)
	return r, c, err
}

// publish writes v to path whole: a reader sees the old file or the new one.
func publish(path string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(append(b, '\n'))
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
