package control

import (
	"context"
	"strings"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/schema"
	"bespoke/store"
)

type datasetStore interface {
	CreateDataset(ctx context.Context, d bespoke.Dataset, tags []bespoke.Tag) error
	Dataset(ctx context.Context, arn bespoke.ARN) (bespoke.Dataset, error)
	Datasets(ctx context.Context, group bespoke.ARN, p store.Page) ([]bespoke.Dataset, store.Position, error)
	UpdateDataset(ctx context.Context, arn, schema bespoke.ARN) error
	FinishUpdate(ctx context.Context, arn bespoke.ARN, reason string) error
	DeleteDataset(ctx context.Context, arn bespoke.ARN) error
}

var datasetTypes = []bespoke.DatasetType{
	bespoke.Interactions, bespoke.Items, bespoke.Users, bespoke.Actions, bespoke.ActionInteractions,
}

// parseDatasetType reads a dataset type in any case.
func parseDatasetType(s string) (bespoke.DatasetType, error) {
	for _, t := range datasetTypes {
		if strings.EqualFold(s, string(t)) {
			return t, nil
		}
	}
	return "", bespoke.Errorf(bespoke.InvalidInput, "The dataset type %q is none of Interactions, Items, Users, Actions and Action_Interactions.", s)
}

func (s *Service) createDataset(ctx context.Context, in *wire.CreateDatasetRequest) (*wire.CreateDatasetResponse, error) {
	t, err := parseDatasetType(in.DatasetType)
	if err != nil {
		return nil, err
	}
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	groupARN, err := resource("dataset-group", in.DatasetGroupArn)
	if err != nil {
		return nil, err
	}
	schemaARN, err := resource("schema", in.SchemaArn)
	if err != nil {
		return nil, err
	}
	group, err := s.cfg.Store.DatasetGroup(ctx, groupARN)
	if err != nil {
		return nil, refusal(err)
	}
	if _, err := s.checkedSchema(ctx, schemaARN, t, group.Domain); err != nil {
		return nil, err
	}
	d := bespoke.Dataset{
		Name: in.Name, ARN: s.cfg.Scope.Dataset(group.Name, t), GroupARN: group.ARN,
		SchemaARN: schemaARN, Type: t,
	}
	if t == bespoke.ActionInteractions {
		d.TrackingID = newTrackingID()
	}
	if err := s.cfg.Store.CreateDataset(ctx, d, tags); err != nil {
		return nil, refusal(err)
	}
	return &wire.CreateDatasetResponse{DatasetArn: string(d.ARN)}, nil
}

// checkedSchema returns the schema, once it is known to suit datasets of type
// t in a group of the domain.
func (s *Service) checkedSchema(ctx context.Context, arn bespoke.ARN, t bespoke.DatasetType, domain bespoke.Domain) (*schema.Schema, error) {
	sc, err := s.cfg.Store.Schema(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	if sc.Domain != domain {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "The schema %s is %s and the dataset group is %s. Create the schema with the group's domain.",
			arn, domainName(sc.Domain), domainName(domain))
	}
	parsed, err := schema.Parse(sc.Text)
	if err != nil {
		return nil, err
	}
	return parsed, parsed.Check(t, domain)
}

func domainName(d bespoke.Domain) string {
	if d == bespoke.Custom {
		return "without a domain (Custom)"
	}
	return "of the domain " + string(d)
}

func (s *Service) describeDataset(ctx context.Context, in *wire.DescribeDatasetRequest) (*wire.DescribeDatasetResponse, error) {
	arn, err := resource("dataset", in.DatasetArn)
	if err != nil {
		return nil, err
	}
	d, err := s.cfg.Store.Dataset(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	out := &wire.Dataset{
		Name: d.Name, DatasetArn: string(d.ARN), DatasetGroupArn: string(d.GroupARN), DatasetType: string(d.Type),
		SchemaArn: string(d.SchemaARN), Status: string(d.Status), TrackingId: d.TrackingID,
		CreationDateTime: wire.Timestamp{Time: d.Created}, LastUpdatedDateTime: wire.Timestamp{Time: d.Updated},
	}
	if u := d.Update; u != nil {
		out.LatestDatasetUpdate = &wire.DatasetUpdateSummary{
			SchemaArn: string(u.SchemaARN), Status: string(u.Status), FailureReason: u.FailureReason,
			CreationDateTime: wire.Timestamp{Time: u.Created}, LastUpdatedDateTime: wire.Timestamp{Time: u.Updated},
		}
	}
	return &wire.DescribeDatasetResponse{Dataset: out}, nil
}

func (s *Service) listDatasets(ctx context.Context, in *wire.ListDatasetsRequest) (*wire.ListDatasetsResponse, error) {
	all, next, err := pageOf(ctx, s, listing{"ListDatasets", "dataset-group", in.DatasetGroupArn, in.NextToken, in.MaxResults}, s.cfg.Store.Datasets, func(d bespoke.Dataset) wire.DatasetSummary {
		return wire.DatasetSummary{
			Name: d.Name, DatasetArn: string(d.ARN), DatasetType: string(d.Type), Status: string(d.Status),
			CreationDateTime: wire.Timestamp{Time: d.Created}, LastUpdatedDateTime: wire.Timestamp{Time: d.Updated},
		}
	})
	if err != nil {
		return nil, err
	}
	return &wire.ListDatasetsResponse{Datasets: all, NextToken: next}, nil
}

// updateDataset gives Items and Users datasets another schema, which may add
// nullable fields and change nothing else.
func (s *Service) updateDataset(ctx context.Context, in *wire.UpdateDatasetRequest) (*wire.UpdateDatasetResponse, error) {
	arn, err := resource("dataset", in.DatasetArn)
	if err != nil {
		return nil, err
	}
	schemaARN, err := resource("schema", in.SchemaArn)
	if err != nil {
		return nil, err
	}
	d, err := s.cfg.Store.Dataset(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	if d.Type != bespoke.Items && d.Type != bespoke.Users {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "The schema of a dataset of type %s cannot be replaced; only Items and Users datasets can get another schema.", d.Type)
	}
	group, err := s.cfg.Store.DatasetGroup(ctx, d.GroupARN)
	if err != nil {
		return nil, refusal(err)
	}
	to, err := s.checkedSchema(ctx, schemaARN, d.Type, group.Domain)
	if err != nil {
		return nil, err
	}
	from, err := s.checkedSchema(ctx, d.SchemaARN, d.Type, group.Domain)
	if err != nil {
		return nil, err
	}
	if err := to.CheckReplaces(from); err != nil {
		return nil, err
	}
	if err := s.cfg.Store.UpdateDataset(ctx, d.ARN, schemaARN); err != nil {
		return nil, refusal(err)
	}
	return &wire.UpdateDatasetResponse{DatasetArn: string(d.ARN)}, nil
}

func (s *Service) deleteDataset(ctx context.Context, in *wire.DeleteDatasetRequest) error {
	arn, err := resource("dataset", in.DatasetArn)
	if err != nil {
		return err
	}
	return refusal(s.cfg.Store.DeleteDataset(ctx, arn))
}
