package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"bespoke"
	"bespoke/blob"
	"bespoke/ingest"
)

// sources opens objects of S3, and local files, which are objects without a
// bucket.
type sources struct {
	s3 *blob.Store // nil where no location is in S3
}

// Open reads a range of o.
func (s sources) Open(ctx context.Context, o bespoke.Object, offset, length int64) (io.ReadCloser, error) {
	if o.Bucket != "" {
		return s.s3.Open(ctx, o, offset, length)
	}
	f, err := os.Open(o.Key)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(f, offset, length), f}, nil
}

// openSources finds the objects of all locations, in their order: a file, an
// object, or what lies directly below a folder and is not empty.
func openSources(ctx context.Context, locations []string, getenv func(string) string) (ingest.Source, []bespoke.Object, error) {
	var src sources
	var objects []bespoke.Object
	for _, l := range locations {
		var found []bespoke.Object
		var err error
		if strings.HasPrefix(l, "s3://") {
			if src.s3 == nil {
				if src.s3, err = ambientS3(ctx, getenv); err != nil {
					return nil, nil, err
				}
			}
			found, err = listS3(ctx, src.s3, l)
		} else {
			found, err = listFiles(l)
		}
		if err != nil {
			return nil, nil, err
		}
		if len(found) == 0 {
			return nil, nil, fmt.Errorf("%s has nothing to read: give a file that is not empty, or a folder with such files directly below it", l)
		}
		objects = append(objects, found...)
	}
	return src, objects, nil
}

// listFiles returns the file at path, or the files of the folder by name.
func listFiles(path string) ([]bespoke.Object, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return appendFile(nil, path, info)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []bespoke.Object
	for _, e := range entries {
		name := filepath.Join(path, e.Name())
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			continue
		}
		if files, err = appendFile(files, name, info); err != nil {
			return nil, err
		}
	}
	return files, nil
}

func appendFile(files []bespoke.Object, path string, info os.FileInfo) ([]bespoke.Object, error) {
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file; its parts are read in any order, so save it first", path)
	}
	if info.Size() == 0 {
		return files, nil
	}
	return append(files, bespoke.Object{Key: path, Size: info.Size()}), nil
}

// ambientS3 returns S3 as the AWS configuration of this process has it, which
// after bespoke env is that of the running server.
func ambientS3(ctx context.Context, getenv func(string) string) (*blob.Store, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", err)
	}
	cfg.Region = cmp.Or(cfg.Region, defaultRegion)
	endpoint := cmp.Or(getenv("AWS_ENDPOINT_URL_S3"), getenv("AWS_ENDPOINT_URL"))
	return blob.NewRemote(blob.RemoteConfig{AWS: cfg, Endpoint: endpoint}).Open(ctx, "", bespoke.Caller{})
}

// listS3 returns the object at location, or those directly below a folder.
func listS3(ctx context.Context, s3 *blob.Store, location string) ([]bespoke.Object, error) {
	u, ok := bespoke.ParseS3URL(location)
	if !ok {
		return nil, usageError{fmt.Sprintf("%q is no location such as s3://bucket/key or s3://bucket/folder/", location)}
	}
	var objects []bespoke.Object
	if u.Folder() {
		for o, err := range s3.List(ctx, u.Bucket, u.Key) {
			if err != nil {
				return nil, err
			}
			objects = append(objects, o)
		}
		return objects, nil
	}
	o, err := s3.Stat(ctx, u.Bucket, u.Key)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, fmt.Errorf("%w; a folder's location ends with a slash", err)
	}
	if err == nil && o.Size > 0 {
		objects = append(objects, o)
	}
	return objects, err
}
