package control

import (
	"context"
	"slices"
	"time"

	"bespoke"
	"bespoke/dataset"
	"bespoke/lake"
)

// DatasetContent is what a dataset holds.
type DatasetContent struct {
	DatasetARN    bespoke.ARN       `json:"datasetArn"`
	Rows          RowsOf            `json:"rows"`
	DistinctUsers int64             `json:"distinctUsers"`
	DistinctItems int64             `json:"distinctItems"`
	Approximate   bool              `json:"approximate"`        // of the distinct counts: too many to tell apart
	Earliest      *time.Time        `json:"earliest,omitempty"` // the smallest TIMESTAMP
	Latest        *time.Time        `json:"latest,omitempty"`
	Snapshots     []DatasetSnapshot `json:"snapshots"` // newest first
}

// RowsOf are numbers of rows by how they came.
type RowsOf struct {
	Bulk int64 `json:"bulk"` // by import jobs
	Put  int64 `json:"put"`  // one by one
	// All is how many count: of each user, item or action the newest record, of
	// equal events one.
	All int64 `json:"all"`
}

// DatasetSnapshot is one state that a dataset has had.
type DatasetSnapshot struct {
	ID        int64              `json:"id,string"`
	Committed time.Time          `json:"committed"`
	JobARN    bespoke.ARN        `json:"datasetImportJobArn,omitempty"`
	Mode      bespoke.ImportMode `json:"importMode,omitempty"`
	Counts    map[string]string  `json:"counts,omitempty"`
}

// rowsThatCount returns how many rows of a snapshot that is held count. It
// compares rows where there are individual ones and the table has changed since
// the last call.
func (s *Service) rowsThatCount(ctx context.Context, snap *lake.Snapshot, d bespoke.Dataset, stats *lake.Stats) (int64, error) {
	if stats.Rows[lake.Put] == 0 {
		return stats.Rows[lake.Bulk], nil
	}
	if known, ok := s.counts.Load(d.ARN); ok && known.(counted).snapshot == stats.Snapshot {
		return known.(counted).rows, nil
	}
	sc, err := s.parsedSchema(ctx, d.SchemaARN)
	if err != nil {
		return 0, err
	}
	view, err := dataset.Open(ctx, dataset.Config{Snapshot: snap, Type: d.Type, Schema: sc, TempDir: s.cfg.TempDir, Memory: s.cfg.Memory / 2})
	if err != nil {
		return 0, err
	}
	s.counts.Store(d.ARN, counted{stats.Snapshot, view.Rows()})
	return view.Rows(), nil
}

// counted is how many rows of a snapshot count.
type counted struct{ snapshot, rows int64 }

// DatasetContent counts what the dataset holds now. It reads the ID columns
// where the dataset has changed since the last call.
func (s *Service) DatasetContent(ctx context.Context, arn bespoke.ARN) (DatasetContent, error) {
	out := DatasetContent{DatasetARN: arn, Snapshots: []DatasetSnapshot{}}
	d, err := s.cfg.Store.Dataset(ctx, arn)
	if err != nil {
		return out, refusal(err)
	}
	if d.Status == bespoke.CreatePending || d.Status == bespoke.CreateInProgress {
		return out, nil
	}
	if err := s.cfg.Records.Flush(ctx, arn); err != nil {
		return out, err
	}
	table, err := s.cfg.Lake.Table(ctx, arn)
	if err != nil {
		return out, err
	}
	snap, release, err := table.Hold(ctx)
	if err != nil {
		return out, err
	}
	defer release()
	stats, err := snap.Stats(ctx)
	if err != nil {
		return out, err
	}
	out.Rows = RowsOf{Bulk: stats.Rows[lake.Bulk], Put: stats.Rows[lake.Put]}
	if out.Rows.All, err = s.rowsThatCount(ctx, snap, d, stats); err != nil {
		return out, err
	}
	for to, from := range map[*int64]*lake.Distinct{&out.DistinctUsers: stats.Users, &out.DistinctItems: stats.Items} {
		if from != nil {
			*to = from.Count
			out.Approximate = out.Approximate || from.Approximate
		}
	}
	if !stats.First.IsZero() {
		out.Earliest, out.Latest = &stats.First, &stats.Last
	}
	snapshots, err := table.Snapshots(ctx)
	if err != nil {
		return out, err
	}
	for _, sn := range slices.Backward(snapshots) {
		if sn.Rewritten && sn.Dropped() == 0 {
			continue // the same rows in other files
		}
		out.Snapshots = append(out.Snapshots, DatasetSnapshot{ID: sn.ID, Committed: sn.Time, JobARN: sn.Job, Mode: sn.Mode, Counts: sn.Counts})
	}
	return out, nil
}
