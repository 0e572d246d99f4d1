package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"bespoke"
	"bespoke/blob"
	"bespoke/dataset"
	"bespoke/export"
	"bespoke/lake"
)

var origins = map[bespoke.IngestionMode]string{bespoke.BulkRows: lake.Bulk, bespoke.PutRows: lake.Put, bespoke.AllRows: ""}

// runExport brings an export job to its end. It returns an error where the
// server or S3 is at fault; then it is called again, and writes to the same
// objects the same rows while their state is kept, else the newest.
func (s *Service) runExport(ctx context.Context, arn bespoke.ARN) error {
	j, err := s.cfg.Store.ExportJob(ctx, arn)
	if err != nil || j.Status.Settled() {
		return err
	}
	d, err := s.cfg.Store.Dataset(ctx, j.DatasetARN)
	if err != nil {
		return err
	}
	if j.Status == bespoke.CreatePending && j.IngestionMode != bespoke.BulkRows {
		if err := s.cfg.Records.Flush(ctx, d.ARN); err != nil {
			return err
		}
	}
	table, err := s.cfg.Lake.Table(ctx, d.ARN)
	if err != nil {
		return err
	}
	snap, err := table.Snapshot(ctx)
	if err != nil {
		return err
	}
	if j.Status == bespoke.CreatePending {
		if err := s.cfg.Store.BeginExportJob(ctx, arn, snap.ID); err != nil {
			return err
		}
	} else if pinned, err := table.At(ctx, j.Snapshot); err == nil {
		snap = pinned
	} else if !errors.Is(err, lake.ErrExpired) { // else the newest state has to do
		return err
	}
	release, err := snap.Hold(ctx)
	if err != nil {
		return err // it has expired just now; the next run takes another
	}
	defer release()
	reason := ""
	written, err := s.export(ctx, d, j, snap)
	if err != nil {
		folder, _ := exportFolder(j.Path, j.Name)
		if reason, err = failure(locationRefusal(err, folder.String())); err != nil {
			return err
		}
		written = bespoke.Written{}
	}
	if err := s.cfg.Store.FinishExportJob(ctx, arn, written, reason); err != nil {
		return err
	}
	s.cfg.Logger.InfoContext(ctx, "export job ended", "arn", arn, "mode", j.IngestionMode, "rows", written.Rows, "bytes", written.Bytes,
		"objects", written.Parts, "failed", reason != "")
	return nil
}

// export writes the rows of a snapshot under the rights of the job's role.
func (s *Service) export(ctx context.Context, d bespoke.Dataset, j bespoke.ExportJob, snap *lake.Snapshot) (bespoke.Written, error) {
	folder, err := exportFolder(j.Path, j.Name)
	if err != nil {
		return bespoke.Written{}, err
	}
	sc, err := s.parsedSchema(ctx, d.SchemaARN)
	if err != nil {
		return bespoke.Written{}, err
	}
	access, err := s.cfg.Access(ctx, j.RoleARN, bespoke.Caller{})
	if err != nil {
		return bespoke.Written{}, err
	}
	s.abortUploads(ctx, access, folder)
	defer s.abortUploads(ctx, access, folder)
	view, err := dataset.Open(ctx, dataset.Config{
		Snapshot: snap, Type: d.Type, Schema: sc, Origin: origins[j.IngestionMode], TempDir: s.cfg.TempDir, Memory: s.cfg.Memory / 2,
	})
	if err != nil {
		return bespoke.Written{}, err
	}
	var columns []string
	for _, c := range sc.Columns {
		columns = append(columns, c.Name)
	}
	return export.Run(ctx, export.Config{
		Columns: columns, Rows: view.Scan(ctx, columns), PartBytes: s.cfg.ExportPart,
		Stage: func(ctx context.Context, n int, content io.Reader) (export.Staged, error) {
			st, err := access.Stage(ctx, folder.Bucket, folder.Key+exportPart(n), content)
			if err != nil {
				return nil, err
			}
			return st, nil
		},
		Before: func(ctx context.Context, parts int) error { return unmixed(ctx, access, folder, parts) },
	})
}

// abortUploads removes unfinished uploads from the folder of an export: those of an
// earlier run that was killed, and those that S3 began without its answer coming or
// that it would not let go of before. Nobody sees them, and the role may not have the
// right.
func (s *Service) abortUploads(ctx context.Context, access Objects, folder bespoke.S3URL) {
	if err := access.AbortUploads(ctx, folder.Bucket, folder.Key); err != nil {
		s.cfg.Logger.DebugContext(ctx, "unfinished uploads may be left", "folder", folder, "err", err)
	}
}

// unmixed refuses a folder with parts of another export that this one would not
// overwrite, as far as the role may list it.
func unmixed(ctx context.Context, access Objects, folder bespoke.S3URL, parts int) error {
	for o, err := range access.List(ctx, folder.Bucket, folder.Key) {
		if errors.Is(err, blob.ErrDenied) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list %s: %w", folder, err)
		}
		name := strings.TrimPrefix(o.Key, folder.Key)
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(name, "part-"), ".csv"))
		if err == nil && name == exportPart(n) && n >= parts {
			return bespoke.Errorf(bespoke.InvalidInput, "The folder %s holds %s of another export, which has more parts than this one. Remove it, or export under another jobName or path.", folder, name)
		}
	}
	return nil
}
