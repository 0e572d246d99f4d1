package control_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/blob"
	"bespoke/control"
	"bespoke/test/faulty"
)

// TestExportFaults exports two objects, of which the first is sent in two parts,
// through faults of every step: where trying again helps, the job does so, in the
// same run or the next, and all rows are there; where it does not, the job says
// why. No upload stays, and no object appears before all are sent.
func TestExportFaults(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *control.Config) { c.ExportPart = 8_500_000 })
	dataset := f.dataset("shop", "Interactions", interactions)
	content := wide("u")
	f.imported("first", dataset, content, bespoke.Active)
	want := sortedLines(content)
	p := f.behindFaults(blob.Retry{Stall: time.Second, Attempts: 3, MinWait: time.Millisecond, MaxWait: 4 * time.Millisecond})
	begin := func(name string, plan faulty.Plan) string {
		t.Helper()
		p.SetWrites(plan)
		arn, err := f.exportBy(wire.CreateDatasetExportJobRequest{JobName: name, DatasetArn: dataset, IngestionMode: "ALL"})
		f.must(err)
		return arn
	}
	// settled checks how a job has ended and what objects there are.
	settled := func(name, arn, status, reason string, objects int) {
		t.Helper()
		if j := f.export(arn); j.Status != status || !strings.Contains(j.FailureReason, reason) {
			t.Errorf("%s: %s: %s", name, j.Status, j.FailureReason)
		}
		parts := f.objectsBelow("out/" + name + "/")
		if len(parts) != objects || f.uploads() != 0 {
			t.Errorf("%s: %d objects and %d uploads are there, want %d and none", name, len(parts), f.uploads(), objects)
		}
		if status != "ACTIVE" {
			return
		}
		if got := sortedLines(parts["part-00000.csv"] + strings.TrimPrefix(parts["part-00001.csv"], header)); !slices.Equal(got, want) {
			t.Errorf("%s: %d lines were exported, want %d", name, len(got), len(want))
		}
	}
	// later is a plan of one fault for all requests but the first.
	later := func(fault faulty.Fault) faulty.Plan {
		return func(n int64, _ *http.Request) faulty.Fault {
			if n == 0 {
				return nil
			}
			return fault
		}
	}
	slow, denied := faulty.Refuse(503, "SlowDown"), faulty.Refuse(403, "AccessDenied")

	for name, plan := range map[string]faulty.Plan{
		"begin-refused": faulty.At("begin", faulty.First(nil, slow)), "begin-lost": faulty.At("begin", faulty.First(faulty.Lost, faulty.Lost)),
		"part-cut": faulty.At("part 2", faulty.First(faulty.Cut(1000), faulty.Cut(100_000))), "part-lost": faulty.At("part 2", faulty.First(faulty.Lost)),
		"complete-late": faulty.At("complete", faulty.First(nil, faulty.Refuse(200, "InternalError"))), "complete-lost": faulty.At("complete", faulty.First(faulty.Lost, nil, faulty.Lost)),
	} {
		arn := begin(name, plan)
		f.advance(arn)
		settled(name, arn, "ACTIVE", "", 2)
	}
	for name, c := range map[string]struct {
		plan    faulty.Plan
		text    string // of the error
		objects int
		uploads int
	}{
		"begins":    {faulty.At("begin", faulty.Always(slow)), "SlowDown", 0, 0},
		"second":    {faulty.At("begin", later(slow)), "SlowDown", 0, 0},
		"between":   {faulty.At("part 2", faulty.Always(faulty.Cut(1000))), "put s3://shop-data/out/between/part-00000.csv: S3 does not answer", 0, 0},
		"completes": {faulty.At("complete", faulty.Always(slow)), "SlowDown", 0, 0},
		"half":      {faulty.At("complete", later(slow)), "1 of 2 objects are in place", 1, 0},
		"left":      {faulty.Either(faulty.At("part 2", faulty.Always(slow)), faulty.At("abort", faulty.Always(slow))), "abort the upload of s3://shop-data/out/left/part-00000.csv", 0, 1},
	} {
		arn := begin(name, c.plan)
		err := f.service.Advance(f.ctx, bespoke.ARN(arn))
		if err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v, want %q", name, err, c.text)
		}
		if j := f.export(arn); j.Status != "CREATE IN_PROGRESS" {
			t.Errorf("%s: %s", name, j.Status)
		}
		if n := len(f.objectsBelow("out/" + name + "/")); n != c.objects || f.uploads() != c.uploads {
			t.Errorf("%s: %d objects and %d uploads are there, want %d and %d", name, n, f.uploads(), c.objects, c.uploads)
		}
		p.SetWrites(nil)
		f.advance(arn)
		settled(name, arn, "ACTIVE", "", 2)
	}
	for name, c := range map[string]struct {
		plan    faulty.Plan
		reason  string
		objects int
	}{
		"denied":      {faulty.At("part 2", faulty.Always(denied)), "Insufficient privileges for accessing data in S3", 0},
		"denied-late": {faulty.At("complete", faulty.First(nil, denied)), "1 of 2 objects are in place", 1},
		"moved":       {faulty.At("begin", faulty.Always(faulty.Redirect(301, p.URL))), "S3 refuses the request at s3://shop-data/out/moved/", 0},
		"expired":     {faulty.At("complete", faulty.Always(faulty.Refuse(400, "ExpiredToken"))), "The credentials for s3://shop-data/out/expired/ have expired", 0},
	} {
		arn := begin(name, c.plan)
		f.advance(arn)
		settled(name, arn, "CREATE FAILED", c.reason, c.objects)
	}

	// An upload that somebody else has ended, or of which the end was not heard.
	arn := begin("ended", faulty.At("complete", faulty.First(faulty.Before(func() {
		f.must(f.objects.AbortUploads(f.ctx, bucket, "out/ended/"))
	}))))
	if err := f.service.Advance(f.ctx, bespoke.ARN(arn)); err == nil || !strings.Contains(err.Error(), "ended already") {
		t.Errorf("ended by somebody: %v", err)
	}
	f.advance(arn)
	settled("ended", arn, "ACTIVE", "", 2)

	// S3 fails for longer than the server has patience.
	arn = begin("outage", faulty.Always(slow))
	err := f.service.Advance(f.ctx, bespoke.ARN(arn))
	if err == nil {
		t.Fatal("no error without S3")
	}
	f.must(f.service.GiveUp(f.ctx, bespoke.ARN(arn), err))
	settled("outage", arn, "CREATE FAILED", "S3 did not answer, although the server has tried for minutes: export: put s3://shop-data/out/outage/part-00000.csv", 0)
}

// TestReportFaults publishes reports on imports through the same: one that arrives is
// whole, and one that does not is told of.
func TestReportFaults(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", watches)
	f.importMode("before", dataset, "FULL", watchHeader+"u,i,1,WATCH,,,\n", false)
	f.attributed("shop", f.writer(), "s3://shop-data/out", "watches", "WATCH", "SAMPLECOUNT()")
	p := f.behindFaults(blob.Retry{Stall: time.Second, Attempts: 3, MinWait: time.Millisecond, MaxWait: 4 * time.Millisecond})
	through := *f.access.Load()
	anyRole := accessFunc(func(ctx context.Context, _ string, caller bespoke.Caller) (control.Objects, error) {
		return through(ctx, "", caller)
	})
	f.access.Store(&anyRole)
	reports := 0
	for name, c := range map[string]struct {
		plan faulty.Plan
		text string // of the warning
	}{
		"cut": {faulty.First(faulty.Cut(10), faulty.Cut(50)), ""}, "lost": {faulty.First(faulty.Lost), ""},
		"away":   {faulty.Always(faulty.Cut(10)), "No report on metrics was written to s3://shop-data/out: put s3://shop-data/out/AggregatedAttributionMetrics"},
		"denied": {faulty.Always(faulty.Refuse(403, "AccessDenied")), "Insufficient privileges"},
	} {
		p.SetWrites(func(n int64, r *http.Request) faulty.Fault {
			if !strings.HasPrefix(r.URL.Path, "/shop-data/out/") {
				return nil
			}
			return c.plan(n, r)
		})
		f.ahead.Add(int64(time.Second)) // by which reports are named
		arn := f.importMode(name, dataset, "INCREMENTAL", watchHeader+"u,"+name+",1,WATCH,,,\n", true)
		r, err := f.service.ImportReport(f.ctx, bespoke.ARN(arn))
		f.must(err)
		if c.text == "" && len(r.Warnings) > 0 || c.text != "" && !strings.Contains(strings.Join(r.Warnings, "\n"), c.text) {
			t.Errorf("%s: the warnings are %q", name, r.Warnings)
		}
		if c.text == "" {
			reports++
		}
		all := f.objectsBelow("out/")
		for key, text := range all {
			if strings.Count(text, "\n") != 2 {
				t.Errorf("%s: %s:\n%s", name, key, text)
			}
		}
		if len(all) != reports || f.uploads() != 0 {
			t.Errorf("%s: %d reports and %d uploads are there, want %d", name, len(all), f.uploads(), reports)
		}
	}
}
