package control

import (
	"context"
	"fmt"

	"bespoke"
)

// CancelImport ends an import job as CREATE FAILED, with nothing of it visible,
// and returns once that is written down; the dataset's next job begins then. A
// job that is being run is stopped in the midst. Once its commit has begun it
// is too late: that is an InUse error, as is any job that has ended. Where an
// earlier process died after the commit, the job becomes ACTIVE instead.
func (s *Service) CancelImport(ctx context.Context, job bespoke.ARN) (ImportProgress, error) {
	by := bespoke.CallerFrom(ctx).ARN
	for asked := false; ; asked = true {
		j, err := s.cfg.Store.ImportJob(ctx, job)
		switch {
		case err != nil:
			return ImportProgress{}, refusal(err)
		case asked && j.FailureReason == cancelReason(by):
			return s.ImportProgress(ctx, job)
		case j.Status.Settled():
			return ImportProgress{}, bespoke.Errorf(bespoke.InUse, "The job %s is %s already. Only a job that has not ended can be cancelled.", job, j.Status)
		}
		own, run, ok := s.running.take(ctx, job)
		if ok { // nobody is running it
			err := s.endImport(own, job, cancelReason(by))
			s.running.letGo(job, run)
			if err != nil {
				return ImportProgress{}, refusal(err)
			}
			continue
		}
		if !run.cancel(by) {
			return ImportProgress{}, bespoke.Errorf(bespoke.InUse, "The job %s is committing its rows, which is not interrupted. "+
				"It is ACTIVE in a moment; import again to replace what it brought.", job)
		}
		select {
		case <-run.ended:
		case <-ctx.Done():
			return ImportProgress{}, context.Cause(ctx)
		}
	}
}

func cancelReason(by string) string { return fmt.Sprintf("The import was cancelled by %s.", by) }

// endImport ends a job that nobody runs: ACTIVE where its rows are visible,
// since an earlier run has committed them, CREATE FAILED with the reason where
// they are not. A settled job stays as it is. The caller has the job in hand.
func (s *Service) endImport(ctx context.Context, job bespoke.ARN, reason string) error {
	j, err := s.cfg.Store.ImportJob(ctx, job)
	if err != nil || j.Status.Settled() {
		return err
	}
	if j.Status == bespoke.CreateInProgress {
		table, err := s.cfg.Lake.Table(ctx, j.DatasetARN)
		if err != nil {
			return err
		}
		done, err := table.Committed(ctx, job)
		if err != nil {
			return err
		}
		if done {
			reason = ""
		}
	}
	return s.finishImport(context.WithoutCancel(ctx), job, reason)
}
