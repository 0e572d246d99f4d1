package control_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/control"
)

// field is a field of an Avro schema.
type field struct {
	Name        string `json:"name"`
	Type        any    `json:"type"`
	Categorical bool   `json:"categorical,omitempty"`
}

var (
	maybeString = []string{"null", "string"}

	interactions = avro("Interactions", field{Name: "USER_ID", Type: "string"}, field{Name: "ITEM_ID", Type: "string"}, field{Name: "TIMESTAMP", Type: "long"})
	items        = avro("Items", field{Name: "ITEM_ID", Type: "string"}, field{Name: "GENRE", Type: "string", Categorical: true})
	users        = avro("Users", field{Name: "USER_ID", Type: "string"}, field{Name: "AGE", Type: "int"})
)

const (
	header = "USER_ID,ITEM_ID,TIMESTAMP\n"
	three  = header + "u1,i1,1700000000\nu2,i2,1700000001\nu1,i2,1700000002\n"
)

func avro(name string, fields ...field) string {
	b, err := json.Marshal(map[string]any{
		"type": "record", "name": name, "namespace": "com.amazonaws.personalize.schema", "fields": fields, "version": "1.0",
	})
	if err != nil {
		panic(err) // strings and booleans
	}
	return string(b)
}

// schema makes a schema.
func (f *fixture) schema(name, text, domain string) string {
	f.Helper()
	out, err := f.CreateSchema(f.ctx, &wire.CreateSchemaRequest{Name: name, Schema: text, Domain: domain})
	f.must(err)
	return out.SchemaArn
}

// group makes a dataset group that is ACTIVE.
func (f *fixture) group(name, domain string) string {
	f.Helper()
	out, err := f.CreateDatasetGroup(f.ctx, &wire.CreateDatasetGroupRequest{Name: name, Domain: domain})
	f.must(err)
	f.advance(out.DatasetGroupArn)
	return out.DatasetGroupArn
}

// dataset makes a dataset that is ACTIVE, with a group and a schema of its
// own.
func (f *fixture) dataset(name, kind, schema string) string {
	f.Helper()
	out, err := f.CreateDataset(f.ctx, &wire.CreateDatasetRequest{
		Name: name, DatasetType: kind, DatasetGroupArn: f.group(name, ""), SchemaArn: f.schema(name, schema, ""),
	})
	f.must(err)
	f.advance(out.DatasetArn)
	return out.DatasetArn
}

// importJob asks for an import job in FULL mode without a role.
func (f *fixture) importJob(name, dataset, location string) (string, error) {
	return f.importBy(wire.CreateDatasetImportJobRequest{
		JobName: name, DatasetArn: dataset, DataSource: &wire.DataSource{DataLocation: location},
	})
}

func (f *fixture) importBy(in wire.CreateDatasetImportJobRequest) (string, error) {
	out, err := f.CreateDatasetImportJob(f.ctx, &in)
	if err != nil {
		return "", err
	}
	return out.DatasetImportJobArn, nil
}

// accepted asks for an import job that must be accepted.
func (f *fixture) accepted(name, dataset, location string) string {
	f.Helper()
	arn, err := f.importJob(name, dataset, location)
	f.must(err)
	return arn
}

// imported runs an import job of the content to its end and checks its status.
func (f *fixture) imported(name, dataset, content string, want bespoke.Status) *wire.DatasetImportJob {
	f.Helper()
	arn := f.accepted(name, dataset, f.put(name+".csv", content))
	f.advance(arn)
	j := f.job(arn)
	if j.Status != string(want) {
		f.Fatalf("the job %s is %s: %s", name, j.Status, j.FailureReason)
	}
	return j
}

func (f *fixture) job(arn string) *wire.DatasetImportJob {
	f.Helper()
	out, err := f.DescribeDatasetImportJob(f.ctx, &wire.DescribeDatasetImportJobRequest{DatasetImportJobArn: arn})
	f.must(err)
	return out.DatasetImportJob
}

func (f *fixture) described(dataset string) *wire.Dataset {
	f.Helper()
	out, err := f.DescribeDataset(f.ctx, &wire.DescribeDatasetRequest{DatasetArn: dataset})
	f.must(err)
	return out.Dataset
}

func (f *fixture) content(dataset string) control.DatasetContent {
	f.Helper()
	c, err := f.service.DatasetContent(f.ctx, bespoke.ARN(dataset))
	f.must(err)
	return c
}

// rows returns n interactions as CSV.
func rows(n int) string {
	var b strings.Builder
	b.WriteString(header)
	for i := range n {
		fmt.Fprintf(&b, "u%d,i%d,%d\n", i%97, i%13, 1_700_000_000+i)
	}
	return b.String()
}
