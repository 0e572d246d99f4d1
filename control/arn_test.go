package control_test

import (
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
)

// TestWrongKindOfARN gives every operation the ARN of something else that
// exists: the answer says what is wrong with the request, not that the thing
// does not exist.
func TestWrongKindOfARN(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	group, schema := string(scope.DatasetGroup("shop")), string(scope.Schema("shop"))
	location := &wire.DataSource{DataLocation: f.put("three.csv", three)}
	try := func(arn string, call func() error) {
		t.Helper()
		f.refused(call(), bespoke.InvalidInput, arn)
	}
	for _, c := range []struct {
		arn  string
		call func(arn string) error
	}{
		{dataset, func(arn string) error {
			_, err := f.DescribeDatasetGroup(f.ctx, &wire.DescribeDatasetGroupRequest{DatasetGroupArn: arn})
			return err
		}},
		{schema, func(arn string) error {
			return f.DeleteDatasetGroup(f.ctx, &wire.DeleteDatasetGroupRequest{DatasetGroupArn: arn})
		}},
		{dataset, func(arn string) error {
			_, err := f.DescribeSchema(f.ctx, &wire.DescribeSchemaRequest{SchemaArn: arn})
			return err
		}},
		{group, func(arn string) error { return f.DeleteSchema(f.ctx, &wire.DeleteSchemaRequest{SchemaArn: arn}) }},
		{group, func(arn string) error {
			_, err := f.DescribeDataset(f.ctx, &wire.DescribeDatasetRequest{DatasetArn: arn})
			return err
		}},
		{schema, func(arn string) error { return f.DeleteDataset(f.ctx, &wire.DeleteDatasetRequest{DatasetArn: arn}) }},
		{group, func(arn string) error {
			_, err := f.UpdateDataset(f.ctx, &wire.UpdateDatasetRequest{DatasetArn: arn, SchemaArn: schema})
			return err
		}},
		{group, func(arn string) error {
			_, err := f.UpdateDataset(f.ctx, &wire.UpdateDatasetRequest{DatasetArn: dataset, SchemaArn: arn})
			return err
		}},
		{dataset, func(arn string) error {
			_, err := f.CreateDataset(f.ctx, &wire.CreateDatasetRequest{Name: "x", DatasetType: "Users", DatasetGroupArn: arn, SchemaArn: schema})
			return err
		}},
		{group, func(arn string) error {
			_, err := f.CreateDataset(f.ctx, &wire.CreateDatasetRequest{Name: "x", DatasetType: "Users", DatasetGroupArn: group, SchemaArn: arn})
			return err
		}},
		{group, func(arn string) error {
			_, err := f.importBy(wire.CreateDatasetImportJobRequest{JobName: "x", DatasetArn: arn, DataSource: location})
			return err
		}},
		{dataset, func(arn string) error {
			_, err := f.DescribeDatasetImportJob(f.ctx, &wire.DescribeDatasetImportJobRequest{DatasetImportJobArn: arn})
			return err
		}},
		{schema, func(arn string) error {
			_, err := f.ListDatasets(f.ctx, &wire.ListDatasetsRequest{DatasetGroupArn: arn})
			return err
		}},
		{group, func(arn string) error {
			_, err := f.ListDatasetImportJobs(f.ctx, &wire.ListDatasetImportJobsRequest{DatasetArn: arn})
			return err
		}},
	} {
		try(c.arn, func() error { return c.call(c.arn) })
	}
}

// TestUnknownARN names resources that do not exist.
func TestUnknownARN(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	const text = "Resource Arn arn:aws:personalize:us-east-1:000000000000:"
	_, err := f.DescribeDatasetGroup(f.ctx, &wire.DescribeDatasetGroupRequest{DatasetGroupArn: string(scope.DatasetGroup("none"))})
	f.refused(err, bespoke.NotFound, text+"dataset-group/none does not exist.")
	_, err = f.DescribeDatasetImportJob(f.ctx, &wire.DescribeDatasetImportJobRequest{DatasetImportJobArn: string(scope.ImportJob("none"))})
	f.refused(err, bespoke.NotFound, text+"dataset-import-job/none does not exist.")
	_, err = f.importJob("job", string(scope.Dataset("none", bespoke.Items)), "s3://shop-data/a.csv")
	f.refused(err, bespoke.NotFound, text+"dataset/none/ITEMS does not exist.")
	_, err = f.service.ImportProgress(f.ctx, scope.ImportJob("none"))
	f.refused(err, bespoke.NotFound)
	_, err = f.service.ImportReport(f.ctx, scope.ImportJob("none"))
	f.refused(err, bespoke.NotFound)
	_, err = f.service.DatasetContent(f.ctx, scope.Dataset("none", bespoke.Items))
	f.refused(err, bespoke.NotFound)
	// The ARN of a resource in another account or region is one that this
	// server does not have.
	_, err = f.DescribeSchema(f.ctx, &wire.DescribeSchemaRequest{SchemaArn: "arn:aws:personalize:eu-west-1:111111111111:schema/none"})
	f.refused(err, bespoke.NotFound)
}
