package control

import (
	"cmp"
	"context"
	"fmt"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/store"
)

type exportStore interface {
	CreateExportJob(ctx context.Context, j bespoke.ExportJob, tags []bespoke.Tag, limit int) error
	ExportJob(ctx context.Context, arn bespoke.ARN) (bespoke.ExportJob, error)
	ExportJobs(ctx context.Context, dataset bespoke.ARN, p store.Page) ([]bespoke.ExportJob, store.Position, error)
	BeginExportJob(ctx context.Context, arn bespoke.ARN, snapshot int64) error
	FinishExportJob(ctx context.Context, arn bespoke.ARN, w bespoke.Written, reason string) error
}

// exportFolder returns the folder that a job writes to: its path, then its name.
func exportFolder(path, job string) (bespoke.S3URL, error) {
	u, err := outputFolder(path)
	u.Key += job + "/"
	return u, err
}

func exportPart(n int) string { return fmt.Sprintf("part-%05d.csv", n) }

// createDatasetExportJob answers what can be known without writing: whether the
// dataset can be exported, and whether the role may write to the path.
func (s *Service) createDatasetExportJob(ctx context.Context, in *wire.CreateDatasetExportJobRequest) (*wire.CreateDatasetExportJobResponse, error) {
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
	if d.Type != bespoke.Interactions && d.Type != bespoke.Items && d.Type != bespoke.Users {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "A dataset of type %s cannot be exported; only Interactions, Items and Users datasets can.", d.Type)
	}
	to := in.JobOutput.S3DataDestination
	j := bespoke.ExportJob{
		Name: in.JobName, ARN: s.cfg.Scope.ExportJob(in.JobName), DatasetARN: d.ARN, RoleARN: in.RoleArn, Path: to.Path, KMSKeyARN: to.KmsKeyArn,
		IngestionMode: cmp.Or(bespoke.IngestionMode(in.IngestionMode), bespoke.PutRows),
	}
	folder, err := exportFolder(j.Path, j.Name)
	if err != nil {
		return nil, err
	}
	if d.Status != bespoke.Active {
		return nil, refusal(&store.StateError{ARN: d.ARN, Status: d.Status})
	}
	if _, err := s.cfg.Store.ExportJob(ctx, j.ARN); err == nil {
		return nil, refusal(&store.ExistsError{ARN: j.ARN})
	}
	if err := s.mayWrite(ctx, j.RoleARN, folder, exportPart(0)); err != nil {
		return nil, err
	}
	if err := s.cfg.Store.CreateExportJob(ctx, j, tags, s.cfg.Limits.ExportJobs); err != nil {
		return nil, refusal(err)
	}
	return &wire.CreateDatasetExportJobResponse{DatasetExportJobArn: string(j.ARN)}, nil
}

func (s *Service) describeDatasetExportJob(ctx context.Context, in *wire.DescribeDatasetExportJobRequest) (*wire.DescribeDatasetExportJobResponse, error) {
	arn, err := resource("dataset-export-job", in.DatasetExportJobArn)
	if err != nil {
		return nil, err
	}
	j, err := s.cfg.Store.ExportJob(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	return &wire.DescribeDatasetExportJobResponse{DatasetExportJob: &wire.DatasetExportJob{
		JobName: j.Name, DatasetExportJobArn: string(j.ARN), DatasetArn: string(j.DatasetARN), IngestionMode: string(j.IngestionMode),
		RoleArn: j.RoleARN, Status: string(j.Status), FailureReason: j.FailureReason,
		JobOutput:        &wire.DatasetExportJobOutput{S3DataDestination: &wire.S3DataConfig{Path: j.Path, KmsKeyArn: j.KMSKeyARN}},
		CreationDateTime: wire.Timestamp{Time: j.Created}, LastUpdatedDateTime: wire.Timestamp{Time: j.Updated},
	}}, nil
}

func (s *Service) listDatasetExportJobs(ctx context.Context, in *wire.ListDatasetExportJobsRequest) (*wire.ListDatasetExportJobsResponse, error) {
	all, next, err := pageOf(ctx, s, listing{"ListDatasetExportJobs", "dataset", in.DatasetArn, in.NextToken, in.MaxResults}, s.cfg.Store.ExportJobs, func(j bespoke.ExportJob) wire.DatasetExportJobSummary {
		return wire.DatasetExportJobSummary{
			JobName: j.Name, DatasetExportJobArn: string(j.ARN), Status: string(j.Status), FailureReason: j.FailureReason,
			CreationDateTime: wire.Timestamp{Time: j.Created}, LastUpdatedDateTime: wire.Timestamp{Time: j.Updated},
		}
	})
	if err != nil {
		return nil, err
	}
	return &wire.ListDatasetExportJobsResponse{DatasetExportJobs: all, NextToken: next}, nil
}

// ExportResult is what an export job has written: what the API cannot say.
type ExportResult struct {
	JobARN        bespoke.ARN           `json:"datasetExportJobArn"`
	DatasetARN    bespoke.ARN           `json:"datasetArn"`
	IngestionMode bespoke.IngestionMode `json:"ingestionMode"`
	Status        bespoke.Status        `json:"status"`
	FailureReason string                `json:"failureReason,omitempty"`
	Folder        string                `json:"folder"` // s3:// URL of the objects
	Objects       int64                 `json:"objects"`
	Rows          int64                 `json:"rows"`
	Bytes         int64                 `json:"bytes"`
}

// ExportResult returns what the job has written, zeros until it is ACTIVE.
func (s *Service) ExportResult(ctx context.Context, job bespoke.ARN) (ExportResult, error) {
	j, err := s.cfg.Store.ExportJob(ctx, job)
	if err != nil {
		return ExportResult{}, refusal(err)
	}
	folder, err := exportFolder(j.Path, j.Name)
	return ExportResult{
		JobARN: j.ARN, DatasetARN: j.DatasetARN, IngestionMode: j.IngestionMode, Status: j.Status, FailureReason: j.FailureReason,
		Folder: folder.String(), Objects: j.Written.Parts, Rows: j.Written.Rows, Bytes: j.Written.Bytes,
	}, err
}
