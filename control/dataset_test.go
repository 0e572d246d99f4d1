package control_test

import (
	"testing"

	"bespoke"
	"bespoke/awsapi/wire"
)

func (f *fixture) update(dataset, schema string) error {
	_, err := f.UpdateDataset(f.ctx, &wire.UpdateDatasetRequest{DatasetArn: dataset, SchemaArn: schema})
	return err
}

// TestSchemaReplacement adds a nullable column, the one thing that another
// schema may do, after everything that it may not.
func TestSchemaReplacement(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Items", items)
	f.imported("before", dataset, "ITEM_ID,GENRE\ni1,drama\n", bespoke.Active)
	id, genre := field{Name: "ITEM_ID", Type: "string"}, field{Name: "GENRE", Type: "string", Categorical: true}
	for name, c := range map[string]struct {
		fields []field
		text   string
	}{
		"not-null":  {[]field{id, genre, {Name: "PRICE", Type: "float"}}, "must allow null"},
		"missing":   {[]field{id, {Name: "PRICE", Type: []string{"null", "float"}}}, "field GENRE is missing"},
		"type":      {[]field{id, {Name: "GENRE", Type: "int"}}, "field GENRE ("},
		"nullable":  {[]field{id, {Name: "GENRE", Type: maybeString, Categorical: true}}, "field GENRE ("},
		"attribute": {[]field{id, {Name: "GENRE", Type: "string"}, {Name: "PRICE", Type: []string{"null", "float"}}}, "field GENRE ("},
	} {
		f.refused(f.update(dataset, f.schema(name, avro("Items", c.fields...), "")), bespoke.InvalidInput, c.text)
	}
	if d := f.described(dataset); d.Status != "ACTIVE" || d.LatestDatasetUpdate != nil {
		t.Fatalf("refused updates left %+v", d)
	}
	wider := f.schema("wider", avro("Items", field{Name: "PRICE", Type: []string{"null", "float"}}, id, genre), "")
	f.must(f.update(dataset, wider))
	f.refused(f.update(dataset, wider), bespoke.InUse, "UPDATE PENDING", "Wait until it is ACTIVE.")
	_, err := f.importJob("during", dataset, f.put("during.csv", "ITEM_ID,GENRE\ni2,drama\n"))
	f.refused(err, bespoke.InUse, "UPDATE PENDING")
	f.refused(f.DeleteSchema(f.ctx, &wire.DeleteSchemaRequest{SchemaArn: wider}), bespoke.InUse, dataset)
	f.advance(dataset)
	d := f.described(dataset)
	if d.Status != "ACTIVE" || d.SchemaArn != wider || d.LatestDatasetUpdate == nil || d.LatestDatasetUpdate.Status != "ACTIVE" {
		t.Fatalf("after the update: %+v", d)
	}
	f.must(f.DeleteSchema(f.ctx, &wire.DeleteSchemaRequest{SchemaArn: string(scope.Schema("shop"))}))
	if c := f.content(dataset); c.Rows.Bulk != 1 {
		t.Errorf("the update left %d rows", c.Rows.Bulk)
	}
	_, err = f.importJob("narrow", dataset, f.put("narrow.csv", "ITEM_ID,GENRE\ni2,drama\n"))
	f.refused(err, bespoke.InvalidInput, "Input csv is missing the following columns: [PRICE]")
	f.imported("after", dataset, "ITEM_ID,GENRE,PRICE\ni2,drama,\ni3,drama,9.5\n", bespoke.Active)
}

// TestSchemaReplacementByType replaces the schemas of types that cannot have
// another.
func TestSchemaReplacementByType(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	f.refused(f.update(dataset, string(scope.Schema("shop"))), bespoke.InvalidInput, "INTERACTIONS", "only Items and Users")
	people := f.dataset("people", "Users", users)
	f.refused(f.update(people, f.schema("items", items, "")), bespoke.InvalidInput, `"Users"`)
	f.refused(f.update(people, string(scope.Schema("none"))), bespoke.NotFound)
}

// TestDomainGroups makes datasets whose schemas are of another domain, or of a
// type that domains do not have.
func TestDomainGroups(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	group := f.group("videos", "VIDEO_ON_DEMAND")
	custom := f.schema("custom", interactions, "")
	create := func(kind, schema string) error {
		_, err := f.CreateDataset(f.ctx, &wire.CreateDatasetRequest{Name: "d", DatasetType: kind, DatasetGroupArn: group, SchemaArn: schema})
		return err
	}
	f.refused(create("Interactions", custom), bespoke.InvalidInput, "without a domain (Custom)", "VIDEO_ON_DEMAND")
	withType := avro("Interactions", field{Name: "USER_ID", Type: "string"}, field{Name: "ITEM_ID", Type: "string"},
		field{Name: "TIMESTAMP", Type: "long"}, field{Name: "EVENT_TYPE", Type: "string"})
	f.refused(create("Interactions", f.schema("shop", withType, "ECOMMERCE")), bespoke.InvalidInput, "ECOMMERCE", "VIDEO_ON_DEMAND")
	video := f.schema("video", withType, "VIDEO_ON_DEMAND")
	f.must(create("Interactions", video))
	_, err := f.CreateSchema(f.ctx, &wire.CreateSchemaRequest{Name: "lacks", Schema: interactions, Domain: "VIDEO_ON_DEMAND"})
	f.refused(err, bespoke.InvalidInput, "EVENT_TYPE")
	other := avro("Anything", field{Name: "ACTION_ID", Type: "string"}, field{Name: "KIND", Type: "string", Categorical: true})
	f.refused(create("Actions", f.schema("actions", other, "VIDEO_ON_DEMAND")), bespoke.InvalidInput, "cannot have a dataset of type ACTIONS")
}

// TestActionInteractions is about the one type whose datasets have tracking
// IDs.
func TestActionInteractions(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "action_INTERACTIONS", avro("ActionInteractions", field{Name: "USER_ID", Type: "string"},
		field{Name: "ACTION_ID", Type: "string"}, field{Name: "EVENT_TYPE", Type: "string"}, field{Name: "TIMESTAMP", Type: "long"}))
	if d := f.described(dataset); len(d.TrackingId) != 36 || d.DatasetType != "ACTION_INTERACTIONS" {
		t.Errorf("the dataset is %+v", d)
	}
	if d := f.described(f.dataset("other", "Items", items)); d.TrackingId != "" {
		t.Errorf("a dataset of items has the tracking ID %s", d.TrackingId)
	}
}

// TestDeleteWhileImporting deletes a dataset at every stage of an import.
func TestDeleteWhileImporting(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	remove := func() error { return f.DeleteDataset(f.ctx, &wire.DeleteDatasetRequest{DatasetArn: dataset}) }
	job := f.accepted("job", dataset, f.put("three.csv", three))
	f.refused(remove(), bespoke.InUse, job, "wait until it has finished")
	f.must(f.store.Move(f.ctx, bespoke.ARN(job), bespoke.CreatePending, bespoke.CreateInProgress, ""))
	f.refused(remove(), bespoke.InUse, job)
	f.advance(job)
	f.refused(f.DeleteDatasetGroup(f.ctx, &wire.DeleteDatasetGroupRequest{DatasetGroupArn: string(scope.DatasetGroup("shop"))}), bespoke.InUse, dataset)
	f.must(remove())
	f.refused(remove(), bespoke.InUse, "DELETE PENDING", "It is being deleted.")
	_, err := f.importJob("late", dataset, "s3://shop-data/three.csv")
	f.refused(err, bespoke.InUse, "DELETE PENDING")
	f.advance(dataset)
	_, err = f.DescribeDataset(f.ctx, &wire.DescribeDatasetRequest{DatasetArn: dataset})
	f.refused(err, bespoke.NotFound, dataset)
	_, err = f.DescribeDatasetImportJob(f.ctx, &wire.DescribeDatasetImportJobRequest{DatasetImportJobArn: job})
	f.refused(err, bespoke.NotFound, job)
	f.advance(dataset) // its job may be run again, and finds nothing to do
	f.advance(job)
}
