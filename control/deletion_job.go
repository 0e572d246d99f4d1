package control

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/store"
)

type deletionStore interface {
	CreateDeletionJob(ctx context.Context, j bespoke.DeletionJob, tags []bespoke.Tag, limit int) error
	DeletionJob(ctx context.Context, arn bespoke.ARN) (bespoke.DeletionJob, error)
	DeletionJobs(ctx context.Context, group bespoke.ARN, p store.Page) ([]bespoke.DeletionJob, store.Position, error)
	BeginDeletionJob(ctx context.Context, arn bespoke.ARN) error
	FinishDeletionJob(ctx context.Context, arn bespoke.ARN, deleted int64, reason string) error
	Withhold(ctx context.Context, job bespoke.ARN, reason string) error
	Scrub(ctx context.Context) error
}

// maxDeletionBytes is how much the files of a data deletion job may have, by the
// documentation of the operation.
const maxDeletionBytes = 100 << 20

// createDataDeletionJob answers what can be known without reading the IDs:
// whether the role may read the location, and whether its files are lists of
// users.
func (s *Service) createDataDeletionJob(ctx context.Context, in *wire.CreateDataDeletionJobRequest) (*wire.CreateDataDeletionJobResponse, error) {
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	group, err := resource("dataset-group", in.DatasetGroupArn)
	if err != nil {
		return nil, err
	}
	g, err := s.cfg.Store.DatasetGroup(ctx, group)
	if err != nil {
		return nil, refusal(err)
	}
	if g.Status != bespoke.Active {
		return nil, refusal(&store.StateError{ARN: g.ARN, Status: g.Status})
	}
	j := bespoke.DeletionJob{
		Name: in.JobName, ARN: s.cfg.Scope.DeletionJob(in.JobName), GroupARN: g.ARN, Location: in.DataSource.DataLocation, RoleARN: in.RoleArn,
	}
	if _, err := s.cfg.Store.DeletionJob(ctx, j.ARN); err == nil {
		return nil, refusal(&store.ExistsError{ARN: j.ARN})
	}
	if _, _, err := s.userLists(ctx, j); err != nil {
		return nil, unavailable(err, j.Location)
	}
	if err := s.cfg.Store.CreateDeletionJob(ctx, j, tags, s.cfg.Limits.DeletionJobs); err != nil {
		return nil, refusal(err)
	}
	return &wire.CreateDataDeletionJobResponse{DataDeletionJobArn: string(j.ARN)}, nil
}

// userLists returns the objects at a job's location, once each is known to have
// the header of a list of users.
func (s *Service) userLists(ctx context.Context, j bespoke.DeletionJob) (Objects, []bespoke.Object, error) {
	u, ok := bespoke.ParseS3URL(j.Location)
	if !ok {
		return nil, nil, bespoke.Errorf(bespoke.InvalidInput, "Invalid Data location. Give dataSource.dataLocation as s3://bucket/key of one CSV object, or s3://bucket/folder/ of several; it is %q.", j.Location)
	}
	access, err := s.cfg.Access(ctx, j.RoleARN, bespoke.CallerFrom(ctx))
	if err != nil {
		return nil, nil, locationRefusal(err, j.Location)
	}
	objects, err := csvObjects(ctx, access, u)
	if err != nil {
		return nil, nil, locationRefusal(err, j.Location)
	}
	var size int64
	for _, o := range objects {
		if size += o.Size; size > maxDeletionBytes {
			return nil, nil, bespoke.Errorf(bespoke.InvalidInput, "The files at %s have more than %d MiB together. Divide them among several jobs.", j.Location, maxDeletionBytes>>20)
		}
		if err := usersOnly(ctx, access, o); err != nil {
			return nil, nil, locationRefusal(err, j.Location)
		}
	}
	return access, objects, nil
}

// csvObjects returns the one object, or all below a folder whose names end in
// .csv, at any depth.
func csvObjects(ctx context.Context, access Objects, u bespoke.S3URL) ([]bespoke.Object, error) {
	if !u.Folder() {
		return list(ctx, access, u)
	}
	var objects []bespoke.Object
	for o, err := range access.Walk(ctx, u.Bucket, u.Key) {
		if err != nil {
			return nil, err
		}
		if !strings.HasSuffix(strings.ToLower(o.Key), ".csv") {
			continue
		}
		if objects = append(objects, o); len(objects) > maxObjects {
			return nil, bespoke.Errorf(bespoke.InvalidInput, "The folder %s holds more than %d files. Join them.", u, maxObjects)
		}
	}
	if len(objects) == 0 {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "Invalid Data location. There are no objects that end in .csv below %s.", u)
	}
	return objects, nil
}

// usersOnly refuses an object whose header is not the one column of a list of
// users. A file of interactions given by mistake must not delete all its users.
func usersOnly(ctx context.Context, access Objects, o bespoke.Object) error {
	body, err := access.Open(ctx, o, 0, min(o.Size, 1024))
	if err != nil {
		return err
	}
	defer body.Close()
	head, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	line, _, _ := bytes.Cut(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), []byte("\n"))
	name := strings.Trim(string(bytes.TrimRight(line, "\r")), `"`)
	if !strings.EqualFold(name, "USER_ID") {
		return bespoke.Errorf(bespoke.InvalidInput, "The header of %s is %.80q. A list of users to delete has the single column USER_ID.", o, name)
	}
	return nil
}

func (s *Service) describeDataDeletionJob(ctx context.Context, in *wire.DescribeDataDeletionJobRequest) (*wire.DescribeDataDeletionJobResponse, error) {
	arn, err := resource("data-deletion-job", in.DataDeletionJobArn)
	if err != nil {
		return nil, err
	}
	j, err := s.cfg.Store.DeletionJob(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	out := &wire.DataDeletionJob{
		JobName: j.Name, DataDeletionJobArn: string(j.ARN), DatasetGroupArn: string(j.GroupARN),
		DataSource: &wire.DataSource{DataLocation: j.Location}, RoleArn: j.RoleARN, Status: string(j.Status), FailureReason: j.FailureReason,
		CreationDateTime: wire.Timestamp{Time: j.Created}, LastUpdatedDateTime: wire.Timestamp{Time: j.Updated},
	}
	if j.Status == bespoke.Completed {
		n := int(min(j.NumDeleted, 1<<31-1)) // the API's integer
		out.NumDeleted = &n
	}
	return &wire.DescribeDataDeletionJobResponse{DataDeletionJob: out}, nil
}

func (s *Service) listDataDeletionJobs(ctx context.Context, in *wire.ListDataDeletionJobsRequest) (*wire.ListDataDeletionJobsResponse, error) {
	all, next, err := pageOf(ctx, s, listing{"ListDataDeletionJobs", "dataset-group", in.DatasetGroupArn, in.NextToken, in.MaxResults}, s.cfg.Store.DeletionJobs, func(j bespoke.DeletionJob) wire.DataDeletionJobSummary {
		return wire.DataDeletionJobSummary{
			JobName: j.Name, DataDeletionJobArn: string(j.ARN), DatasetGroupArn: string(j.GroupARN), Status: string(j.Status), FailureReason: j.FailureReason,
			CreationDateTime: wire.Timestamp{Time: j.Created}, LastUpdatedDateTime: wire.Timestamp{Time: j.Updated},
		}
	})
	if err != nil {
		return nil, err
	}
	return &wire.ListDataDeletionJobsResponse{DataDeletionJobs: all, NextToken: next}, nil
}

// errImporting means that an earlier import job of the group has not ended.
var errImporting = errors.New("an import job of the dataset group has not ended")
