package control

import (
	"context"
	"errors"

	"bespoke"
	"bespoke/attribution"
	"bespoke/awsapi/wire"
	"bespoke/schema"
	"bespoke/store"
)

type attributionStore interface {
	CreateMetricAttribution(ctx context.Context, a bespoke.MetricAttribution, list []bespoke.Metric) error
	MetricAttribution(ctx context.Context, arn bespoke.ARN) (bespoke.MetricAttribution, error)
	MetricAttributions(ctx context.Context, group bespoke.ARN, p store.Page) ([]bespoke.MetricAttribution, store.Position, error)
	Metrics(ctx context.Context, attribution bespoke.ARN, p store.Page) ([]bespoke.Metric, store.Position, error)
	UpdateMetricAttribution(ctx context.Context, a bespoke.MetricAttribution, add []bespoke.Metric, remove []string) error
	DeleteMetricAttribution(ctx context.Context, arn bespoke.ARN) error
	sumStore
}

// sumStore keeps what metrics add up to.
type sumStore interface {
	Attribute(ctx context.Context, from store.AttributedFrom, sums []store.Attributed) error
	AttributedTo(ctx context.Context, dataset bespoke.ARN) (uint64, error)
	Attributed(ctx context.Context, group bespoke.ARN, from, to int64, limit int) ([]store.Attributed, error)
	AttributedTotals(ctx context.Context, group bespoke.ARN) ([]store.Attributed, error)
	AttributedSources(ctx context.Context, group bespoke.ARN) ([]string, error)
}

func (s *Service) createMetricAttribution(ctx context.Context, in *wire.CreateMetricAttributionRequest) (*wire.CreateMetricAttributionResponse, error) {
	group, err := resource("dataset-group", in.DatasetGroupArn)
	if err != nil {
		return nil, err
	}
	if _, err := s.cfg.Store.DatasetGroup(ctx, group); err != nil {
		return nil, refusal(err)
	}
	if len(in.Metrics) == 0 {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "A metric attribution has at least one metric, with eventType, metricName and expression.")
	}
	a := bespoke.MetricAttribution{Name: in.Name, ARN: s.cfg.Scope.MetricAttribution(in.Name), GroupARN: group}
	if _, err := s.cfg.Store.MetricAttribution(ctx, a.ARN); err == nil {
		return nil, refusal(&store.ExistsError{ARN: a.ARN})
	}
	list, err := s.newMetrics(ctx, group, in.Metrics)
	if err != nil {
		return nil, err
	}
	if err := s.setOutput(ctx, &a, in.MetricsOutputConfig); err != nil {
		return nil, err
	}
	if err := s.cfg.Store.CreateMetricAttribution(ctx, a, list); err != nil {
		return nil, refusal(err)
	}
	return &wire.CreateMetricAttributionResponse{MetricAttributionArn: string(a.ARN)}, nil
}

// newMetrics checks metrics against the datasets of the group.
func (s *Service) newMetrics(ctx context.Context, group bespoke.ARN, in []wire.MetricAttribute) ([]bespoke.Metric, error) {
	interactions, _, err := s.schemaOf(ctx, group, bespoke.Interactions)
	if err != nil {
		return nil, err
	}
	if interactions == nil {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "The dataset group %s has no Interactions dataset, whose events metrics are about. Create it first.", group)
	}
	if _, ok := interactions.Column("EVENT_TYPE"); !ok {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "The schema of the group's Interactions dataset has no column EVENT_TYPE, by which metrics choose their events.")
	}
	out := make([]bespoke.Metric, len(in))
	seen := map[string]bool{}
	for i, m := range in {
		if seen[m.MetricName] {
			return nil, bespoke.Errorf(bespoke.InvalidInput, "The request has two metrics named %s. Give each its own name.", m.MetricName)
		}
		seen[m.MetricName] = true
		e, err := attribution.Parse(m.Expression)
		if err != nil {
			return nil, err
		}
		if err := s.checkExpression(ctx, group, e, interactions); err != nil {
			return nil, err
		}
		out[i] = bespoke.Metric{Name: m.MetricName, EventType: m.EventType, Expression: m.Expression, Of: e.Of}
	}
	return out, nil
}

func (s *Service) checkExpression(ctx context.Context, group bespoke.ARN, e attribution.Expression, interactions *schema.Schema) error {
	if e.Of != bespoke.Items {
		return e.Check(interactions)
	}
	sc, d, err := s.schemaOf(ctx, group, bespoke.Items)
	if err != nil {
		return err
	}
	if err := e.Check(sc); err != nil || d.Imported {
		return err
	}
	if err := s.cfg.Records.Flush(ctx, d.ARN); err != nil {
		return err
	}
	table, err := s.cfg.Lake.Table(ctx, d.ARN)
	if err != nil {
		return err
	}
	snap, release, err := table.Hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	rows, err := snap.Rows()
	if err == nil && len(rows) == 0 {
		err = bespoke.Errorf(bespoke.InvalidInput, "The Items dataset %s is empty, so there is no %s to sum up. Import items first.", d.ARN, e.Column)
	}
	return err
}

// schemaOf returns the group's dataset of a type with its schema, nil where the
// group has none.
func (s *Service) schemaOf(ctx context.Context, group bespoke.ARN, t bespoke.DatasetType) (*schema.Schema, bespoke.Dataset, error) {
	d, err := s.cfg.Store.Dataset(ctx, s.cfg.Scope.Dataset(group.Name(), t))
	if errors.Is(err, store.ErrNotFound) {
		return nil, d, nil
	}
	if err != nil {
		return nil, d, err
	}
	if d.Status == bespoke.CreatePending || d.Status == bespoke.CreateInProgress {
		return nil, d, refusal(&store.StateError{ARN: d.ARN, Status: d.Status})
	}
	sc, err := s.parsedSchema(ctx, d.SchemaARN)
	return sc, d, err
}

// setOutput takes over where reports go and under whose rights, once it is known
// that they could.
func (s *Service) setOutput(ctx context.Context, a *bespoke.MetricAttribution, out *wire.MetricAttributionOutput) error {
	a.RoleARN, a.Path, a.KMSKeyARN = out.RoleArn, "", ""
	if to := out.S3DataDestination; to != nil {
		a.Path, a.KMSKeyARN = to.Path, to.KmsKeyArn
		folder, err := outputFolder(a.Path)
		if err != nil {
			return err
		}
		return s.mayWrite(ctx, a.RoleARN, folder, attribution.ReportName(bespoke.Full, a.Created))
	}
	_, err := s.cfg.Access(ctx, a.RoleARN, bespoke.CallerFrom(ctx))
	if err != nil {
		err = unavailable(locationRefusal(err, a.RoleARN), a.RoleARN)
	}
	return err
}

func (s *Service) updateMetricAttribution(ctx context.Context, in *wire.UpdateMetricAttributionRequest) (*wire.UpdateMetricAttributionResponse, error) {
	arn, err := resource("metric-attribution", in.MetricAttributionArn)
	if err != nil {
		return nil, err
	}
	if arn == "" {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "metricAttributionArn is missing: it says which metric attribution to update.")
	}
	a, err := s.cfg.Store.MetricAttribution(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	var add []bespoke.Metric
	if len(in.AddMetrics) > 0 {
		if add, err = s.newMetrics(ctx, a.GroupARN, in.AddMetrics); err != nil {
			return nil, err
		}
	}
	if in.MetricsOutputConfig != nil {
		if err := s.setOutput(ctx, &a, in.MetricsOutputConfig); err != nil {
			return nil, err
		}
	}
	if err := s.cfg.Store.UpdateMetricAttribution(ctx, a, add, in.RemoveMetrics); err != nil {
		return nil, refusal(err)
	}
	return &wire.UpdateMetricAttributionResponse{MetricAttributionArn: string(arn)}, nil
}

func (s *Service) describeMetricAttribution(ctx context.Context, in *wire.DescribeMetricAttributionRequest) (*wire.DescribeMetricAttributionResponse, error) {
	arn, err := resource("metric-attribution", in.MetricAttributionArn)
	if err != nil {
		return nil, err
	}
	a, err := s.cfg.Store.MetricAttribution(ctx, arn)
	if err != nil {
		return nil, refusal(err)
	}
	out := &wire.MetricAttributionOutput{RoleArn: a.RoleARN}
	if a.Path != "" {
		out.S3DataDestination = &wire.S3DataConfig{Path: a.Path, KmsKeyArn: a.KMSKeyARN}
	}
	return &wire.DescribeMetricAttributionResponse{MetricAttribution: &wire.MetricAttribution{
		Name: a.Name, MetricAttributionArn: string(a.ARN), DatasetGroupArn: string(a.GroupARN), MetricsOutputConfig: out,
		Status: string(a.Status), FailureReason: a.FailureReason,
		CreationDateTime: wire.Timestamp{Time: a.Created}, LastUpdatedDateTime: wire.Timestamp{Time: a.Updated},
	}}, nil
}

func (s *Service) listMetricAttributions(ctx context.Context, in *wire.ListMetricAttributionsRequest) (*wire.ListMetricAttributionsResponse, error) {
	all, next, err := pageOf(ctx, s, listing{"ListMetricAttributions", "dataset-group", in.DatasetGroupArn, in.NextToken, in.MaxResults}, s.cfg.Store.MetricAttributions, func(a bespoke.MetricAttribution) wire.MetricAttributionSummary {
		return wire.MetricAttributionSummary{
			Name: a.Name, MetricAttributionArn: string(a.ARN), Status: string(a.Status), FailureReason: a.FailureReason,
			CreationDateTime: wire.Timestamp{Time: a.Created}, LastUpdatedDateTime: wire.Timestamp{Time: a.Updated},
		}
	})
	if err != nil {
		return nil, err
	}
	return &wire.ListMetricAttributionsResponse{MetricAttributions: all, NextToken: next}, nil
}

func (s *Service) listMetricAttributionMetrics(ctx context.Context, in *wire.ListMetricAttributionMetricsRequest) (*wire.ListMetricAttributionMetricsResponse, error) {
	fetch := func(ctx context.Context, arn bespoke.ARN, page store.Page) ([]bespoke.Metric, store.Position, error) {
		page.Limit = min(page.Limit, bespoke.MaxMetrics) // an answer holds no more
		return s.cfg.Store.Metrics(ctx, arn, page)
	}
	all, next, err := pageOf(ctx, s, listing{"ListMetricAttributionMetrics", "metric-attribution", in.MetricAttributionArn, in.NextToken, in.MaxResults}, fetch, func(m bespoke.Metric) wire.MetricAttribute {
		return wire.MetricAttribute{EventType: m.EventType, MetricName: m.Name, Expression: m.Expression}
	})
	if err != nil {
		return nil, err
	}
	return &wire.ListMetricAttributionMetricsResponse{Metrics: all, NextToken: next}, nil
}

func (s *Service) deleteMetricAttribution(ctx context.Context, in *wire.DeleteMetricAttributionRequest) error {
	arn, err := resource("metric-attribution", in.MetricAttributionArn)
	if err != nil {
		return err
	}
	return refusal(s.cfg.Store.DeleteMetricAttribution(ctx, arn))
}

// mayPublish refuses an import whose report on metrics has nowhere to go.
func (s *Service) mayPublish(ctx context.Context, d bespoke.Dataset, j bespoke.ImportJob) error {
	if !j.PublishMetrics {
		return nil
	}
	if d.Type != bespoke.Interactions {
		return bespoke.Errorf(bespoke.InvalidInput, "publishAttributionMetricsToS3 is for imports of interactions; the dataset %s is of type %s.", d.ARN, d.Type)
	}
	a, ok, err := s.attributionOf(ctx, d.GroupARN)
	if err != nil {
		return err
	}
	if !ok || a.Path == "" {
		return bespoke.Errorf(bespoke.InvalidInput, "publishAttributionMetricsToS3 needs a metric attribution with an S3 path, which the dataset group %s does not have. Create one with CreateMetricAttribution, or give it a path with UpdateMetricAttribution.", d.GroupARN)
	}
	return nil
}

// attributionOf returns the group's metric attribution that is in use, if any.
func (s *Service) attributionOf(ctx context.Context, group bespoke.ARN) (a bespoke.MetricAttribution, ok bool, err error) {
	all, _, err := s.cfg.Store.MetricAttributions(ctx, group, store.Page{Limit: 1})
	if err != nil || len(all) == 0 {
		return a, false, err
	}
	return all[0], all[0].Status == bespoke.Active, nil
}
