package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"bespoke/control"
)

const itemsSchema = `{"type":"record","name":"Items","namespace":"com.amazonaws.personalize.schema","version":"1.0",
	"fields":[{"name":"ITEM_ID","type":"string"},{"name":"GENRE","type":"string","categorical":true}]}`

// TestImport imports local files, with a schema and without, and objects that
// are in S3 already.
func TestImport(t *testing.T) {
	t.Parallel()
	p := started(t, t.TempDir())
	code, out, errs := p.imports("--dataset-group", "shop", "--job-name", "first", file(t, "a.csv", goodRows))
	if code != 0 || errs != "" {
		t.Fatalf("status %d, %s", code, errs)
	}
	contains(t, out, "made dataset group arn:aws:personalize:us-east-1:000000000000:dataset-group/shop", "made dataset ",
		"to s3://bespoke-uploads/first/a.csv", "100 %  3 rows")
	code, out, errs = p.imports("--dataset-group", "shop", "--mode", "incremental", "s3://bespoke-uploads/first/")
	if code != 0 || strings.Contains(out, "made") || strings.Contains(out, "uploading") {
		t.Errorf("status %d, %s%s", code, out, errs)
	}
	if c := p.holds("shop/INTERACTIONS"); c.Rows.Bulk != 3 || c.DistinctUsers != 2 {
		t.Errorf("the dataset holds %+v", c)
	}
	code, _, errs = p.imports("--dataset-group", "shop", "--type", "items", "--schema", file(t, "items.avsc", itemsSchema), "--bucket", "another-bucket",
		file(t, "items.csv", "ITEM_ID,GENRE\nitem-one,drama\n"))
	if c := p.holds("shop/ITEMS"); code != 0 || c.Rows.Bulk != 1 {
		t.Errorf("status %d, %s%+v", code, errs, c)
	}
	code, _, errs = p.imports("--dataset-group", "videos", "--domain", "VIDEO_ON_DEMAND",
		file(t, "a.csv", "user_id,\"ITEM_ID\",TIMESTAMP,EVENT_TYPE\r\nu,i,1700000000,Watch\r\n"))
	if c := p.holds("videos/INTERACTIONS"); code != 0 || c.Rows.Bulk != 1 {
		t.Errorf("status %d, %s%+v", code, errs, c)
	}
}

func (p *process) holds(dataset string) control.DatasetContent {
	p.Helper()
	var c control.DatasetContent
	if err := p.client().get(p.Context(), "/bespoke/v1/datasets/"+dataset, &c); err != nil {
		p.Fatal(err)
	}
	return c
}

// TestImportRefused gives the verb what cannot work: it ends with status 1 and
// says what to do.
func TestImportRefused(t *testing.T) {
	t.Parallel()
	p := started(t, t.TempDir())
	f := func(want string, args ...string) {
		t.Helper()
		code, _, errs := p.imports(append([]string{"--dataset-group", "shop"}, args...)...)
		if code != 1 {
			t.Errorf("%v: status %d", args, code)
		}
		contains(t, errs, "bespoke import: ", want)
	}
	f("no such file", "/nowhere/a.csv")
	f(`column "COLOUR" cannot be known`, file(t, "a.csv", "USER_ID,ITEM_ID,TIMESTAMP,COLOUR\n"))
	f("give the Avro schema of the file with --schema", "--type", "users", file(t, "a.csv", "USER_ID,AGE\n"))
	f("give the Avro schema of the file with --schema", "s3://bucket/a.csv")
	f("no such file", "--schema", "/nowhere/a.avsc", file(t, "a.csv", goodRows))
	if code, _, errs := p.imports("--dataset-group", "shop", file(t, "a.csv", goodRows)); code != 0 {
		t.Fatal(errs)
	}
	f("There is no object s3://bespoke-uploads/none.csv", "s3://bespoke-uploads/none.csv")
	f("The bucket no-such-bucket does not exist", "s3://no-such-bucket/a.csv")
	f("missing the following columns: [ITEM_ID, TIMESTAMP]", file(t, "a.csv", "USER_ID\nu\n"))
	f("role/none", "--role", "arn:aws:iam::000000000000:role/none", file(t, "a.csv", goodRows))
	f("line 3, column TIMESTAMP, value \"soon\"", file(t, "a.csv", strings.Replace(goodRows, "1700000001", "soon", 1)))
	code, _, errs := command(t, nil, "import", "--data", t.TempDir(), file(t, "a.csv", goodRows))
	if code != 1 {
		t.Errorf("without a server: status %d", code)
	}
	contains(t, errs, "no server is running on the data folder")
}

// TestImportJSON prints the outcome and nothing else, also of a job that fails.
func TestImportJSON(t *testing.T) {
	t.Parallel()
	p := started(t, t.TempDir())
	f := func(content string, code int, status string) (got jobProgress) {
		t.Helper()
		got.Status = "none"
		c, out, errs := p.imports("--json", file(t, "a.csv", content))
		if err := json.Unmarshal([]byte(out), &got); err != nil || c != code || string(got.Status) != status || got.Phase != "DONE" {
			t.Errorf("status %d, %v: %s%s", c, err, out, errs)
		}
		return got
	}
	if got := f(goodRows, 0, "ACTIVE"); got.Rows.Accepted != 3 || got.FailureReason != "" {
		t.Errorf("got %+v", got)
	}
	if got := f("USER_ID,ITEM_ID,TIMESTAMP\nu,i,\n", 1, "CREATE FAILED"); len(got.RejectedRows) != 1 || got.FailureReason == "" {
		t.Errorf("got %+v", got)
	}
}

// TestImportLarge uploads a file in several parts.
func TestImportLarge(t *testing.T) {
	t.Parallel()
	p := started(t, t.TempDir())
	const n = 500_000
	var b strings.Builder
	b.WriteString("USER_ID,ITEM_ID,TIMESTAMP\n")
	for i := range n {
		fmt.Fprintf(&b, "user-%d,item-with-a-long-name,%d\n", i%10, 1_700_000_000+i)
	}
	code, _, errs := p.imports("--dataset-group", "shop", file(t, "a.csv", b.String()))
	if c := p.holds("shop/INTERACTIONS"); code != 0 || c.Rows.Bulk != n || b.Len() < 16<<20 {
		t.Errorf("status %d, %s: %d rows of %d bytes", code, errs, c.Rows.Bulk, b.Len())
	}
}
