package control

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/store"
)

type trackerStore interface {
	CreateEventTracker(ctx context.Context, e bespoke.EventTracker, interactions bespoke.ARN, tags []bespoke.Tag) error
	EventTracker(ctx context.Context, arn bespoke.ARN) (bespoke.EventTracker, error)
	EventTrackers(ctx context.Context, group bespoke.ARN, p store.Page) ([]bespoke.EventTracker, store.Position, error)
	DeleteEventTracker(ctx context.Context, arn bespoke.ARN) error
}

func (s *Service) createEventTracker(ctx context.Context, in *wire.CreateEventTrackerRequest) (*wire.CreateEventTrackerResponse, error) {
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	group, err := resource("dataset-group", in.DatasetGroupArn)
	if err != nil {
		return nil, err
	}
	// The ARN ends in eight hexadecimal digits, not in the name.
	var id [4]byte
	rand.Read(id[:])
	e := bespoke.EventTracker{Name: in.Name, ARN: s.cfg.Scope.EventTracker(hex.EncodeToString(id[:])), GroupARN: group, TrackingID: newTrackingID()}
	interactions := s.cfg.Scope.Dataset(group.Name(), bespoke.Interactions)
	if err := s.cfg.Store.CreateEventTracker(ctx, e, interactions, tags); err != nil {
		if missing, ok := errors.AsType[*store.NotFoundError](err); ok && missing.ARN == interactions {
			return nil, bespoke.Errorf(bespoke.InvalidInput, "The dataset group %s has no Interactions dataset, which its events would go to. Create that first; it may be empty.", group)
		}
		return nil, refusal(err)
	}
	return &wire.CreateEventTrackerResponse{EventTrackerArn: string(e.ARN), TrackingId: e.TrackingID}, nil
}

func (s *Service) describeEventTracker(ctx context.Context, in *wire.DescribeEventTrackerRequest) (*wire.DescribeEventTrackerResponse, error) {
	arn, err := resource("event-tracker", in.EventTrackerArn)
	if err != nil {
		return nil, err
	}
	e, err := s.cfg.Store.EventTracker(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	return &wire.DescribeEventTrackerResponse{EventTracker: &wire.EventTracker{
		Name: e.Name, EventTrackerArn: string(e.ARN), AccountId: s.cfg.Scope.Account, TrackingId: e.TrackingID,
		DatasetGroupArn: string(e.GroupARN), Status: string(e.Status),
		CreationDateTime: wire.Timestamp{Time: e.Created}, LastUpdatedDateTime: wire.Timestamp{Time: e.Updated},
	}}, nil
}

func (s *Service) listEventTrackers(ctx context.Context, in *wire.ListEventTrackersRequest) (*wire.ListEventTrackersResponse, error) {
	all, next, err := pageOf(ctx, s, listing{"ListEventTrackers", "dataset-group", in.DatasetGroupArn, in.NextToken, in.MaxResults}, s.cfg.Store.EventTrackers, func(e bespoke.EventTracker) wire.EventTrackerSummary {
		return wire.EventTrackerSummary{
			Name: e.Name, EventTrackerArn: string(e.ARN), Status: string(e.Status),
			CreationDateTime: wire.Timestamp{Time: e.Created}, LastUpdatedDateTime: wire.Timestamp{Time: e.Updated},
		}
	})
	if err != nil {
		return nil, err
	}
	return &wire.ListEventTrackersResponse{EventTrackers: all, NextToken: next}, nil
}

// deleteEventTracker has a tracker deleted. The events that came through it belong
// to the dataset and stay.
func (s *Service) deleteEventTracker(ctx context.Context, in *wire.DeleteEventTrackerRequest) error {
	arn, err := resource("event-tracker", in.EventTrackerArn)
	if err != nil {
		return err
	}
	return refusal(s.cfg.Store.DeleteEventTracker(ctx, arn))
}
