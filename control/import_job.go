package control

import (
	"context"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/store"
)

type importStore interface {
	CreateImportJob(ctx context.Context, j bespoke.ImportJob, tags []bespoke.Tag, limit int) error
	ImportJob(ctx context.Context, arn bespoke.ARN) (bespoke.ImportJob, error)
	ImportJobs(ctx context.Context, dataset bespoke.ARN, p store.Page) ([]bespoke.ImportJob, store.Position, error)
	NextImportJob(ctx context.Context, dataset bespoke.ARN) (arn bespoke.ARN, ok bool, err error)
	BeginRun(ctx context.Context, arn bespoke.ARN) error
	SuspendRun(ctx context.Context, arn bespoke.ARN) error
	FinishImportJob(ctx context.Context, arn bespoke.ARN, reason string) error
	SaveReport(ctx context.Context, arn bespoke.ARN, r store.Report) error
	Report(ctx context.Context, arn bespoke.ARN) (r store.Report, ok bool, err error)
}

// createDatasetImportJob answers what can be known without reading the rows:
// whether the dataset can take an import, whether the location holds objects,
// whether the role may read them, and whether their headers have the schema's
// columns. Everything else is the job's to find out.
func (s *Service) createDatasetImportJob(ctx context.Context, in *wire.CreateDatasetImportJobRequest) (*wire.CreateDatasetImportJobResponse, error) {
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	dataset, err := resource("dataset", in.DatasetArn)
	if err != nil {
		return nil, err
	}
	d, err := s.cfg.Store.Dataset(ctx, dataset)
	if err != nil {
		return nil, refusal(err)
	}
	j := bespoke.ImportJob{
		Name: in.JobName, ARN: s.cfg.Scope.ImportJob(in.JobName), DatasetARN: d.ARN,
		Location: in.DataSource.DataLocation, RoleARN: in.RoleArn, CallerARN: bespoke.CallerFrom(ctx).ARN,
		Mode: bespoke.Full, PublishMetrics: in.PublishAttributionMetricsToS3 != nil && *in.PublishAttributionMetricsToS3,
	}
	if in.ImportMode != "" {
		j.Mode = bespoke.ImportMode(in.ImportMode)
	}
	if err := s.mayPublish(ctx, d, j); err != nil {
		return nil, err
	}
	if err := s.ready(ctx, d, j); err != nil {
		return nil, err
	}
	sc, err := s.parsedSchema(ctx, d.SchemaARN)
	if err != nil {
		return nil, refusal(err)
	}
	if j.Objects, err = s.inspect(ctx, j, sc); err != nil {
		return nil, unavailable(err, j.Location)
	}
	if err := s.cfg.Store.CreateImportJob(ctx, j, tags, s.cfg.Limits.ImportJobs); err != nil {
		return nil, refusal(err)
	}
	return &wire.CreateDatasetImportJobResponse{DatasetImportJobArn: string(j.ARN)}, nil
}

// ready makes the checks that the store makes again when it accepts the job:
// a call that is bound to fail should not read S3 first.
func (s *Service) ready(ctx context.Context, d bespoke.Dataset, j bespoke.ImportJob) error {
	if d.Status != bespoke.Active {
		return refusal(&store.StateError{ARN: d.ARN, Status: d.Status})
	}
	if j.Mode == bespoke.Incremental && !d.Imported {
		return refusal(&store.NotImportedError{ARN: d.ARN})
	}
	if _, err := s.cfg.Store.ImportJob(ctx, j.ARN); err == nil {
		return refusal(&store.ExistsError{ARN: j.ARN})
	}
	return nil
}

func (s *Service) describeDatasetImportJob(ctx context.Context, in *wire.DescribeDatasetImportJobRequest) (*wire.DescribeDatasetImportJobResponse, error) {
	arn, err := resource("dataset-import-job", in.DatasetImportJobArn)
	if err != nil {
		return nil, err
	}
	j, err := s.cfg.Store.ImportJob(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	return &wire.DescribeDatasetImportJobResponse{DatasetImportJob: &wire.DatasetImportJob{
		JobName: j.Name, DatasetImportJobArn: string(j.ARN), DatasetArn: string(j.DatasetARN),
		DataSource: &wire.DataSource{DataLocation: j.Location}, RoleArn: j.RoleARN, Status: string(j.Status),
		FailureReason: j.FailureReason, ImportMode: string(j.Mode), PublishAttributionMetricsToS3: &j.PublishMetrics,
		CreationDateTime: wire.Timestamp{Time: j.Created}, LastUpdatedDateTime: wire.Timestamp{Time: j.Updated},
	}}, nil
}

func (s *Service) listDatasetImportJobs(ctx context.Context, in *wire.ListDatasetImportJobsRequest) (*wire.ListDatasetImportJobsResponse, error) {
	all, next, err := pageOf(ctx, s, listing{"ListDatasetImportJobs", "dataset", in.DatasetArn, in.NextToken, in.MaxResults}, s.cfg.Store.ImportJobs, func(j bespoke.ImportJob) wire.DatasetImportJobSummary {
		return wire.DatasetImportJobSummary{
			JobName: j.Name, DatasetImportJobArn: string(j.ARN), Status: string(j.Status),
			FailureReason: j.FailureReason, ImportMode: string(j.Mode),
			CreationDateTime: wire.Timestamp{Time: j.Created}, LastUpdatedDateTime: wire.Timestamp{Time: j.Updated},
		}
	})
	if err != nil {
		return nil, err
	}
	return &wire.ListDatasetImportJobsResponse{DatasetImportJobs: all, NextToken: next}, nil
}
