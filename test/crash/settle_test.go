package crash_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// moves are the statuses that may be seen after each, "" being none.
var moves = map[string][]string{
	"":                   {"CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE", "CREATE FAILED", "CREATE STOPPING", "CREATE STOPPED"},
	"CREATE PENDING":     {"CREATE IN_PROGRESS", "ACTIVE", "CREATE FAILED", "CREATE STOPPING", "CREATE STOPPED", "DELETE PENDING", "DELETE IN_PROGRESS"},
	"CREATE IN_PROGRESS": {"ACTIVE", "CREATE FAILED", "CREATE STOPPING", "CREATE STOPPED", "DELETE PENDING", "DELETE IN_PROGRESS"},
	"CREATE STOPPING":    {"CREATE STOPPED"},
	"ACTIVE":             {"DELETE PENDING", "DELETE IN_PROGRESS"},
	"DELETE PENDING":     {"DELETE IN_PROGRESS"},
}

// saw checks a status against the one that was seen before it.
func (w *world) saw(arn, status string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.statuses[arn]
	if before != status && !slices.Contains(moves[before], status) {
		w.t.Errorf("%s went from %q to %q", arn, before, status)
	}
	w.statuses[arn] = status
}

// gone notes that a resource does not exist, from where it may be made anew.
func (w *world) gone(arn string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.statuses, arn)
}

// await asks for a resource until it has the status; "" is that it is gone.
func (w *world) await(ctx context.Context, s *server, kind, arn, want string) error {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		got, err := s.describe(ctx, kind, arn)
		switch {
		case notFound(err):
			w.gone(arn)
			if want != "" {
				return fmt.Errorf("%s is not there, want it %s", arn, want)
			}
			return nil
		case err != nil:
			return err
		}
		if w.saw(arn, got.Status); got.Status == want {
			return nil
		}
		if got.Status == "CREATE FAILED" || want == "" && !strings.HasPrefix(got.Status, "DELETE") {
			return fmt.Errorf("%s is %s (%s), want %q", arn, got.Status, got.FailureReason, want)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("%s is %s after %s, want %q", arn, got.Status, settleWithin, want)
		}
	}
}

// unsettled returns the datasets' jobs that are known to exist and not to have
// ended.
func (w *world) unsettled(of []*dataset) []*importJob {
	w.mu.Lock()
	defer w.mu.Unlock()
	var open []*importJob
	for _, d := range of {
		for _, j := range d.jobs {
			if j.accepted && !j.settled() {
				open = append(open, j)
			}
		}
	}
	return open
}

// observe asks for the jobs under way, over and over, until the context ends;
// those of the side ask for themselves. No job may be asked for from two
// goroutines: what they see would be in no order.
func (w *world) observe(ctx context.Context, s *server) {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for ctx.Err() == nil {
		for _, j := range w.unsettled(w.sets) {
			if err := w.ask(ctx, s, j); err != nil {
				w.unexpected(s, err)
				return
			}
		}
		select {
		case <-again.C:
		case <-ctx.Done():
		}
	}
}

// ask takes note of where a job is. Once it has ended, how it ended is checked.
func (w *world) ask(ctx context.Context, s *server, j *importJob) error {
	got, err := s.describe(ctx, "DatasetImportJob", j.arn)
	if err != nil {
		return fmt.Errorf("%s: %w", j.name, err)
	}
	w.saw(j.arn, got.Status)
	w.mu.Lock()
	j.status = got.Status
	ended := j.settled()
	w.mu.Unlock()
	switch {
	case !ended:
	case j.bad != null:
		if got.Status != "CREATE FAILED" || !strings.Contains(got.FailureReason, j.into.bad) {
			w.t.Errorf("%s has a bad row and is %s (%s)", j.name, got.Status, got.FailureReason)
		}
	case got.Status != "ACTIVE" || got.FailureReason != "":
		w.t.Errorf("%s has good rows and is %s (%s)", j.name, got.Status, got.FailureReason)
	}
	return nil
}

// awaitJobs asks for jobs until all have ended.
func (w *world) awaitJobs(s *server) {
	w.t.Helper()
	late := time.Now().Add(settleWithin)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for open := w.unsettled(w.all()); len(open) > 0; open = w.unsettled(w.all()) {
		for _, j := range open {
			w.must(w.ask(w.t.Context(), s, j))
		}
		if time.Now().After(late) {
			w.t.Fatalf("%s is %s after %s", open[0].name, open[0].status, settleWithin)
		}
		<-again.C
	}
}

// settle leaves the server alone until everything that was accepted has
// settled, compares what there is with the model, and stops the server.
func (w *world) settle(s *server) {
	w.t.Helper()
	for _, d := range w.all() {
		w.findOut(s, d)
	}
	w.awaitJobs(s)
	w.side.settle(s)
	for _, d := range w.all() {
		if d.arn != "" {
			w.catchUp(s, d)
		}
	}
	w.glimpses = nil
	w.must(s.stop())
	w.readLog()
	w.compare()
	if w.t.Failed() {
		w.t.FailNow()
	}
}

// findOut drops the jobs that the server has never heard of, which only those
// may be whose call was not answered.
func (w *world) findOut(s *server, d *dataset) {
	w.t.Helper()
	d.jobs = slices.DeleteFunc(d.jobs, func(j *importJob) bool {
		if !j.asked || j.accepted {
			return !j.asked
		}
		_, err := s.describe(w.t.Context(), "DatasetImportJob", j.arn)
		if notFound(err) {
			return true
		}
		w.must(err)
		j.accepted = true
		return false
	})
}

// catchUp puts the jobs that have ended into the model, in the order in which
// the server has accepted them, and finds in it what was seen after kills.
func (w *world) catchUp(s *server, d *dataset) {
	w.t.Helper()
	jobs := w.inOrder(s, d)
	states := []digest{d.held.digest()} // after so many jobs
	for _, j := range jobs {
		if j.status == "ACTIVE" {
			d.held, d.latest = d.held.apply(d.kind, j.mode, j.records), j.records
		}
		states = append(states, d.held.digest())
		d.past = append(d.past, j.arn)
		w.checkReport(s, j)
	}
	least := 0
	for _, g := range w.glimpses {
		if g.of != d {
			continue
		}
		for _, j := range g.ended {
			least = max(least, slices.Index(jobs, j)+1)
		}
		found := slices.Index(states[least:], g.shown)
		if found < 0 {
			w.t.Errorf("after a kill %s showed %d rows, which is no state after %d or more of its %d jobs: %v", d.arn, g.shown.rows, least, len(jobs), states)
			continue
		}
		least += found
	}
	d.jobs = nil
	var content struct {
		Rows struct{ Bulk, Put int }
	}
	w.must(s.get(w.t.Context(), "datasets/"+d.group+"/"+string(d.typ), &content))
	if content.Rows.Bulk != len(d.held) || content.Rows.Put != 0 {
		w.t.Errorf("%s has %+v rows, want %d", d.arn, content.Rows, len(d.held))
	}
}

// inOrder returns the jobs that have ended in the order of their acceptance. The
// server must list those before them, and no others.
func (w *world) inOrder(s *server, d *dataset) []*importJob {
	w.t.Helper()
	arns := w.list(s, d)
	if len(arns) != len(d.past)+len(d.jobs) || !slices.Equal(arns[:len(d.past)], d.past) {
		w.t.Fatalf("%s has %d jobs, want %d, beginning with those that ended before", d.arn, len(arns), len(d.past)+len(d.jobs))
	}
	var jobs []*importJob
	for _, arn := range arns[len(d.past):] {
		i := slices.IndexFunc(d.jobs, func(j *importJob) bool { return j.arn == arn })
		if i < 0 {
			w.t.Fatalf("%s has the job %s, which nobody has asked for", d.arn, arn)
		}
		jobs = append(jobs, d.jobs[i])
	}
	return jobs
}

// list returns the ARNs of a dataset's jobs, oldest first.
func (w *world) list(s *server, d *dataset) []string {
	w.t.Helper()
	var arns []string
	in := fields{"datasetArn": d.arn}
	for {
		var out struct {
			DatasetImportJobs []struct{ DatasetImportJobArn string }
			NextToken         string
		}
		w.must(s.call(w.t.Context(), "ListDatasetImportJobs", in, &out))
		for _, j := range out.DatasetImportJobs {
			arns = append(arns, j.DatasetImportJobArn)
		}
		if out.NextToken == "" {
			break
		}
		in["nextToken"] = out.NextToken
	}
	slices.Reverse(arns)
	return arns
}

// checkReport expects every row of the job in its report, however often the job
// had to begin anew.
func (w *world) checkReport(s *server, j *importJob) {
	w.t.Helper()
	var report struct{ Rows, Rejected int }
	w.must(s.get(w.t.Context(), "dataset-import-jobs/"+j.name+"/report", &report))
	bad := 0
	if j.bad != null {
		bad = 1
	}
	if report.Rows != len(j.records) || report.Rejected != bad {
		w.t.Errorf("the report of %s has %+v, want %d rows and %d rejected", j.name, report, len(j.records), bad)
	}
}

// compare compares the folder of a stopped server with the model: every row,
// and every file.
func (w *world) compare() {
	w.t.Helper()
	ctx := w.t.Context()
	r, err := openRest(ctx, w.data, w.t.TempDir())
	w.must(err)
	defer func() { w.must(r.close()) }()
	for _, d := range w.all() {
		if d.arn == "" {
			continue
		}
		got := w.records(r, d)
		var shown digest
		for _, row := range got {
			shown.add(row)
		}
		if shown != d.held.digest() {
			w.t.Errorf("%s: %s", d.arn, d.held.differences(d.kind, got))
		}
	}
	orphans, missing, err := r.orphans(ctx)
	w.must(err)
	if len(orphans)+len(missing) > 0 {
		w.t.Errorf("files that no table leads to: %q\nfiles that are missing: %q", orphans, missing)
	}
	left, err := r.left()
	w.must(err)
	if len(left) > 0 {
		w.t.Errorf("the server left %q in tmp", left)
	}
}
