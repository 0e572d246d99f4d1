package control

import (
	"context"
	"errors"

	"bespoke"
	"bespoke/blob"
	"bespoke/ingest"
	"bespoke/schema"
)

// maxObjects is how many objects one import job may read.
const maxObjects = 100_000

// access returns S3 as the job may see it.
func (s *Service) access(ctx context.Context, j bespoke.ImportJob) (Objects, error) {
	o, err := s.cfg.Access(ctx, j.RoleARN, bespoke.Caller{ARN: j.CallerARN})
	if err != nil {
		return nil, locationRefusal(err, j.Location)
	}
	return o, nil
}

// inspect returns the objects at the job's location, once the header of each
// is known to have the schema's columns.
func (s *Service) inspect(ctx context.Context, j bespoke.ImportJob, sc *schema.Schema) ([]bespoke.Object, error) {
	access, err := s.access(ctx, j)
	if err != nil {
		return nil, err
	}
	objects, err := s.locate(ctx, access, j)
	if err != nil {
		return nil, err
	}
	return objects, locationRefusal(ingest.Header(ctx, access, objects, sc, s.cfg.Limits.CSVOnly), j.Location)
}

// locate returns the objects at the job's location: the one object, or all
// that lie directly below a folder.
func (s *Service) locate(ctx context.Context, access Objects, j bespoke.ImportJob) ([]bespoke.Object, error) {
	u, ok := bespoke.ParseS3URL(j.Location)
	if !ok {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "Invalid Data location. Give dataSource.dataLocation as s3://bucket/key of one object, or s3://bucket/folder/ of several; it is %q.", j.Location)
	}
	objects, err := list(ctx, access, u)
	if err != nil {
		return nil, locationRefusal(err, j.Location)
	}
	var size int64
	for _, o := range objects {
		size += o.Size
	}
	if limit := s.byteLimit(j.Mode); limit > 0 && size > limit {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "The data at %s has %d bytes; an import with importMode %s may have at most %d. Split it, or raise the limit.", j.Location, size, j.Mode, limit)
	}
	return objects, nil
}

func (s *Service) byteLimit(m bespoke.ImportMode) int64 {
	if m == bespoke.Incremental {
		return s.cfg.Limits.IncrementalBytes
	}
	return s.cfg.Limits.FullBytes
}

func list(ctx context.Context, access Objects, u bespoke.S3URL) ([]bespoke.Object, error) {
	if !u.Folder() {
		o, err := access.Stat(ctx, u.Bucket, u.Key)
		if err != nil {
			return nil, err
		}
		if o.Size == 0 {
			return nil, bespoke.Errorf(bespoke.InvalidInput, "Invalid Data location. The object %s is empty; a CSV object begins with a header row.", u)
		}
		return []bespoke.Object{o}, nil
	}
	var objects []bespoke.Object
	for o, err := range access.List(ctx, u.Bucket, u.Key) {
		if err != nil {
			return nil, err
		}
		if len(objects) == maxObjects {
			return nil, bespoke.Errorf(bespoke.InvalidInput, "The folder %s holds more than %d objects. Join them, or import it in parts.", u, maxObjects)
		}
		objects = append(objects, o)
	}
	if len(objects) == 0 {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "Invalid Data location. There are no objects directly below %s; sub-folders are not read.", u)
	}
	return objects, nil
}

// unavailable answers a call that S3 has kept from being decided: it cannot be
// reached, or fails by itself. In a job such an error stays what it is, so that
// the job is run again; a call is over, and its client has to try again.
func unavailable(err error, location string) error {
	if _, ok := errors.AsType[*bespoke.Error](err); ok || errors.Is(err, context.Canceled) {
		return err
	}
	return bespoke.Errorf(bespoke.Unavailable,
		"S3 could not be read at %s: %w. Check that the S3 endpoint, and that of STS for the role, is up and reachable from the server; then try again.", location, err)
}

// readRefusal says why the objects of a job that was accepted cannot be read.
func readRefusal(err error, location string) error {
	if errors.Is(err, blob.ErrNotFound) {
		return bespoke.Errorf(bespoke.InvalidInput, "The data at %s changed while it was read: an object is gone. Import again once it is complete. (%w)", location, err)
	}
	return locationRefusal(err, location)
}

// locationRefusal says why a location cannot be used, as far as the location
// or its rights are at fault; other errors, nil among them, pass through. The
// text on privileges is Amazon's, with what was refused after it.
func locationRefusal(err error, location string) error {
	u, _ := bespoke.ParseS3URL(location)
	switch {
	case errors.Is(err, blob.ErrRole):
		return bespoke.Errorf(bespoke.InvalidInput, "Insufficient privileges for accessing data in S3: %w", err)
	case errors.Is(err, blob.ErrDenied):
		return bespoke.Errorf(bespoke.InvalidInput, "Insufficient privileges for accessing data in S3. Please look at https://docs.aws.amazon.com/personalize/latest/dg/granting-personalize-s3-access.html#attach-bucket-policy and fix bucket policy on %s. (%w)", u.Bucket, err)
	case errors.Is(err, blob.ErrNoBucket):
		return bespoke.Errorf(bespoke.InvalidInput, "Invalid Data location. The bucket %s does not exist.", u.Bucket)
	case errors.Is(err, blob.ErrNotFound):
		return bespoke.Errorf(bespoke.InvalidInput, "Invalid Data location. There is no object %s; a folder's location ends with a slash.", location)
	case errors.Is(err, blob.ErrExpired):
		return bespoke.Errorf(bespoke.InvalidInput, "The credentials for %s have expired, and there are no newer ones. Renew those of the role at the server, or the server's own, and try again. (%w)", location, err)
	case errors.Is(err, blob.ErrRefused):
		return bespoke.Errorf(bespoke.InvalidInput, "S3 refuses the request at %s. Check the bucket's region and the server's S3 endpoint, and try again. (%w)", location, err)
	case errors.Is(err, blob.ErrAnswer):
		return bespoke.Errorf(bespoke.InvalidInput, "S3 answers something else than it is asked for at %s. Check what stands between the server and S3, such as a proxy, and import again. (%w)", location, err)
	case errors.Is(err, blob.ErrChanged):
		return bespoke.Errorf(bespoke.InvalidInput, "The data at %s changed while it was read. Import it again once it is complete. (%w)", location, err)
	}
	return err
}
