package control

import (
	"context"
	"errors"
	"io"
	"strings"

	"bespoke"
	"bespoke/blob"
)

// writable is how jobs write to S3.
type writable interface {
	MayPut(ctx context.Context, bucket, key string) error
	Put(ctx context.Context, bucket, key string, r io.Reader) (bespoke.Object, error)
	Stage(ctx context.Context, bucket, key string, r io.Reader) (*blob.Staged, error)
	AbortUploads(ctx context.Context, bucket, prefix string) error
}

// maxKey is how many bytes the key of an object may have, by the S3 user guide.
const maxKey = 1024

// outputFolder returns the folder that a path names, with or without a slash at
// the end.
func outputFolder(path string) (bespoke.S3URL, error) {
	u, ok := bespoke.ParseS3URL(path)
	if !ok {
		return u, bespoke.Errorf(bespoke.InvalidInput, "Invalid S3 output path. Give the path as s3://bucket/folder/; it is %q.", path)
	}
	if u.Key != "" {
		u.Key = strings.TrimSuffix(u.Key, "/") + "/"
	}
	return u, nil
}

// mayWrite refuses a call whose job could not write an object into a folder.
func (s *Service) mayWrite(ctx context.Context, role string, folder bespoke.S3URL, name string) error {
	if len(folder.Key)+len(name) > maxKey {
		return bespoke.Errorf(bespoke.InvalidInput, "Invalid S3 output path. With the names of the objects it has more than %d bytes; it is %q.", maxKey, folder)
	}
	access, err := s.cfg.Access(ctx, role, bespoke.CallerFrom(ctx))
	if err == nil {
		err = access.MayPut(ctx, folder.Bucket, folder.Key+name)
	}
	err = locationRefusal(err, folder.String())
	if _, ok := errors.AsType[*bespoke.Error](err); ok || err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return bespoke.Errorf(bespoke.Unavailable,
		"S3 could not be asked about %s: %w. Check that the S3 endpoint, and that of STS for the role, is up and reachable from the server; then try again.", folder, err)
}
