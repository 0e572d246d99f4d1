package control

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"

	"bespoke"
	"bespoke/ingest"
	"bespoke/lake"
	"bespoke/store"
)

// runImport brings an import job to its end. It returns an error where the
// server, not the data, is at fault; then it is called again.
//
// Jobs of one dataset run one after another: a job whose turn has not come
// returns, and is queued again when the one before it ends. A job that was
// killed after its commit finds its own snapshot and only settles its status.
func (s *Service) runImport(ctx context.Context, arn bespoke.ARN) error {
	ctx, run, err := s.running.await(ctx, arn)
	if err != nil {
		return err
	}
	defer s.running.letGo(arn, run)
	j, err := s.cfg.Store.ImportJob(ctx, arn)
	if err != nil || j.Status.Settled() {
		return err
	}
	if first, ok, err := s.cfg.Store.NextImportJob(ctx, j.DatasetARN); err != nil || !ok || first != arn {
		return err
	}
	d, err := s.cfg.Store.Dataset(ctx, j.DatasetARN)
	if err != nil {
		return err
	}
	table, err := s.cfg.Lake.Table(ctx, d.ARN)
	if err != nil {
		return err
	}
	done, err := table.Committed(ctx, arn)
	if err != nil {
		return err
	}
	reason := ""
	if !done {
		if reason = s.deadly("import", j.Begun); reason == "" {
			if reason, err = s.attempt(ctx, run, table, d, j); err != nil {
				return err
			}
		}
	}
	if reason == "" {
		if err := s.attributeImport(ctx, table, d, j); err != nil {
			return err
		}
	}
	// Short, and not left undone when the job is cancelled or the server stops.
	ctx = context.WithoutCancel(ctx)
	if err := s.finishImport(ctx, arn, reason); err != nil {
		return err
	}
	s.TidyTable(d.ARN)
	return nil
}

// finishImport writes down how a job has ended, and tells.
func (s *Service) finishImport(ctx context.Context, arn bespoke.ARN, reason string) error {
	if err := s.cfg.Store.FinishImportJob(ctx, arn, reason); err != nil {
		return err
	}
	p, err := s.ImportProgress(ctx, arn)
	if err != nil {
		return err
	}
	s.cfg.Observe(p)
	s.cfg.Logger.InfoContext(ctx, "import job ended", "arn", arn, "status", p.Status, "mode", p.Mode, "bytes", p.Bytes.Done,
		"rows", p.Rows.Read, "accepted", p.Rows.Accepted, "rejected", p.Rows.Rejected, "took", p.Updated.Sub(p.Created))
	return nil
}

// attempt runs a job once and returns the reason for which it failed, "" if it
// did not. That a run has begun is written down before it, and that it has
// ended after an error: what is left is the process's death.
func (s *Service) attempt(ctx context.Context, run *importRun, table *lake.Table, d bespoke.Dataset, j bespoke.ImportJob) (reason string, err error) {
	defer func() {
		if by := run.cancelled(); by != "" {
			reason, err = cancelReason(by), nil
		}
	}()
	release, err := s.place(ctx, 1, j.Begun)
	if err != nil {
		return "", err
	}
	defer release()
	if err := s.cfg.Store.BeginRun(ctx, j.ARN); err != nil {
		return "", err
	}
	ended := false
	defer func() {
		if !ended || err != nil {
			err = errors.Join(err, s.cfg.Store.SuspendRun(context.WithoutCancel(ctx), j.ARN))
		}
	}()
	reason, err = s.importInto(ctx, run, table, d, j)
	ended = true
	return reason, err
}

// importInto reads the job's objects and commits their rows. It returns the
// reason for which the job failed, "" if it did not.
func (s *Service) importInto(ctx context.Context, run *importRun, table *lake.Table, d bespoke.Dataset, j bespoke.ImportJob) (reason string, err error) {
	dir, err := table.NewDataDir(j.ARN)
	if err != nil {
		return failure(err)
	}
	committed := false
	defer func() {
		if !committed {
			// Also when ctx has ended. What cannot be removed now is swept at the next start.
			if left := table.Discard(context.WithoutCancel(ctx), dir); left != nil {
				s.cfg.Logger.WarnContext(ctx, "files of an import stay until the next start", "arn", j.ARN, "err", left)
			}
		}
	}()
	base, release, err := table.Hold(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	result, err := s.read(ctx, base, table.Arrow(), dir, d, j, run)
	if err == nil {
		err = s.enough(d, j, result)
	}
	report := run.report(result)
	if err != nil {
		if reason, err = failure(readRefusal(err, j.Location)); err != nil && run.cancelled() == "" {
			return "", err
		}
		report.Accepted, report.Replaced = 0, 0
		return reason, s.cfg.Store.SaveReport(context.WithoutCancel(ctx), j.ARN, report)
	}
	// Saved before the commit, so that a job which is killed in between still
	// has its report when it goes on.
	if err := s.cfg.Store.SaveReport(ctx, j.ARN, report); err != nil {
		return "", err
	}
	if !run.commit() {
		return "", context.Canceled
	}
	_, err = table.Commit(ctx, lake.Commit{
		Job: j.ARN, Mode: j.Mode, Origin: lake.Bulk, Base: base.ID, Files: result.Files, Dead: result.Dead, Counts: counts(report),
	})
	if committed = err == nil; committed {
		return "", nil
	}
	if reason, _ := failure(err); reason != "" {
		// Only where it is certain that the table has not got the rows.
		if done, unknown := table.Committed(ctx, j.ARN); done || unknown != nil {
			return "", errors.Join(err, unknown)
		}
		return reason, nil
	}
	return "", err
}

// read decodes and checks the job's objects into data files below dir.
func (s *Service) read(ctx context.Context, base *lake.Snapshot, columns *arrow.Schema, dir string, d bespoke.Dataset, j bespoke.ImportJob, run *importRun) (ingest.Result, error) {
	sc, err := s.parsedSchema(ctx, d.SchemaARN)
	if err != nil {
		return ingest.Result{}, err
	}
	access, err := s.access(ctx, j)
	if err != nil {
		return ingest.Result{}, err
	}
	rejects := ""
	if s.cfg.MaxBadShare > 0 {
		rejects = s.rejectsPath(j.ARN)
	}
	return ingest.Run(ctx, ingest.Config{
		Schema: sc, Arrow: columns, Type: d.Type, Mode: j.Mode, Arrived: j.Created, Objects: j.Objects, Source: access, CSVOnly: s.cfg.Limits.CSVOnly,
		Dir: dir, TempDir: s.cfg.TempDir, Workers: s.cfg.Workers, Memory: s.cfg.Memory,
		MaxReported: s.cfg.MaxBadRows, MaxBadShare: s.cfg.MaxBadShare, Rejects: rejects, Progress: &run.progress,
		Existing: func(ctx context.Context, columns []string) iter.Seq2[lake.Batch, error] {
			return base.Scan(ctx, columns, lake.Bulk)
		},
	})
}

// enough is the quota on the rows of one import, which only strict limits have.
func (s *Service) enough(d bespoke.Dataset, j bespoke.ImportJob, r ingest.Result) error {
	need := s.cfg.Limits.MinInteractions
	if d.Type != bespoke.Interactions || r.Counts.Accepted >= need {
		return nil
	}
	what := "interactions"
	if j.Mode == bespoke.Incremental {
		what = "new interactions"
	}
	return bespoke.Errorf(bespoke.InvalidInput, "The data at %s has %d %s; an import needs at least %d. Import more at once.", j.Location, r.Counts.Accepted, what, need)
}

func counts(r store.Report) map[string]string {
	return map[string]string{
		"rows":      fmt.Sprint(r.Rows),
		"accepted":  fmt.Sprint(r.Accepted),
		"replaced":  fmt.Sprint(r.Replaced),
		"duplicate": fmt.Sprint(r.Duplicate),
	}
}
