package control

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bespoke"
)

// rejectsPath is where the rows go that a job leaves out. Names of jobs have
// letters, digits, hyphens and underscores only.
func (s *Service) rejectsPath(job bespoke.ARN) string {
	name := string(job[strings.LastIndexByte(string(job), '/')+1:])
	return filepath.Join(s.cfg.RejectedDir, name+".csv.gz")
}

// RejectedRows opens the bad rows that the job left out: gzipped CSV with the
// columns object, line, column, reason and row. The caller closes the file.
func (s *Service) RejectedRows(ctx context.Context, job bespoke.ARN) (*os.File, error) {
	j, err := s.cfg.Store.ImportJob(ctx, job)
	if err != nil {
		return nil, refusal(err)
	}
	if !j.Status.Settled() {
		return nil, bespoke.Errorf(bespoke.InUse, "The job %s is %s. Wait until it has ended.", job, j.Status)
	}
	f, err := os.Open(s.rejectsPath(job))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, bespoke.Errorf(bespoke.NotFound, "The job %s has left out no rows. Bad rows are left out by servers that run with --bad-rows=skip; its report lists them.", job)
	}
	return f, err
}

// forgetRejected removes the rows that the import jobs of a dataset have left
// out. It comes before the dataset and its jobs are forgotten, and may run
// again.
func (s *Service) forgetRejected(ctx context.Context, dataset bespoke.ARN) error {
	for j, err := range every(ctx, dataset, s.cfg.Store.ImportJobs) {
		if err != nil {
			return err
		}
		if err := os.Remove(s.rejectsPath(j.ARN)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
