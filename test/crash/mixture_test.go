package crash_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bespoke"
)

// mixture is a dataset group whose datasets get rows by imports and one by one, in
// several lives of a server.
type mixture struct {
	*world
	unions         []*union
	group          string // ARN
	tracking, role string

	at   int     // the place of the next row
	made int     // jobs so far
	lost *change // the last call of a life, whose answer did not come
	open []string
	// what came of it
	imports, puts, adopted, interrupted int
}

// TestKillMixture runs imports of both modes and Put calls in random order, and kills the
// server in their midst, in the midst of an export, and in that of a data deletion. After
// each kill exports of every mode have what the rules about two stores make of the calls
// that were answered, in their order, and of a call without an answer all or nothing. Jobs
// that were interrupted come to the end that they would have had.
func TestKillMixture(t *testing.T) {
	t.Parallel()
	lives := max(2, *kills/10)
	if testing.Short() {
		lives = 2
	}
	first := *seed
	if first == 0 {
		first = rand.Uint64()
	}
	t.Logf("-crash.seed %d", first)
	dir := t.TempDir()
	m := &mixture{unions: newUnions(), at: 1, world: &world{t: t, rng: rand.New(rand.NewPCG(first, 77)), data: filepath.Join(dir, "data"), log: filepath.Join(dir, "log"),
		statuses: map[string]string{}, tally: map[stage]int{}}}
	s := m.start()
	m.prepare(s)
	user := ""
	for range lives {
		m.live(s)
		s = m.start()
		m.settle(s)
		m.compare(s)
		s = m.killInExport(s)
		s, user = m.killInDeletion(s)
		m.compare(s)
		m.readLog()
		if t.Failed() {
			break
		}
	}
	m.must(s.stop())
	m.readLog()
	if found := m.traces(user); len(found) > 0 {
		t.Errorf("%s was deleted and is in %q", user, found)
	}
	t.Logf("%d imports, %d Put calls, %d calls without an answer that were done, %d of %d jobs interrupted", m.imports, m.puts, m.adopted, m.interrupted, 2*lives)
}

// prepare makes the datasets, each with an import in it.
func (m *mixture) prepare(s *server) {
	m.t.Helper()
	ctx := m.t.Context()
	m.must(s.put(ctx, bucket, nil))
	m.must(s.iam(ctx, url.Values{"Action": {"CreateRole"}, "RoleName": {"jobs"}, "AssumeRolePolicyDocument": {
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"personalize.amazonaws.com"},"Action":"sts:AssumeRole"}}`}}))
	m.must(s.iam(ctx, url.Values{"Action": {"PutRolePolicy"}, "RoleName": {"jobs"}, "PolicyName": {"all"}, "PolicyDocument": {
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`}}))
	m.role = "arn:aws:iam::000000000000:role/jobs"
	var err error
	m.group, err = s.createGroup(ctx, "mixture")
	m.must(err)
	m.must(m.await(ctx, s, "DatasetGroup", m.group, "ACTIVE"))
	for _, u := range m.unions {
		var made struct{ SchemaArn string }
		m.must(s.call(ctx, "CreateSchema", fields{"name": strings.ToLower(string(u.typ)), "schema": u.schema}, &made))
		u.arn, err = s.createDataset(ctx, m.group, u.typ, made.SchemaArn)
		m.must(err)
		m.must(m.await(ctx, s, "Dataset", u.arn, "ACTIVE"))
		m.must(m.change(ctx, s, m.importInto(u, bespoke.Full)))
	}
	var made struct{ EventTrackerArn, TrackingID string }
	m.must(s.call(ctx, "CreateEventTracker", fields{"name": "mixture", "datasetGroupArn": m.group}, &made))
	m.must(m.await(ctx, s, "EventTracker", made.EventTrackerArn, "ACTIVE"))
	m.tracking = made.TrackingID
	m.settle(s)
}

// live makes one call after another, and kills the server in the midst.
func (m *mixture) live(s *server) {
	m.t.Helper()
	after := 50*time.Millisecond + time.Duration(m.rng.Float64()*float64(500*time.Millisecond))
	ctx, done := m.killable()
	var calls sync.WaitGroup
	calls.Go(func() {
		for {
			if err := m.step(ctx, s); err != nil {
				m.unexpected(s, err)
				return
			}
			wait(2 * time.Millisecond) // arrivals are told apart by the millisecond
		}
	})
	wait(after)
	m.must(s.kill())
	done()
	calls.Wait()
}

func (m *mixture) step(ctx context.Context, s *server) error {
	u := m.unions[m.rng.IntN(len(m.unions))]
	switch m.rng.IntN(12) {
	case 0:
		var content any // asking what a dataset holds has its records join the table
		return s.get(ctx, "datasets/mixture/"+string(u.typ), &content)
	case 1:
		return m.change(ctx, s, m.importInto(u, []bespoke.ImportMode{bespoke.Full, bespoke.Incremental, bespoke.Incremental}[m.rng.IntN(3)]))
	}
	rows := u.rows(m.rng, 40, m.at)
	if u.typ == bespoke.Interactions { // a call is of one user
		user, _, _ := strings.Cut(rows[0], ",")
		rows = slices.DeleteFunc(rows, func(row string) bool { return !strings.HasPrefix(row, user+",") })
	}
	return m.change(ctx, s, &change{to: u, rows: rows[:min(len(rows), 1+m.rng.IntN(5))]})
}

func (m *mixture) importInto(u *union, mode bespoke.ImportMode) *change {
	m.made++
	job := fmt.Sprintf("arn:aws:personalize:us-east-1:000000000000:dataset-import-job/job-%d", m.made)
	return &change{to: u, job: job, mode: mode, rows: u.rows(m.rng, 20+m.rng.IntN(200), m.at)}
}

// change makes a call and notes what became of it.
func (m *mixture) change(ctx context.Context, s *server, c *change) error {
	if c.job != "" {
		name := bespoke.ARN(c.job).Name()
		if err := s.put(ctx, bucket+"/"+name+".csv", []byte(c.to.header+"\n"+strings.Join(c.rows, "\n")+"\n")); err != nil {
			return err
		}
		m.lost = c
		if err := s.call(ctx, "CreateDatasetImportJob", fields{"jobName": name, "datasetArn": c.to.arn, "importMode": c.mode,
			"dataSource": fields{"dataLocation": "s3://" + bucket + "/" + name + ".csv"}}, nil); err != nil {
			return err
		}
	} else {
		var records []fields
		for _, row := range c.rows {
			records = append(records, c.to.record(row))
		}
		m.lost = c
		path, in := "/items", fields{"datasetArn": c.to.arn, "items": records}
		if c.to.typ == bespoke.Interactions {
			user, _, _ := strings.Cut(c.rows[0], ",")
			path, in = "/events", fields{"trackingId": m.tracking, "userId": user, "sessionId": "of " + user, "eventList": records}
		}
		if err := s.post(ctx, path, in, nil); err != nil {
			return err
		}
	}
	m.done(c)
	return nil
}

// done puts a change into the model.
func (m *mixture) done(c *change) {
	if c.job != "" {
		m.open = append(m.open, c.job)
		m.imports++
	} else {
		m.puts++
	}
	c.to.apply(c, m.at)
	m.at += len(c.rows)
	m.lost = nil
}

// settle finds out what became of the call without an answer, and waits for all imports.
func (m *mixture) settle(s *server) {
	m.t.Helper()
	if c := m.lost; c != nil {
		there := false
		if c.job != "" {
			_, err := s.describe(m.t.Context(), "DatasetImportJob", c.job)
			if there = !notFound(err); there {
				m.must(err)
			}
		} else {
			there = slices.Contains(m.export(s, c.to, "PUT"), c.rows[0])
		}
		if m.lost = nil; there {
			m.done(c)
			m.adopted++
		}
	}
	for _, job := range m.open {
		m.must(m.await(m.t.Context(), s, "DatasetImportJob", job, "ACTIVE"))
	}
	m.open = nil
}

// compare compares exports of every mode with the model.
func (m *mixture) compare(s *server) {
	m.t.Helper()
	for _, u := range m.unions {
		for _, mode := range []string{"BULK", "PUT", "ALL"} {
			if got, want := m.export(s, u, mode), u.export(mode); !slices.Equal(got, want) {
				m.t.Errorf("%s of %s: %s", mode, u.typ, difference(got, want))
			}
		}
	}
}

// export runs an export job and returns its rows, sorted.
func (m *mixture) export(s *server, u *union, mode string) []string {
	m.t.Helper()
	name := m.createExport(s, u, mode)
	m.must(m.await(m.t.Context(), s, "DatasetExportJob", exportARN(name), "ACTIVE"))
	return m.exported(s, u, name)
}

func exportARN(name string) string {
	return "arn:aws:personalize:us-east-1:000000000000:dataset-export-job/" + name
}

func (m *mixture) createExport(s *server, u *union, mode string) (name string) {
	m.t.Helper()
	m.made++
	name = fmt.Sprintf("export-%d", m.made)
	m.must(s.call(m.t.Context(), "CreateDatasetExportJob", fields{"jobName": name, "datasetArn": u.arn, "ingestionMode": mode, "roleArn": m.role,
		"jobOutput": fields{"s3DataDestination": fields{"path": "s3://" + bucket + "/exports"}}}, nil))
	return name
}

// exported reads the rows of an export that has ended.
func (m *mixture) exported(s *server, u *union, name string) []string {
	m.t.Helper()
	var result struct{ Rows, Objects int }
	m.must(s.get(m.t.Context(), "dataset-export-jobs/"+name, &result))
	rows := []string{}
	for n := range result.Objects {
		b, err := s.object(m.t.Context(), fmt.Sprintf("%s/exports/%s/part-%05d.csv", bucket, name, n))
		m.must(err)
		lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
		if lines[0] != u.header {
			m.t.Errorf("%s begins with %q", name, lines[0])
		}
		rows = append(rows, lines[1:]...)
	}
	if len(rows) != result.Rows {
		m.t.Errorf("%s has %d rows, and tells of %d", name, len(rows), result.Rows)
	}
	slices.Sort(rows)
	return rows
}

// killInExport kills the server soon after it has accepted an export job, and returns the
// next one.
func (m *mixture) killInExport(s *server) *server {
	m.t.Helper()
	u := m.unions[m.rng.IntN(len(m.unions))]
	mode := []string{"BULK", "PUT", "ALL"}[m.rng.IntN(3)]
	name := m.createExport(s, u, mode)
	s = m.killSoon(s, func(r *rest) (bespoke.Status, error) {
		j, err := r.store.ExportJob(m.t.Context(), bespoke.ARN(exportARN(name)))
		return j.Status, err
	})
	m.must(m.await(m.t.Context(), s, "DatasetExportJob", exportARN(name), "ACTIVE"))
	if got, want := m.exported(s, u, name), u.export(mode); !slices.Equal(got, want) {
		m.t.Errorf("after a kill %s of %s: %s", mode, u.typ, difference(got, want))
	}
	return s
}

// killInDeletion has a user deleted and kills the server soon after it has accepted the
// job. It returns the next server, which has completed it, and the user.
func (m *mixture) killInDeletion(s *server) (_ *server, user string) {
	m.t.Helper()
	ctx := m.t.Context()
	m.made++
	name := fmt.Sprintf("deletion-%d", m.made)
	user = fmt.Sprintf("leaver-%d", m.rng.IntN(leavers))
	m.must(s.put(ctx, bucket+"/"+name+"/users.csv", []byte("USER_ID\n"+user+"\n")))
	m.must(s.call(ctx, "CreateDataDeletionJob", fields{"jobName": name, "datasetGroupArn": m.group, "roleArn": m.role,
		"dataSource": fields{"dataLocation": "s3://" + bucket + "/" + name + "/"}}, nil))
	arn := "arn:aws:personalize:us-east-1:000000000000:data-deletion-job/" + name
	s = m.killSoon(s, func(r *rest) (bespoke.Status, error) {
		j, err := r.store.DeletionJob(ctx, bespoke.ARN(arn))
		return j.Status, err
	})
	want := 0
	for _, u := range m.unions {
		want += u.remove(user)
	}
	var got struct {
		DataDeletionJob struct {
			Status, FailureReason string
			NumDeleted            int
		}
	}
	for late := time.Now().Add(settleWithin); ; wait(5 * time.Millisecond) {
		m.must(s.call(ctx, "DescribeDataDeletionJob", fields{"dataDeletionJobArn": arn}, &got))
		if got.DataDeletionJob.Status == "COMPLETED" {
			break
		}
		if got.DataDeletionJob.Status == "FAILED" || time.Now().After(late) {
			m.t.Fatalf("%s is %+v", name, got.DataDeletionJob)
		}
	}
	if n := got.DataDeletionJob.NumDeleted; n != want {
		m.t.Errorf("%s has deleted %d records of %s, want %d", name, n, user, want)
	}
	return s, user
}

// killSoon kills a server that has accepted a job, counts whether the job was under way,
// and returns the next server.
func (m *mixture) killSoon(s *server, status func(*rest) (bespoke.Status, error)) *server {
	m.t.Helper()
	wait(time.Duration(m.rng.Float64() * float64(20*time.Millisecond)))
	m.must(s.kill())
	r, err := openRest(m.t.Context(), m.data, m.t.TempDir())
	m.must(err)
	was, err := status(r)
	m.must(err)
	m.must(r.close())
	if !was.Settled() {
		m.interrupted++
	}
	return m.start()
}

// traces returns the files of a stopped server's folder that have a text, but for
// buckets. It does not look into compressed ones; of tables exports tell more.
func (m *mixture) traces(text string) (found []string) {
	m.t.Helper()
	m.must(filepath.WalkDir(m.data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if err == nil && d.Name() == "buckets" {
				return fs.SkipDir
			}
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(text)) {
			found = append(found, path)
		}
		return err
	}))
	return found
}
