package control_test

import (
	"fmt"
	"slices"
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
)

// TestListPages walks a list page by page while it grows at its begin: what was
// there is shown once each, newest first.
func TestListPages(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	const n = 7
	var want []string
	for i := range n {
		want = append(want, f.schema(fmt.Sprintf("s%d", i), items, ""))
	}
	slices.Reverse(want)
	var got []string
	size := 3
	for token := ""; ; {
		out, err := f.ListSchemas(f.ctx, &wire.ListSchemasRequest{NextToken: token, MaxResults: &size})
		f.must(err)
		for _, s := range out.Schemas {
			got = append(got, s.SchemaArn)
		}
		if token = out.NextToken; token == "" {
			break
		}
		f.schema(fmt.Sprintf("later%d", len(got)), items, "")
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// TestListTokens uses the token of one list for all others.
func TestListTokens(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	f.group("a", "")
	f.group("b", "")
	size := 1
	out, err := f.ListDatasetGroups(f.ctx, &wire.ListDatasetGroupsRequest{MaxResults: &size})
	f.must(err)
	token := out.NextToken
	group := string(scope.DatasetGroup("a"))
	_, err = f.ListSchemas(f.ctx, &wire.ListSchemasRequest{NextToken: token})
	f.refused(err, bespoke.InvalidNextToken, "nextToken")
	_, err = f.ListDatasets(f.ctx, &wire.ListDatasetsRequest{NextToken: token})
	f.refused(err, bespoke.InvalidNextToken)
	_, err = f.ListDatasets(f.ctx, &wire.ListDatasetsRequest{NextToken: token, DatasetGroupArn: group})
	f.refused(err, bespoke.InvalidNextToken)
	_, err = f.ListDatasetImportJobs(f.ctx, &wire.ListDatasetImportJobsRequest{NextToken: token})
	f.refused(err, bespoke.InvalidNextToken)
	if _, err := f.ListDatasetGroups(f.ctx, &wire.ListDatasetGroupsRequest{NextToken: token}); err != nil {
		t.Errorf("the list's own token is refused: %v", err)
	}
}

// TestListFilter lists the datasets and jobs of one parent only.
func TestListFilter(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	a, b := f.dataset("a", "Interactions", interactions), f.dataset("b", "Interactions", interactions)
	location := f.put("three.csv", three)
	job := f.accepted("of-a", a, location)
	f.accepted("of-b", b, location)
	datasets, err := f.ListDatasets(f.ctx, &wire.ListDatasetsRequest{DatasetGroupArn: string(scope.DatasetGroup("a"))})
	f.must(err)
	if len(datasets.Datasets) != 1 || datasets.Datasets[0].DatasetArn != a || datasets.Datasets[0].DatasetType != "INTERACTIONS" {
		t.Errorf("datasets of a: %+v", datasets.Datasets)
	}
	jobs, err := f.ListDatasetImportJobs(f.ctx, &wire.ListDatasetImportJobsRequest{DatasetArn: a})
	f.must(err)
	if len(jobs.DatasetImportJobs) != 1 || jobs.DatasetImportJobs[0].DatasetImportJobArn != job {
		t.Errorf("jobs of a: %+v", jobs.DatasetImportJobs)
	}
	all, err := f.ListDatasetImportJobs(f.ctx, &wire.ListDatasetImportJobsRequest{})
	f.must(err)
	if len(all.DatasetImportJobs) != 2 {
		t.Errorf("all jobs: %+v", all.DatasetImportJobs)
	}
}
