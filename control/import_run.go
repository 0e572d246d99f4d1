package control

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"syscall"
	"time"

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
	j, err := s.cfg.Store.ImportJob(ctx, arn)
	if err != nil || j.Status.Settled() {
		return err
	}
	if first, ok, err := s.cfg.Store.NextImportJob(ctx, j.DatasetARN); err != nil || !ok || first != arn {
		return err
	}
	if j.Status == bespoke.CreatePending {
		if err := s.cfg.Store.Move(ctx, arn, j.Status, bespoke.CreateInProgress, ""); err != nil {
			return err
		}
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
		if reason, err = s.importInto(ctx, table, d, j); err != nil {
			return err
		}
	}
	if err := s.cfg.Store.FinishImportJob(ctx, arn, reason); err != nil {
		return err
	}
	if _, err := table.Expire(ctx, time.Now().Add(-s.cfg.KeepSnapshots)); err != nil {
		s.cfg.Logger.WarnContext(ctx, "old snapshots stay; the next import tries again", "dataset", d.ARN, "err", err)
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

// importInto reads the job's objects and commits their rows. It returns the
// reason for which the job failed, "" if it did not.
func (s *Service) importInto(ctx context.Context, table *lake.Table, d bespoke.Dataset, j bespoke.ImportJob) (reason string, err error) {
	dir, err := table.NewDataDir(j.ARN)
	if err != nil {
		return "", err
	}
	committed := false
	defer func() {
		if !committed {
			// Also when ctx has ended: what is not cleared now is swept at the next start.
			err = errors.Join(err, table.Discard(context.WithoutCancel(ctx), dir))
		}
	}()
	base, release, err := table.Hold(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	run := &importRun{}
	s.running.add(j.ARN, run)
	defer s.running.remove(j.ARN)

	result, err := s.read(ctx, base, table.Arrow(), dir, d, j, run)
	if err == nil {
		err = s.enough(d, j, result)
	}
	if err != nil {
		if reason, err = failure(locationRefusal(err, j.Location)); err != nil {
			return "", err
		}
		report := run.report(result)
		report.Accepted, report.Replaced = 0, 0
		return reason, s.cfg.Store.SaveReport(ctx, j.ARN, report)
	}
	// Saved before the commit, so that a job which is killed in between still
	// has its report when it goes on.
	report := run.report(result)
	if err := s.cfg.Store.SaveReport(ctx, j.ARN, report); err != nil {
		return "", err
	}
	run.committing.Store(true)
	_, err = table.Commit(ctx, lake.Commit{
		Job: j.ARN, Mode: j.Mode, Origin: lake.Bulk, Base: base.ID, Files: result.Files, Dead: result.Dead, Counts: counts(report),
	})
	committed = err == nil
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
		Schema: sc, Arrow: columns, Type: d.Type, Mode: j.Mode, Arrived: j.Created, Objects: j.Objects, Source: access,
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

// failure tells what ends a job with a reason, a fault of the data or a disk
// without room, from a fault that may pass, which is an error and tried again.
func failure(err error) (reason string, _ error) {
	if e, ok := errors.AsType[*bespoke.Error](err); ok {
		return e.Msg, nil
	}
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return "The server's disk has no room for the job. Have the operator free some in the data folder, and try again.", nil
	}
	return "", err
}

func counts(r store.Report) map[string]string {
	return map[string]string{
		"rows":      fmt.Sprint(r.Rows),
		"accepted":  fmt.Sprint(r.Accepted),
		"replaced":  fmt.Sprint(r.Replaced),
		"duplicate": fmt.Sprint(r.Duplicate),
	}
}
