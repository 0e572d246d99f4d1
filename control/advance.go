package control

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"bespoke"
	"bespoke/schema"
	"bespoke/store"
)

// newTrackingID returns the ID by which events or action interactions are sent
// to a dataset.
func newTrackingID() string { return uuid.NewString() }

// Advance takes the next steps for a resource until it is settled or gone. It
// may be called again after any part of its work, in this process or the next:
// every step is safe to repeat. An error means that it should be.
func (s *Service) Advance(ctx context.Context, arn bespoke.ARN) error {
	var err error
	switch arn.Kind() {
	case "dataset-group":
		err = s.advancePlain(ctx, arn, func() (bespoke.Status, error) {
			r, err := s.cfg.Store.DatasetGroup(ctx, arn)
			return r.Status, err
		})
	case "dataset":
		err = s.advanceDataset(ctx, arn)
	case "dataset-import-job":
		err = s.runImport(ctx, arn)
	case "event-tracker":
		err = s.advancePlain(ctx, arn, func() (bespoke.Status, error) {
			r, err := s.cfg.Store.EventTracker(ctx, arn)
			return r.Status, err
		})
	case "data-deletion-job":
		err = s.runDeletion(ctx, arn)
	case "metric-attribution":
		err = s.advancePlain(ctx, arn, func() (bespoke.Status, error) {
			r, err := s.cfg.Store.MetricAttribution(ctx, arn)
			return r.Status, err
		})
	case "dataset-export-job":
		err = s.runExport(ctx, arn)
	case "solution":
		err = s.advanceSolution(ctx, arn)
	case "solution-version":
		err = s.runTraining(ctx, arn)
	case "campaign":
		err = s.advanceCampaign(ctx, arn)
	default:
		return fmt.Errorf("control: nothing to do for %s", arn)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil // deleted in the meantime
	}
	return err
}

// GiveUp settles a resource whose steps have failed again and again with err.
// An import whose rows are visible all the same is ACTIVE. A deletion cannot be
// given up; it is an error, and tried again.
func (s *Service) GiveUp(ctx context.Context, arn bespoke.ARN, err error) error {
	s.cfg.Logger.ErrorContext(ctx, "gave up", "arn", arn, "err", err)
	if arn.Kind() == "solution-version" {
		v, err := s.cfg.Store.SolutionVersion(ctx, arn)
		if err == nil {
			err = s.unpin(ctx, v)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	reason := exhausted(err)
	if arn.Kind() != "dataset-import-job" {
		return s.cfg.Store.GiveUp(ctx, arn, reason)
	}
	ctx, run, err := s.running.await(ctx, arn)
	if err != nil {
		return err
	}
	defer s.running.letGo(arn, run)
	return s.endImport(ctx, arn, reason)
}

// advancePlain takes a resource without work behind it to ACTIVE, or away.
func (s *Service) advancePlain(ctx context.Context, arn bespoke.ARN, status func() (bespoke.Status, error)) error {
	for {
		now, err := status()
		if err != nil {
			return err
		}
		switch now {
		case bespoke.CreatePending:
			err = s.cfg.Store.Move(ctx, arn, now, bespoke.CreateInProgress, "")
		case bespoke.CreateInProgress:
			err = s.cfg.Store.Move(ctx, arn, now, bespoke.Active, "")
		case bespoke.DeletePending:
			err = s.cfg.Store.Move(ctx, arn, now, bespoke.DeleteInProgress, "")
		case bespoke.DeleteInProgress:
			err = s.cfg.Store.FinishDelete(ctx, arn)
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *Service) advanceDataset(ctx context.Context, arn bespoke.ARN) error {
	for {
		d, err := s.cfg.Store.Dataset(ctx, arn)
		if err != nil {
			return err
		}
		switch d.Status {
		case bespoke.CreatePending:
			err = s.cfg.Store.Move(ctx, arn, d.Status, bespoke.CreateInProgress, "")
		case bespoke.CreateInProgress:
			if err = s.makeTable(ctx, d); err == nil {
				err = s.cfg.Store.Move(ctx, arn, d.Status, bespoke.Active, "")
			}
		case bespoke.UpdatePending:
			err = s.cfg.Store.Move(ctx, arn, d.Status, bespoke.UpdateInProgress, "")
		case bespoke.UpdateInProgress:
			if err = s.evolveTable(ctx, d); err == nil {
				err = s.cfg.Store.FinishUpdate(ctx, arn, "")
			}
		case bespoke.DeletePending:
			err = s.cfg.Store.Move(ctx, arn, d.Status, bespoke.DeleteInProgress, "")
		case bespoke.DeleteInProgress:
			// Its name goes last: until then a run that failed is done again.
			err = errors.Join(s.cfg.Records.Drop(ctx, arn), s.cfg.Lake.Drop(ctx, arn), s.forgetRows(ctx, d))
			if err == nil {
				err = s.cfg.Store.Scrub(ctx)
			}
			if err == nil {
				err = s.cfg.Store.FinishDelete(ctx, arn)
			}
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *Service) makeTable(ctx context.Context, d bespoke.Dataset) error {
	sc, err := s.parsedSchema(ctx, d.SchemaARN)
	if err != nil {
		return err
	}
	_, err = s.cfg.Lake.Create(ctx, d.ARN, sc)
	return err
}

func (s *Service) evolveTable(ctx context.Context, d bespoke.Dataset) error {
	sc, err := s.parsedSchema(ctx, d.Update.SchemaARN)
	if err != nil {
		return err
	}
	return s.cfg.Lake.Evolve(ctx, d.ARN, sc)
}

func (s *Service) parsedSchema(ctx context.Context, arn bespoke.ARN) (*schema.Schema, error) {
	sc, err := s.cfg.Store.Schema(ctx, arn)
	if err != nil {
		return nil, err
	}
	return schema.Parse(sc.Text)
}
