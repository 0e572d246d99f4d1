package control_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/control"
)

// traces returns the files below dir that hold text, also compressed, but for
// the user's own buckets.
func traces(t *testing.T, dir, text string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && d.Name() == "buckets" {
				return filepath.SkipDir
			}
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		switch {
		case strings.HasSuffix(path, ".gz"):
			r, err := gzip.NewReader(bytes.NewReader(raw))
			if err != nil {
				return err
			}
			if raw, err = io.ReadAll(r); err != nil {
				return err
			}
		case strings.HasSuffix(path, ".parquet"):
			raw = append(raw, parquetText(t, path)...)
		}
		if bytes.Contains(raw, []byte(text)) {
			found = append(found, strings.TrimPrefix(path, dir))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func parquetText(t *testing.T, path string) string {
	t.Helper()
	r, err := file.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	pr, err := pqarrow.NewFileReader(r, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	table, err := pr.ReadTable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	var out strings.Builder
	for i := range int(table.NumCols()) {
		for _, c := range table.Column(i).Data().Chunks() {
			for k := range c.Len() {
				out.WriteString(c.ValueStr(k) + "\n")
			}
		}
	}
	return out.String()
}

// reader makes a role that may read below lists/.
func (f *fixture) reader() string {
	f.Helper()
	return f.role("reader", `["s3:GetObject","s3:ListBucket"]`, `["arn:aws:s3:::shop-data","arn:aws:s3:::shop-data/lists/*"]`)
}

func (f *fixture) deleteUsers(name, group, location, role string) (string, error) {
	out, err := f.CreateDataDeletionJob(f.ctx, &wire.CreateDataDeletionJobRequest{
		JobName: name, DatasetGroupArn: string(scope.DatasetGroup(group)), RoleArn: role, DataSource: &wire.DataSource{DataLocation: location},
	})
	if err != nil {
		return "", err
	}
	return out.DataDeletionJobArn, nil
}

func (f *fixture) deletion(arn string) *wire.DataDeletionJob {
	f.Helper()
	out, err := f.DescribeDataDeletionJob(f.ctx, &wire.DescribeDataDeletionJobRequest{DataDeletionJobArn: arn})
	f.must(err)
	return out.DataDeletionJob
}

// TestDeletion deletes a user from bulk, individual and live data, from earlier
// states, reports, rejected rows and metadata, and searches every file.
func TestDeletion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := openIn(t, dir, func(c *control.Config) {
		c.MaxBadShare, c.RejectedDir, c.TempDir = 0.5, filepath.Join(dir, "rejected"), filepath.Join(dir, "tmp")
		f := []string{c.RejectedDir, c.TempDir}
		for _, d := range f {
			if err := os.Mkdir(d, 0o700); err != nil {
				t.Fatal(err)
			}
		}
	})
	const victim = "victim-0815-of-tests"
	dataset := f.dataset("shop", "Interactions", interactions)
	people := f.inGroup("shop", "Users", users)
	other := f.dataset("other", "Interactions", interactions)
	f.imported("old", dataset, header+victim+",i1,1700000000\nu2,i1,1700000000\n", bespoke.Active)
	f.imported("new", dataset, header+victim+",i2,1700000000\n"+victim+",i3,1700000001\nu2,i2,1700000001\nu3,i3,yesterday\n"+victim+",i4,tomorrow\n", bespoke.Active)
	failed := f.imported("failed", dataset, header+victim+"\n", bespoke.CreateFailed)
	f.imported("people", people, "USER_ID,AGE\n"+victim+",30\nu2,31\n", bespoke.Active)
	f.imported("elsewhere", other, header+"somebody,i1,1700000000\n", bespoke.Active)
	tracker, err := f.CreateEventTracker(f.ctx, &wire.CreateEventTrackerRequest{Name: "t", DatasetGroupArn: string(scope.DatasetGroup("shop"))})
	f.must(err)
	f.advance(tracker.EventTrackerArn)
	put := func(user, session, item string) {
		t.Helper()
		f.must(f.PutEvents(f.ctx, &wire.PutEventsRequest{TrackingId: tracker.TrackingId, UserId: user, SessionId: session,
			EventList: []wire.Event{{EventType: "click", ItemId: item, SentAt: wire.Timestamp{Time: time.Unix(1700000100, 0)}}}}))
	}
	put("", "session-of-victim", "i5") // before the user was known
	put(victim, "session-of-victim", "i6")
	put("u2", "session-of-u2", "i6")
	f.must(f.events.Flush(f.ctx, bespoke.ARN(dataset)))
	put(victim, "another-session", "i7") // not in the table yet
	f.must(f.PutUsers(f.ctx, &wire.PutUsersRequest{DatasetArn: people, Users: []wire.User{{UserId: victim, Properties: `{"age": 40}`}}}))
	if found := traces(t, dir, victim); len(found) < 6 {
		t.Fatalf("the search does not find the user: %q", found)
	}
	f.put("lists/deep/er/users.csv", "USER_ID\n\""+victim+"\"\nnobody\nsomebody\n")
	f.put("lists/readme.txt", "not a list")
	arn, err := f.deleteUsers("delete", "shop", "s3://shop-data/lists/", f.reader())
	f.must(err)
	if j := f.deletion(arn); j.Status != "PENDING" || j.NumDeleted != nil || j.DataSource.DataLocation != "s3://shop-data/lists/" || j.DatasetGroupArn != string(scope.DatasetGroup("shop")) {
		t.Errorf("the job is %+v", j)
	}
	f.advance(arn)
	j := f.deletion(arn)
	// Two imported rows, three events and one of a session; two records of the user.
	if j.Status != "COMPLETED" || j.NumDeleted == nil || *j.NumDeleted != 2+3+2 {
		t.Fatalf("%s: %s; deleted %v", j.Status, j.FailureReason, j.NumDeleted)
	}
	for _, text := range []string{victim, "session-of-victim", "another-session"} {
		if found := traces(t, dir, text); len(found) > 0 {
			t.Errorf("%s is left in %q", text, found)
		}
	}
	if c := f.content(dataset); c.Rows.Bulk != 1 || c.Rows.Put != 1 {
		t.Errorf("the dataset holds %+v", c.Rows)
	}
	if c := f.content(other); c.Rows.Bulk != 1 {
		t.Errorf("the other group holds %+v", c.Rows)
	}
	if i := f.job(failed.DatasetImportJobArn); i.Status != "CREATE FAILED" || !strings.Contains(i.FailureReason, "withheld") {
		t.Errorf("the failed import says %q", i.FailureReason)
	}
	f.advance(arn) // settled

	// The same file may be used again.
	again, err := f.deleteUsers("again", "shop", "s3://shop-data/lists/deep/er/users.csv", "arn:aws:iam::000000000000:role/reader")
	f.must(err)
	f.advance(again)
	if j := f.deletion(again); j.Status != "COMPLETED" || *j.NumDeleted != 0 {
		t.Errorf("%+v", j)
	}
	list, err := f.ListDataDeletionJobs(f.ctx, &wire.ListDataDeletionJobsRequest{DatasetGroupArn: string(scope.DatasetGroup("shop"))})
	f.must(err)
	if len(list.DataDeletionJobs) != 2 || list.DataDeletionJobs[0].DataDeletionJobArn != again {
		t.Errorf("listed %+v", list.DataDeletionJobs)
	}
}

// TestDeletionRefused makes calls that cannot be answered with a job, and jobs
// that fail.
func TestDeletionRefused(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *control.Config) { c.Limits.DeletionJobs = 2 })
	dataset := f.dataset("shop", "Interactions", interactions)
	role := f.reader()
	refused := func(location, role string, code bespoke.Code, texts ...string) {
		t.Helper()
		_, err := f.deleteUsers("j", "shop", location, role)
		f.refused(err, code, texts...)
	}
	good := f.put("lists/users.csv", "USER_ID\nu1\n")
	refused("https://shop-data/lists/", role, bespoke.InvalidInput, "Invalid Data location")
	refused("s3://shop-data/lists/none.csv", role, bespoke.InvalidInput, "There is no object")
	refused("s3://shop-data/lists/empty/", role, bespoke.InvalidInput, "no objects that end in .csv")
	refused(f.put("secret.csv", "USER_ID\nu1\n"), role, bespoke.InvalidInput, "Insufficient privileges")
	refused(good, role+"x", bespoke.InvalidInput, "does not exist")
	refused(f.put("lists/wrong.csv", three), role, bespoke.InvalidInput, "USER_ID,ITEM_ID,TIMESTAMP", "single column USER_ID")
	refused(f.put("lists/large.csv", "USER_ID\n"+strings.Repeat("u\n", 51<<20)), role, bespoke.InvalidInput, "more than 100 MiB")
	f.remove("lists/large.csv")
	_, err := f.deleteUsers("j", "none", good, role)
	f.refused(err, bespoke.NotFound)

	first, err := f.deleteUsers("j", "shop", good, role)
	f.must(err)
	refused(good, role, bespoke.AlreadyExists)
	second, err := f.deleteUsers("k", "shop", f.put("lists/bad.csv", "USER_ID\nu1\n\"broken\n"), role)
	f.must(err)
	_, err = f.deleteUsers("l", "shop", good, role)
	f.refused(err, bespoke.LimitExceeded, "2 pending data deletion jobs")
	f.refused(f.DeleteDataset(f.ctx, &wire.DeleteDatasetRequest{DatasetArn: dataset}), bespoke.InUse, first)

	// An import that was asked for before it ends first.
	late := f.accepted("late", dataset, f.put("late.csv", three))
	f.ahead.Store(int64(time.Second))
	f.advance(first) // was asked for before the import: does not wait
	third, err := f.deleteUsers("n", "shop", good, role)
	f.must(err)
	if err := f.service.Advance(f.Context(), bespoke.ARN(third)); err == nil {
		t.Error("the deletion did not wait")
	}
	f.advance(late)
	f.advance(third)
	if j := f.deletion(third); j.Status != "COMPLETED" || *j.NumDeleted != 2 {
		t.Errorf("%s: %s", j.Status, j.FailureReason)
	}
	f.advance(second)
	if j := f.deletion(second); j.Status != "FAILED" || j.NumDeleted != nil || !strings.Contains(j.FailureReason, "lists/bad.csv line 3") {
		t.Errorf("%s: %s", j.Status, j.FailureReason)
	}
	_, err = f.DescribeDataDeletionJob(f.ctx, &wire.DescribeDataDeletionJobRequest{DataDeletionJobArn: string(scope.DeletionJob("none"))})
	f.refused(err, bespoke.NotFound)
}

// TestDeletionOfMany has more users than are looked for at a time.
func TestDeletionOfMany(t *testing.T) {
	if testing.Short() {
		t.Skip("writes half a million users")
	}
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", interactions)
	f.imported("rows", dataset, header+"u0,i,1\nu499999,i,1\nu500001,i,1\nu600000,i,1\n", bespoke.Active)
	var b strings.Builder
	b.WriteString("USER_ID\n")
	for i := range 510_000 {
		fmt.Fprintf(&b, "u%d\n", i)
	}
	arn, err := f.deleteUsers("j", "shop", f.put("lists/many.csv", b.String()), f.reader())
	f.must(err)
	f.advance(arn)
	if j := f.deletion(arn); j.Status != "COMPLETED" || *j.NumDeleted != 3 {
		t.Errorf("%s: %s: %v", j.Status, j.FailureReason, j.NumDeleted)
	}
}
