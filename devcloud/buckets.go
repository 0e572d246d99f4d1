package devcloud

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/s3api/utils"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"

	"bespoke/iam"
)

// buckets is a posix backend whose buckets lie in one folder. What it does not
// forward is answered with NotImplemented. Bucket policies are kept by package
// iam and are no business of the gateway's, which would refuse those about a
// service; to it, no bucket has one, hence nobody gets in without a signature.
type buckets struct {
	backend.BackendUnsupported
	posix  *posix.Posix
	dir    string
	region string
	iam    *iam.Store
}

func (b *buckets) Shutdown() { b.posix.Shutdown() }

func (b *buckets) String() string { return "folder " + b.dir }

// path returns the folder of a bucket; one that cannot exist for a name that
// no bucket has.
func (b *buckets) path(bucket string) string {
	if !utils.IsValidBucketName(bucket) {
		return filepath.Join(b.dir, ".none")
	}
	return filepath.Join(b.dir, bucket)
}

// at is path for the optional strings of inputs.
func (b *buckets) at(bucket *string) *string {
	var name string
	if bucket != nil {
		name = *bucket
	}
	p := b.path(name)
	return &p
}

// answer returns the error as the gateway writes it: unwrapped, and with the
// name of the bucket instead of its path.
func (b *buckets) answer(err error) error {
	if e, ok := errors.AsType[s3err.BucketError](err); ok {
		e.BucketName = filepath.Base(e.BucketName)
		return e
	}
	if e, ok := errors.AsType[s3err.S3Error](err); ok {
		return e
	}
	return err
}

func (b *buckets) NormalizeObjectKey(bucket, object string) string {
	return b.posix.NormalizeObjectKey(b.path(bucket), object)
}

func (b *buckets) ListBuckets(_ context.Context, in s3response.ListBucketsInput) (s3response.ListAllMyBucketsResult, error) {
	res := s3response.ListAllMyBucketsResult{Prefix: in.Prefix, Owner: s3response.CanonicalUser{ID: in.Owner}}
	entries, err := os.ReadDir(b.dir) // in order of name
	if err != nil {
		return res, fmt.Errorf("list buckets: %w", err)
	}
	for _, e := range entries {
		name := e.Name()
		if !e.IsDir() || !utils.IsValidBucketName(name) || !strings.HasPrefix(name, in.Prefix) || name <= in.ContinuationToken {
			continue
		}
		list := &res.Buckets.Bucket
		if in.MaxBuckets > 0 && len(*list) == int(in.MaxBuckets) {
			res.ContinuationToken = (*list)[len(*list)-1].Name
			break
		}
		info, err := e.Info()
		if err != nil {
			continue // deleted meanwhile
		}
		*list = append(*list, s3response.ListAllMyBucketsEntry{Name: name, CreationDate: info.ModTime()})
	}
	return res, nil
}

func (b *buckets) HeadBucket(ctx context.Context, in *s3.HeadBucketInput) (*s3.HeadBucketOutput, error) {
	c := *in
	c.Bucket = b.at(in.Bucket)
	out, err := b.posix.HeadBucket(ctx, &c)
	return out, b.answer(err)
}

// CreateBucket answers in us-east-1, as S3 does in that region alone, that a
// bucket is made which its owner has already: scripts are run again there.
func (b *buckets) CreateBucket(ctx context.Context, in *s3.CreateBucketInput, acl []byte) error {
	c := *in
	c.Bucket = b.at(in.Bucket)
	err := b.posix.CreateBucket(ctx, &c, acl)
	if e, ok := errors.AsType[s3err.BucketError](err); ok && b.region == "us-east-1" && e.APIError == s3err.GetAPIError(s3err.ErrBucketAlreadyOwnedByYou) {
		return nil
	}
	return b.answer(err)
}

// DeleteBucket removes an empty bucket, and its policy with it: whoever makes
// a bucket of that name again starts without.
func (b *buckets) DeleteBucket(ctx context.Context, bucket string) error {
	if err := b.posix.DeleteBucket(ctx, b.path(bucket)); err != nil {
		return b.answer(err)
	}
	return b.iam.DeleteBucketPolicy(bucket)
}

func (b *buckets) GetBucketPolicy(_ context.Context, bucket string) ([]byte, error) {
	return nil, s3err.GetBucketErr(s3err.ErrNoSuchBucketPolicy, bucket)
}

func (b *buckets) GetBucketAcl(ctx context.Context, in *s3.GetBucketAclInput) ([]byte, error) {
	c := *in
	c.Bucket = b.at(in.Bucket)
	out, err := b.posix.GetBucketAcl(ctx, &c)
	return out, b.answer(err)
}

func (b *buckets) PutBucketAcl(ctx context.Context, bucket string, data []byte) error {
	return b.answer(b.posix.PutBucketAcl(ctx, b.path(bucket), data))
}

func (b *buckets) GetBucketVersioning(ctx context.Context, bucket string) (s3response.GetBucketVersioningOutput, error) {
	out, err := b.posix.GetBucketVersioning(ctx, b.path(bucket))
	return out, b.answer(err)
}

func (b *buckets) PutBucketOwnershipControls(ctx context.Context, bucket string, ownership types.ObjectOwnership) error {
	return b.answer(b.posix.PutBucketOwnershipControls(ctx, b.path(bucket), ownership))
}

func (b *buckets) GetBucketOwnershipControls(ctx context.Context, bucket string) (types.ObjectOwnership, error) {
	out, err := b.posix.GetBucketOwnershipControls(ctx, b.path(bucket))
	return out, b.answer(err)
}

func (b *buckets) DeleteBucketOwnershipControls(ctx context.Context, bucket string) error {
	return b.answer(b.posix.DeleteBucketOwnershipControls(ctx, b.path(bucket)))
}

func (b *buckets) PutBucketCors(ctx context.Context, bucket string, cors []byte) error {
	return b.answer(b.posix.PutBucketCors(ctx, b.path(bucket), cors))
}

func (b *buckets) GetBucketCors(ctx context.Context, bucket string) ([]byte, error) {
	out, err := b.posix.GetBucketCors(ctx, b.path(bucket))
	return out, b.answer(err)
}

func (b *buckets) DeleteBucketCors(ctx context.Context, bucket string) error {
	return b.answer(b.posix.DeleteBucketCors(ctx, b.path(bucket)))
}

func (b *buckets) GetBucketTagging(ctx context.Context, bucket string) (map[string]string, error) {
	out, err := b.posix.GetBucketTagging(ctx, b.path(bucket))
	return out, b.answer(err)
}

func (b *buckets) PutBucketTagging(ctx context.Context, bucket string, tags map[string]string) error {
	return b.answer(b.posix.PutBucketTagging(ctx, b.path(bucket), tags))
}

func (b *buckets) DeleteBucketTagging(ctx context.Context, bucket string) error {
	return b.answer(b.posix.DeleteBucketTagging(ctx, b.path(bucket)))
}

func (b *buckets) GetObjectLockConfiguration(ctx context.Context, bucket string) ([]byte, error) {
	out, err := b.posix.GetObjectLockConfiguration(ctx, b.path(bucket))
	return out, b.answer(err)
}
