package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"bespoke/blob"
)

// upload puts a local file into the bucket under key, in parts where it is
// large. The object appears whole or not at all.
func (c *client) upload(ctx context.Context, file, bucket, key string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	to, err := c.s3(ctx)
	if err != nil {
		return err
	}
	if err := makeBucket(ctx, to, bucket, c.server.Region); err != nil {
		return err
	}
	if _, err := blob.New(blob.Config{Client: to}).Put(ctx, bucket, key, f); err != nil {
		return fmt.Errorf("upload of %s: %w", file, err)
	}
	return nil
}

// s3 returns a client of the S3 that the server reads: its embedded one, or one
// of somebody else's, which takes the AWS credentials of this process.
func (c *client) s3(ctx context.Context) (*s3.Client, error) {
	if !c.server.OwnCredentials {
		return blob.NewClient(c.server.S3, c.server.Region, c.creds.AccessKey, c.creds.Secret), nil
	}
	own, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(c.server.Region))
	if err != nil {
		return nil, fmt.Errorf("AWS configuration, for the server's S3: %w", err)
	}
	return blob.RemoteConfig{AWS: own, Endpoint: c.server.S3}.Client(), nil
}

// makeBucket makes a bucket unless it is there. Asking first spares those who
// may write to a bucket the right to make it.
func makeBucket(ctx context.Context, to *s3.Client, name, region string) error {
	if _, err := to.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name}); err == nil {
		return nil
	}
	in := &s3.CreateBucketInput{Bucket: &name}
	if region != defaultRegion { // which is the one that S3 takes no name for
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(region)}
	}
	_, err := to.CreateBucket(ctx, in)
	_, mine := errors.AsType[*types.BucketAlreadyOwnedByYou](err)
	if err == nil || mine {
		return nil
	}
	return fmt.Errorf("bucket %s, which --bucket can change: %w", name, err)
}
