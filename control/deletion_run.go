package control

import (
	"context"
	"errors"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"

	"bespoke"
	"bespoke/event"
	"bespoke/job"
	"bespoke/lake"
	"bespoke/store"
)

// importPatience is how long a deletion waits before it looks again whether the
// imports before it have ended.
const importPatience = time.Second

// runDeletion brings a data deletion job to its end. It returns an error where
// the server or S3 is at fault; then it is called again, and goes on: what is
// deleted already counts once.
//
// Imports of the group that were asked for before it end first, so that what
// they bring is deleted too. What is imported later is the importer's choice.
func (s *Service) runDeletion(ctx context.Context, arn bespoke.ARN) error {
	j, err := s.cfg.Store.DeletionJob(ctx, arn)
	if err != nil || j.Status.Settled() {
		return err
	}
	if j.Status == bespoke.Pending {
		if err := s.cfg.Store.BeginDeletionJob(ctx, arn); err != nil {
			return err
		}
	}
	deleted, err := s.deleteUsers(ctx, j)
	if errors.Is(err, errImporting) {
		return job.Snooze(importPatience)
	}
	reason := ""
	if err != nil {
		if reason, err = failure(locationRefusal(err, j.Location)); err != nil {
			return err
		}
	}
	if err := s.cfg.Store.FinishDeletionJob(ctx, arn, deleted, reason); err != nil {
		return err
	}
	s.cfg.Logger.InfoContext(ctx, "data deletion job ended", "arn", arn, "deleted", deleted, "failed", reason != "")
	return nil
}

// deleteUsers deletes the users of the job's lists from everything that is kept
// and returns how many records went.
func (s *Service) deleteUsers(ctx context.Context, j bespoke.DeletionJob) (deleted int64, err error) {
	datasets, err := s.datasetsOf(ctx, j)
	if err != nil {
		return 0, err
	}
	access, objects, err := s.userLists(ctx, j)
	if err != nil {
		return 0, err
	}
	users, err := s.readUsers(ctx, access, objects)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, users.close()) }()
	for _, d := range datasets {
		n := int64(0)
		for some, err := range users.chunks() {
			if err != nil {
				return 0, err
			}
			if n, err = s.deleteFrom(ctx, d, j.ARN, some); err != nil {
				return 0, err
			}
		}
		deleted += n // of all chunks, and of earlier runs
	}
	for _, d := range datasets {
		if err := s.forgetRows(ctx, d); err != nil {
			return 0, err
		}
	}
	return deleted, s.cfg.Store.Scrub(ctx)
}

// datasetsOf returns the datasets of the job's group that know users, once the
// imports before the job have ended.
func (s *Service) datasetsOf(ctx context.Context, j bespoke.DeletionJob) ([]bespoke.Dataset, error) {
	all, _, err := s.cfg.Store.Datasets(ctx, j.GroupARN, store.Page{Limit: len(datasetTypes)})
	if err != nil {
		return nil, err
	}
	var out []bespoke.Dataset
	for _, d := range all {
		switch d.Status {
		case bespoke.CreatePending, bespoke.CreateInProgress, bespoke.CreateFailed:
			continue // it has no rows
		}
		switch d.Type {
		case bespoke.Users, bespoke.Interactions, bespoke.ActionInteractions:
			out = append(out, d)
		default:
			continue
		}
		first, ok, err := s.cfg.Store.NextImportJob(ctx, d.ARN)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		i, err := s.cfg.Store.ImportJob(ctx, first)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if err != nil || !i.Created.After(j.Created) {
			return nil, errImporting
		}
	}
	return out, nil
}

// deleteFrom deletes users from a dataset: from the log of individual records and
// from every file of its table. It returns how many records the job has deleted
// from it so far.
func (s *Service) deleteFrom(ctx context.Context, d bespoke.Dataset, job bespoke.ARN, users map[string]bool) (int64, error) {
	sessions := map[string]bool{}
	if _, err := s.cfg.Records.Purge(ctx, d.ARN, func(r *event.Record) bool {
		if users[r.User] {
			if r.Session != "" {
				sessions[r.Session] = true
			}
			return true
		}
		return false
	}); err != nil {
		return 0, err
	}
	table, err := s.cfg.Lake.Table(ctx, d.ARN)
	if err != nil {
		return 0, err
	}
	if err := sessionsOf(ctx, table, users, sessions); err != nil {
		return 0, err
	}
	if len(sessions) > 0 { // what those users did before they were known
		if _, err := s.cfg.Records.Purge(ctx, d.ARN, func(r *event.Record) bool { return r.User == "" && sessions[r.Session] }); err != nil {
			return 0, err
		}
	}
	columns := []string{"USER_ID", lake.SessionColumn}
	n, err := table.DropRows(ctx, lake.Drop{Job: job, Columns: columns, Rows: func(b lake.Batch) lake.Bitmap {
		var marks lake.Bitmap
		eachUser(b, func(i int, user, session string) {
			if users[user] || session != "" && user == session && sessions[session] {
				if marks == nil {
					marks = make(lake.Bitmap, (b.Record.NumRows()+63)/64)
				}
				marks.Set(i)
			}
		})
		return marks
	}})
	if err != nil {
		return 0, err
	}
	return n, table.Purge(ctx)
}

// sessionsOf adds the sessions in which users were known.
func sessionsOf(ctx context.Context, table *lake.Table, users, sessions map[string]bool) error {
	for b, err := range table.Scan(ctx, []string{"USER_ID", lake.SessionColumn}, lake.Put) {
		if err != nil {
			return err
		}
		eachUser(b, func(_ int, user, session string) {
			if session != "" && users[user] {
				sessions[string([]byte(session))] = true // the batch's memory does not outlive it
			}
		})
	}
	return nil
}

// eachUser calls f for the rows of a batch with their users and sessions, "" for
// none.
func eachUser(b lake.Batch, f func(i int, user, session string)) {
	column := func(name string) *array.String {
		if at := b.Record.Schema().FieldIndices(name); len(at) == 1 {
			c, _ := b.Record.Column(at[0]).(*array.String)
			return c
		}
		return nil
	}
	users, sessions := column("USER_ID"), column(lake.SessionColumn)
	value := func(c *array.String, i int) string {
		if c == nil || c.IsNull(i) {
			return ""
		}
		return c.Value(i)
	}
	for i := range int(b.Record.NumRows()) {
		f(i, value(users, i), value(sessions, i))
	}
}

// withheld stands where rows of an import were quoted.
const withheld = "withheld since a data deletion job of the dataset group"

// forgetRows takes away what the import jobs of a dataset quote of their rows:
// values in reports and reasons, and rows that were left out.
func (s *Service) forgetRows(ctx context.Context, d bespoke.Dataset) error {
	for i, err := range every(ctx, d.ARN, s.cfg.Store.ImportJobs) {
		if err != nil {
			return err
		}
		if !i.Status.Settled() {
			continue
		}
		r, ok, err := s.cfg.Store.Report(ctx, i.ARN)
		if err != nil {
			return err
		}
		if !ok || r.Rejected == 0 {
			continue
		}
		for k := range r.Bad {
			r.Bad[k].Value = withheld
		}
		if err := errors.Join(s.cfg.Store.SaveReport(ctx, i.ARN, r), s.cfg.Store.Withhold(ctx, i.ARN, "Bad rows, which are "+withheld+".")); err != nil {
			return err
		}
	}
	return s.forgetRejected(ctx, d.ARN)
}
