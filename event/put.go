package event

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"syscall"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/store"
)

// maxRecordBytes is what one event or action interaction may have.
const maxRecordBytes = 10 << 10

// reservedKeys may not be in the properties of events, in any case: the request has
// members for them. Source: the API model's text on event properties.
var reservedKeys = []string{"userid", "sessionid", "eventtype", "timestamp", "recommendationid", "impression"}

// putEvents takes in events of one user or, without userId, of a session.
func (s *Service) putEvents(ctx context.Context, in *wire.PutEventsRequest) error {
	t, err := s.tracked(ctx, in.TrackingId, bespoke.Interactions)
	if err != nil {
		return s.lost(err)
	}
	if t == nil {
		return bespoke.Errorf(bespoke.InvalidInput, "The tracking ID %s is not that of an event tracker that is ACTIVE.", in.TrackingId)
	}
	if err := s.allow(t, "PutEvents", s.cfg.Limits.EventCalls); err != nil {
		return err
	}
	records := make([]*Record, len(in.EventList))
	for i := range in.EventList {
		if records[i], err = t.event(in, i); err != nil {
			return err
		}
	}
	return s.lost(s.accept(ctx, t, records))
}

// event makes a record of event i of a request.
func (t *target) event(in *wire.PutEventsRequest, i int) (*Record, error) {
	e := &in.EventList[i]
	d := t.draft("eventList", i)
	r := &Record{
		EventID: e.EventId, User: in.UserId, Session: in.SessionId, Type: e.EventType, Time: e.SentAt.Unix(),
		RecommendationID: e.RecommendationId, Impression: e.Impression,
	}
	if e.MetricAttribution != nil {
		r.Source = e.MetricAttribution.EventAttributionSource
	}
	if err := d.sized(r, e.ItemId, e.Properties); err != nil {
		return nil, err
	}
	if err := d.properties(e.Properties, reservedKeys); err != nil {
		return nil, err
	}
	if e.EventValue != nil {
		if err := d.set("EVENT_VALUE", "eventValue", strconv.FormatFloat(*e.EventValue, 'g', -1, 64)); err != nil {
			return nil, err
		}
	}
	if err := d.envelope(r, "sentAt"); err != nil {
		return nil, err
	}
	if e.ItemId != "" {
		if err := d.set("ITEM_ID", "itemId", e.ItemId); err != nil {
			return nil, err
		}
	}
	if err := d.finish(map[string]string{"ITEM_ID": "itemId", "EVENT_VALUE": "eventValue", "IMPRESSION": "impression",
		"RECOMMENDATION_ID": "recommendationId", "EVENT_ATTRIBUTION_SOURCE": "metricAttribution.eventAttributionSource"}); err != nil {
		return nil, err
	}
	r.Target, r.Values = d.text("ITEM_ID"), d.values
	return r, nil
}

// sized refuses a record that is too large.
func (d *draft) sized(r *Record, more ...string) error {
	n := 0
	for _, list := range [][]string{{r.EventID, r.User, r.Session, r.Target, r.Type, r.RecommendationID, r.Source}, r.Impression, more} {
		for _, s := range list {
			n += len(s)
		}
	}
	if n > maxRecordBytes {
		return bespoke.Errorf(bespoke.InvalidInput, "%s has %d bytes, at most %d are allowed.", d.path, n, maxRecordBytes)
	}
	return nil
}

// envelope sets the columns of what every event has. An anonymous one has its session
// in place of the user.
func (d *draft) envelope(r *Record, timeMember string) error {
	user := "userId"
	if r.User == "" {
		user = "sessionId"
	}
	if err := errors.Join(d.set("USER_ID", user, r.userID()), d.set("TIMESTAMP", timeMember, strconv.FormatInt(r.Time, 10)), d.set("EVENT_TYPE", "eventType", r.Type)); err != nil {
		return err
	}
	if len(r.Impression) > 0 {
		if err := d.set("IMPRESSION", "impression", strings.Join(r.Impression, "|")); err != nil {
			return err
		}
	}
	if r.RecommendationID != "" {
		if err := d.set("RECOMMENDATION_ID", "recommendationId", r.RecommendationID); err != nil {
			return err
		}
	}
	if r.Source != "" {
		return d.set("EVENT_ATTRIBUTION_SOURCE", "metricAttribution.eventAttributionSource", r.Source)
	}
	return nil
}

// putActionInteractions takes in what users did with actions.
func (s *Service) putActionInteractions(ctx context.Context, in *wire.PutActionInteractionsRequest) error {
	t, err := s.tracked(ctx, in.TrackingId, bespoke.ActionInteractions)
	if err != nil {
		return err
	}
	if t == nil {
		return bespoke.Errorf(bespoke.NotFound, "The tracking ID %s is not that of an Action interactions dataset. DescribeDataset tells it.", in.TrackingId)
	}
	if err := s.allow(t, "PutActionInteractions", s.cfg.Limits.EventCalls); err != nil {
		return err
	}
	records := make([]*Record, len(in.ActionInteractions))
	for i := range in.ActionInteractions {
		if records[i], err = t.actionInteraction(&in.ActionInteractions[i], i); err != nil {
			return err
		}
	}
	return s.accept(ctx, t, records)
}

func (t *target) actionInteraction(a *wire.ActionInteraction, i int) (*Record, error) {
	d := t.draft("actionInteractions", i)
	r := &Record{
		EventID: a.EventId, User: a.UserId, Session: a.SessionId, Target: a.ActionId, Type: a.EventType, Time: a.Timestamp.Unix(),
		RecommendationID: a.RecommendationId, Impression: a.Impression,
	}
	if err := d.sized(r, a.Properties); err != nil {
		return nil, err
	}
	if err := d.properties(a.Properties, reservedKeys); err != nil {
		return nil, err
	}
	if err := errors.Join(d.set("ACTION_ID", "actionId", a.ActionId), d.envelope(r, "timestamp")); err != nil {
		return nil, err
	}
	if err := d.finish(map[string]string{"IMPRESSION": "impression", "RECOMMENDATION_ID": "recommendationId"}); err != nil {
		return nil, err
	}
	r.Type, r.Values = d.text("EVENT_TYPE"), d.values
	return r, nil
}

// putItems takes in items. An earlier item of the same ID gives way as a whole: what is
// not sent becomes null.
func (s *Service) putItems(ctx context.Context, in *wire.PutItemsRequest) error {
	ids, properties := make([]string, len(in.Items)), make([]string, len(in.Items))
	for i, r := range in.Items {
		ids[i], properties[i] = r.ItemId, r.Properties
	}
	return s.putRecords(ctx, in.DatasetArn, bespoke.Items, "items", "itemId", ids, properties)
}

// putUsers takes in users, as putItems does items.
func (s *Service) putUsers(ctx context.Context, in *wire.PutUsersRequest) error {
	ids, properties := make([]string, len(in.Users)), make([]string, len(in.Users))
	for i, r := range in.Users {
		ids[i], properties[i] = r.UserId, r.Properties
	}
	return s.putRecords(ctx, in.DatasetArn, bespoke.Users, "users", "userId", ids, properties)
}

// putActions takes in actions, as putItems does items.
func (s *Service) putActions(ctx context.Context, in *wire.PutActionsRequest) error {
	ids, properties := make([]string, len(in.Actions)), make([]string, len(in.Actions))
	for i, r := range in.Actions {
		ids[i], properties[i] = r.ActionId, r.Properties
	}
	return s.putRecords(ctx, in.DatasetArn, bespoke.Actions, "actions", "actionId", ids, properties)
}

func (s *Service) putRecords(ctx context.Context, arn string, typ bespoke.DatasetType, list, member string, ids, properties []string) error {
	t, err := s.named(ctx, arn, typ)
	if err != nil {
		return err
	}
	if err := s.allow(t, list, s.cfg.Limits.RecordCalls); err != nil {
		return err
	}
	records := make([]*Record, len(ids))
	for i, id := range ids {
		d := t.draft(list, i)
		if err := d.properties(properties[i], nil); err != nil {
			return err
		}
		if err := errors.Join(d.set(typ.Key(), member, id), d.finish(nil)); err != nil {
			return err
		}
		records[i] = &Record{Values: d.values}
		if typ == bespoke.Users {
			records[i].User = id
		} else {
			records[i].Target = id
		}
	}
	return s.accept(ctx, t, records)
}

// allow refuses a call beyond the rate of its dataset group.
func (s *Service) allow(t *target, operation string, perSecond int) error {
	if s.rates.take(operation+" "+string(t.dataset.GroupARN), perSecond) {
		return nil
	}
	return bespoke.Errorf(bespoke.Throttling, "Rate exceeded: at most %d calls a second of this operation for a dataset group. Try again a little later.", perSecond)
}

// accept returns once the records are on the disk.
func (s *Service) accept(ctx context.Context, t *target, records []*Record) error {
	return s.refusal(t.log.append(ctx, t.columns, records))
}

// refusal turns what the log or the store refuses into what a client reads.
func (s *Service) refusal(err error) error {
	var missing *store.NotFoundError
	var disk *writeError
	switch {
	case errors.As(err, &missing):
		return bespoke.Errorf(bespoke.NotFound, "Resource Arn %s does not exist.", missing.ARN)
	case errors.Is(err, errFull):
		return bespoke.Errorf(bespoke.Throttling, "Rate exceeded: too many calls wait for the disk. Try again a little later.")
	case errors.Is(err, errDropped):
		return bespoke.Errorf(bespoke.NotFound, "The dataset has been deleted.")
	case errors.Is(err, errStopped):
		return bespoke.Errorf(bespoke.Unavailable, "The server is stopping. Try again.")
	case errors.As(err, &disk):
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			return &bespoke.Error{Code: bespoke.Unavailable, Msg: "The server's disk is full, nothing was stored. Have the operator free some room in the data folder, and try again.", Cause: err}
		}
		return &bespoke.Error{Code: bespoke.Unavailable, Msg: "The records could not be written to the disk. Try again.", Cause: err}
	}
	return err
}

// lost makes what PutEvents does not model, a dataset that is gone or going, the
// exception that it does.
func (s *Service) lost(err error) error {
	if e, ok := errors.AsType[*bespoke.Error](err); ok && (e.Code == bespoke.NotFound || e.Code == bespoke.InUse) {
		return &bespoke.Error{Code: bespoke.InvalidInput, Msg: e.Msg, Cause: e.Cause}
	}
	return err
}
