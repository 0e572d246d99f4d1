package control

import (
	"context"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/store"
)

type groupStore interface {
	CreateDatasetGroup(ctx context.Context, g bespoke.DatasetGroup, tags []bespoke.Tag, limit int) error
	DatasetGroup(ctx context.Context, arn bespoke.ARN) (bespoke.DatasetGroup, error)
	DatasetGroups(ctx context.Context, p store.Page) ([]bespoke.DatasetGroup, store.Position, error)
	DeleteDatasetGroup(ctx context.Context, arn bespoke.ARN) error
}

func (s *Service) createDatasetGroup(ctx context.Context, in *wire.CreateDatasetGroupRequest) (*wire.CreateDatasetGroupResponse, error) {
	if (in.RoleArn == "") != (in.KmsKeyArn == "") {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "roleArn and kmsKeyArn belong together: give both, or neither.")
	}
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	g := bespoke.DatasetGroup{
		Name: in.Name, ARN: s.cfg.Scope.DatasetGroup(in.Name), Domain: bespoke.Domain(in.Domain),
		RoleARN: in.RoleArn, KMSKeyARN: in.KmsKeyArn,
	}
	if err := s.cfg.Store.CreateDatasetGroup(ctx, g, tags, s.cfg.Limits.DatasetGroups); err != nil {
		return nil, refusal(err)
	}
	return &wire.CreateDatasetGroupResponse{DatasetGroupArn: string(g.ARN), Domain: in.Domain}, nil
}

func (s *Service) describeDatasetGroup(ctx context.Context, in *wire.DescribeDatasetGroupRequest) (*wire.DescribeDatasetGroupResponse, error) {
	arn, err := resource("dataset-group", in.DatasetGroupArn)
	if err != nil {
		return nil, err
	}
	g, err := s.cfg.Store.DatasetGroup(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	return &wire.DescribeDatasetGroupResponse{DatasetGroup: &wire.DatasetGroup{
		Name: g.Name, DatasetGroupArn: string(g.ARN), Status: string(g.Status), Domain: string(g.Domain),
		RoleArn: g.RoleARN, KmsKeyArn: g.KMSKeyARN, FailureReason: g.FailureReason,
		CreationDateTime: wire.Timestamp{Time: g.Created}, LastUpdatedDateTime: wire.Timestamp{Time: g.Updated},
	}}, nil
}

func (s *Service) listDatasetGroups(ctx context.Context, in *wire.ListDatasetGroupsRequest) (*wire.ListDatasetGroupsResponse, error) {
	const list = "ListDatasetGroups"
	page, err := s.page(list, in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	groups, next, err := s.cfg.Store.DatasetGroups(ctx, page)
	if err != nil {
		return nil, refusal(err)
	}
	out := &wire.ListDatasetGroupsResponse{DatasetGroups: make([]wire.DatasetGroupSummary, len(groups)), NextToken: s.pageToken(list, next)}
	for i, g := range groups {
		out.DatasetGroups[i] = wire.DatasetGroupSummary{
			Name: g.Name, DatasetGroupArn: string(g.ARN), Status: string(g.Status), Domain: string(g.Domain), FailureReason: g.FailureReason,
			CreationDateTime: wire.Timestamp{Time: g.Created}, LastUpdatedDateTime: wire.Timestamp{Time: g.Updated},
		}
	}
	return out, nil
}

func (s *Service) deleteDatasetGroup(ctx context.Context, in *wire.DeleteDatasetGroupRequest) error {
	arn, err := resource("dataset-group", in.DatasetGroupArn)
	if err != nil {
		return err
	}
	return refusal(s.cfg.Store.DeleteDatasetGroup(ctx, arn))
}
