package control_test

import (
	"bytes"
	"compress/gzip"
	"testing"

	"bespoke"
	"bespoke/control"
)

func gzipped(tb testing.TB, text string) string {
	tb.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}

// TestFormats imports a folder of several formats, which the create call looks
// into. With strict limits that call refuses all but plain CSV.
func TestFormats(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	for key, content := range map[string]string{
		"day/a.csv": three, "day/b": gzipped(t, "USER_ID,ITEM_ID,TIMESTAMP\nu7,i7,1700000007\n"),
		"day/c": `{"user_id":"u8","item_id":"i8","timestamp":1700000008}` + "\n",
		"bad":   gzipped(t, "USER_ID,TIMESTAMP\n"),
	} {
		f.put(key, content)
	}
	job := f.accepted("mixed", dataset, "s3://"+bucket+"/day/")
	f.advance(job)
	if j := f.job(job); j.Status != string(bespoke.Active) {
		t.Fatalf("the job is %s: %s", j.Status, j.FailureReason)
	}
	if c := f.content(dataset); c.Rows.Bulk != 5 {
		t.Errorf("the dataset has %d rows, want 5", c.Rows.Bulk)
	}
	if p, err := f.service.ImportProgress(f.ctx, bespoke.ARN(job)); err != nil || p.Bytes.Done != p.Bytes.Expected {
		t.Errorf("progress %+v, %v", p, err)
	}
	_, err := f.importJob("lacking", dataset, "s3://"+bucket+"/bad")
	f.refused(err, bespoke.InvalidInput, "missing the following columns: [ITEM_ID]")

	f = open(t, func(c *control.Config) { c.Limits.CSVOnly = bespoke.StrictLimits().CSVOnly })
	dataset = f.dataset("shop", "Interactions", interactions)
	_, err = f.importJob("packed", dataset, f.put("b", gzipped(t, three)))
	f.refused(err, bespoke.InvalidInput, "it is compressed with gzip; decompress it")
}
