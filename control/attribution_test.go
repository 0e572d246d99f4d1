package control_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/control"
	"bespoke/store"
)

var (
	watches = avro("Interactions", field{Name: "USER_ID", Type: "string"}, field{Name: "ITEM_ID", Type: "string"}, field{Name: "TIMESTAMP", Type: "long"},
		field{Name: "EVENT_TYPE", Type: "string"}, field{Name: "EVENT_VALUE", Type: []string{"null", "float"}},
		field{Name: "EVENT_ATTRIBUTION_SOURCE", Type: maybeString}, field{Name: "RECOMMENDATION_ID", Type: maybeString})
	films = avro("Items", field{Name: "ITEM_ID", Type: "string"}, field{Name: "PRICE", Type: []string{"null", "double"}}, field{Name: "TITLE", Type: "string"})
)

const watchHeader = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE,EVENT_ATTRIBUTION_SOURCE,RECOMMENDATION_ID\n"

// inGroup makes a dataset that is ACTIVE in a group that is there.
func (f *fixture) inGroup(group, kind, schema string) string {
	f.Helper()
	out, err := f.CreateDataset(f.ctx, &wire.CreateDatasetRequest{
		Name: "d", DatasetType: kind, DatasetGroupArn: string(scope.DatasetGroup(group)), SchemaArn: f.schema(group+kind, schema, ""),
	})
	f.must(err)
	f.advance(out.DatasetArn)
	return out.DatasetArn
}

func metricsOf(triples ...string) (out []wire.MetricAttribute) {
	for i := 0; i < len(triples); i += 3 {
		out = append(out, wire.MetricAttribute{MetricName: triples[i], EventType: triples[i+1], Expression: triples[i+2]})
	}
	return out
}

// attributed makes a metric attribution that is ACTIVE.
func (f *fixture) attributed(group, role, path string, metrics ...string) string {
	f.Helper()
	out, err := f.CreateMetricAttribution(f.ctx, &wire.CreateMetricAttributionRequest{
		Name: group, DatasetGroupArn: string(scope.DatasetGroup(group)), Metrics: metricsOf(metrics...),
		MetricsOutputConfig: &wire.MetricAttributionOutput{RoleArn: role, S3DataDestination: &wire.S3DataConfig{Path: path}},
	})
	f.must(err)
	f.advance(out.MetricAttributionArn)
	return out.MetricAttributionArn
}

// importMode runs an import job to its end.
func (f *fixture) importMode(name, dataset, mode, content string, publish bool) string {
	f.Helper()
	arn, err := f.importBy(wire.CreateDatasetImportJobRequest{
		JobName: name, DatasetArn: dataset, ImportMode: mode, PublishAttributionMetricsToS3: &publish,
		DataSource: &wire.DataSource{DataLocation: f.put(name+".csv", content)},
	})
	f.must(err)
	f.advance(arn)
	if j := f.job(arn); j.Status != "ACTIVE" {
		f.Fatalf("%s: %s", j.Status, j.FailureReason)
	}
	return arn
}

func (f *fixture) sums(group string) map[string]float64 {
	f.Helper()
	all, err := f.service.AttributedMetrics(f.ctx, scope.DatasetGroup(group), time.Time{}, time.Time{})
	f.must(err)
	out := map[string]float64{}
	for _, m := range all.Metrics {
		out[fmt.Sprintf("%s %s %s %s", m.Metric, m.EventType, m.Function, m.Source)] += m.Value
	}
	return out
}

func same(t *testing.T, got, want map[string]float64) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestAttributeImports sums up what imports of both modes bring, with columns of
// both datasets, and publishes reports.
func TestAttributeImports(t *testing.T) {
	t.Parallel()
	f := open(t, func(c *control.Config) {
		c.Recommended = func(id string) (string, bool) { return "arn:of:" + id, strings.HasPrefix(id, "RID-") }
	})
	dataset := f.dataset("shop", "Interactions", watches)
	items := f.inGroup("shop", "Items", films)
	f.imported("items", items, "ITEM_ID,PRICE,TITLE\ni1,10,One\ni2,,Two\ni3,1.25,Three\n", bespoke.Active)
	now := time.Now().Unix()
	event := func(user, item, kind, value, source, rid string, age time.Duration) string {
		return fmt.Sprintf("%s,%s,%d,%s,%s,%s,%s\n", user, item, now-int64(age.Seconds()), kind, value, source, rid)
	}
	f.importMode("before", dataset, "FULL", watchHeader+event("u1", "i1", "WATCH", "5", "early", "", 0), false)
	arn := f.attributed("shop", f.writer(), "s3://shop-data/out", "watches", "WATCH", "SAMPLECOUNT()", "minutes", "WATCH", "SUM(Interactions.EVENT_VALUE)",
		"revenue", "BUY", "SUM(Items.PRICE)")
	f.putRows("price", items, 1<<43, "i3,2.5,Three")                        // newer than the import
	more := watchHeader + event("u1", "i1", "WATCH", "5", "early", "", 0) + // is there already
		event("u2", "i1", "WATCH", "1.5", "mail", "RID-1", 0) + event("u2", "i2", "WATCH", "", "", "RID-1", 0) +
		event("u3", "i1", "BUY", "", "", "", 0) + event("u3", "i2", "BUY", "", "", "", 0) + event("u3", "i3", "BUY", "", "", "none", 0) +
		event("u4", "i1", "WATCH", "100", "old", "", 15*24*time.Hour) + event("u4", "i1", "CLICK", "1", "mail", "", 0)
	f.importMode("more", dataset, "INCREMENTAL", more, true)
	want := map[string]float64{
		"watches WATCH samplecount mail":         1,
		"minutes WATCH sum mail":                 1.5,
		"watches WATCH samplecount arn:of:RID-1": 1,
		"revenue BUY sum SOURCE_NAME_UNDEFINED":  12.5,
	}
	same(t, f.sums("shop"), want)
	f.advance(string(scope.ImportJob("more"))) // run again, as after a crash
	same(t, f.sums("shop"), want)
	reports := f.objectsBelow("out/")
	if len(reports) != 1 {
		t.Fatalf("reports: %q", reports)
	}
	for name, text := range reports {
		if !strings.HasPrefix(name, "AggregatedAttributionMetrics - INCREMENTAL - ") || !strings.HasSuffix(name, ".csv") ||
			strings.Count(text, "\n") != 7 || !strings.Contains(text, "\nminutes,WATCH,100.0,sum,old,") || !strings.Contains(text, "\nrevenue,BUY,12.5,sum,SOURCE_NAME_UNDEFINED,") {
			t.Errorf("%s:\n%s", name, text)
		}
	}
	f.importMode("all", dataset, "FULL", more, true)
	same(t, f.sums("shop"), want) // a FULL import counts in its report only
	if n := len(f.objectsBelow("out/")); n != 2 {
		t.Errorf("%d reports", n)
	}

	// A report that cannot be written is told of.
	f.must(f.iam.PutRolePolicy("writer", "q", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:PutObject","Resource":"*"}}`))
	denied := f.importMode("denied", dataset, "INCREMENTAL", watchHeader+event("u9", "i9", "WATCH", "1", "mail", "", 0), true)
	r, err := f.service.ImportReport(f.ctx, bespoke.ARN(denied))
	f.must(err)
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "No report on metrics was written to s3://shop-data/out: Insufficient privileges") {
		t.Errorf("the warnings are %q", r.Warnings)
	}
	want["watches WATCH samplecount mail"]++
	want["minutes WATCH sum mail"]++
	same(t, f.sums("shop"), want)
	f.must(f.DeleteMetricAttribution(f.ctx, &wire.DeleteMetricAttributionRequest{MetricAttributionArn: arn}))
	f.advance(arn)
	f.importMode("after", dataset, "INCREMENTAL", watchHeader+event("u8", "i9", "WATCH", "1", "mail", "", 0), false)
	same(t, f.sums("shop"), want)
	total, err := f.service.AttributedTotals(f.ctx)
	f.must(err)
	if list := total["shop"]; len(list) != 4 || list[0] != (store.Attributed{Metric: "minutes", EventType: "WATCH", Function: "sum", Source: "mail", Value: 2.5, Start: list[0].Start}) {
		t.Errorf("totals: %+v", total)
	}
}

// TestMetricAttributionCalls makes every call and every refusal.
func TestMetricAttributionCalls(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	role := f.writer()
	dataset := f.dataset("shop", "Interactions", watches)
	group := string(scope.DatasetGroup("shop"))
	output := &wire.MetricAttributionOutput{RoleArn: role, S3DataDestination: &wire.S3DataConfig{Path: "s3://shop-data/out/", KmsKeyArn: "arn:aws:kms:us-east-1:000000000000:key/k"}}
	create := func(in wire.CreateMetricAttributionRequest) error {
		if in.Name == "" {
			in.Name = "m"
		}
		if in.DatasetGroupArn == "" {
			in.DatasetGroupArn = group
		}
		if in.MetricsOutputConfig == nil {
			in.MetricsOutputConfig = output
		}
		if in.Metrics == nil {
			in.Metrics = metricsOf("watches", "WATCH", "SAMPLECOUNT()")
		}
		_, err := f.CreateMetricAttribution(f.ctx, &in)
		return err
	}
	with := func(metrics ...string) error {
		return create(wire.CreateMetricAttributionRequest{Metrics: metricsOf(metrics...)})
	}
	f.refused(create(wire.CreateMetricAttributionRequest{DatasetGroupArn: string(scope.DatasetGroup("none"))}), bespoke.NotFound)
	f.refused(create(wire.CreateMetricAttributionRequest{DatasetGroupArn: f.group("empty", "")}), bespoke.InvalidInput, "has no Interactions dataset")
	f.dataset("plain", "Interactions", interactions)
	f.refused(create(wire.CreateMetricAttributionRequest{DatasetGroupArn: string(scope.DatasetGroup("plain"))}), bespoke.InvalidInput, "no column EVENT_TYPE")
	f.refused(create(wire.CreateMetricAttributionRequest{Metrics: []wire.MetricAttribute{}}), bespoke.InvalidInput, "at least one metric")
	f.refused(with("a", "W", "SAMPLECOUNT()", "a", "W", "SAMPLECOUNT()"), bespoke.InvalidInput, "two metrics named a")
	f.refused(with("a", "W", "SUM(Interactions.EVENT_TYPE"), bespoke.InvalidInput, "at character 28", "expected )")
	f.refused(with("a", "W", "SUM(Interactions.ITEM_ID)"), bespoke.InvalidInput, "cannot be summed")
	f.refused(with("a", "W", "SUM(Interactions.PRICE)"), bespoke.InvalidInput, "no column PRICE", "EVENT_VALUE")
	f.refused(with("a", "W", "SUM(Items.PRICE)"), bespoke.InvalidInput, "no dataset of type ITEMS")
	items := f.inGroup("shop", "Items", films)
	f.refused(with("a", "W", "SUM(Items.PRICE)"), bespoke.InvalidInput, "is empty", "Import items first")
	f.refused(create(wire.CreateMetricAttributionRequest{MetricsOutputConfig: &wire.MetricAttributionOutput{RoleArn: role + "x"}}), bespoke.InvalidInput, "does not exist")
	to := func(path string) *wire.MetricAttributionOutput {
		return &wire.MetricAttributionOutput{RoleArn: role, S3DataDestination: &wire.S3DataConfig{Path: path}}
	}
	f.refused(create(wire.CreateMetricAttributionRequest{MetricsOutputConfig: to("https://shop-data/x")}), bespoke.InvalidInput, "Invalid S3 output path")
	f.refused(create(wire.CreateMetricAttributionRequest{MetricsOutputConfig: to("s3://shop-data/" + strings.Repeat("報", 330))}), bespoke.InvalidInput, "Invalid S3 output path", "1024 bytes")
	f.refused(create(wire.CreateMetricAttributionRequest{MetricsOutputConfig: to("s3://shop-data/elsewhere")}), bespoke.InvalidInput, "Insufficient privileges")
	publish := func() error {
		yes := true
		_, err := f.importBy(wire.CreateDatasetImportJobRequest{JobName: "p", DatasetArn: dataset, PublishAttributionMetricsToS3: &yes, DataSource: &wire.DataSource{DataLocation: "s3://shop-data/x"}})
		return err
	}
	f.refused(publish(), bespoke.InvalidInput, "needs a metric attribution with an S3 path")

	f.putRows("item", items, 1, "i1,2,One")
	f.must(with("price", "BUY", "sum(items.PRICE)", "watches", "WATCH", "SAMPLECOUNT()"))
	arn := string(scope.MetricAttribution("m"))
	f.refused(create(wire.CreateMetricAttributionRequest{}), bespoke.AlreadyExists, arn)
	f.refused(create(wire.CreateMetricAttributionRequest{Name: "second"}), bespoke.AlreadyExists, arn)
	update := func(in wire.UpdateMetricAttributionRequest) error {
		if in.MetricAttributionArn == "" {
			in.MetricAttributionArn = arn
		}
		_, err := f.UpdateMetricAttribution(f.ctx, &in)
		return err
	}
	f.refused(update(wire.UpdateMetricAttributionRequest{}), bespoke.InUse, "CREATE PENDING")
	f.advance(arn)
	out, err := f.DescribeMetricAttribution(f.ctx, &wire.DescribeMetricAttributionRequest{MetricAttributionArn: arn})
	f.must(err)
	if a := out.MetricAttribution; a.Name != "m" || a.DatasetGroupArn != group || a.Status != "ACTIVE" || *a.MetricsOutputConfig.S3DataDestination != *output.S3DataDestination || a.MetricsOutputConfig.RoleArn != role {
		t.Errorf("described %+v", a)
	}
	for _, d := range []string{dataset, items} {
		f.refused(f.DeleteDataset(f.ctx, &wire.DeleteDatasetRequest{DatasetArn: d}), bespoke.InUse, arn)
	}
	f.refused(update(wire.UpdateMetricAttributionRequest{AddMetrics: metricsOf("watches", "WATCH", "SAMPLECOUNT()")}), bespoke.AlreadyExists, "watches")
	f.refused(update(wire.UpdateMetricAttributionRequest{RemoveMetrics: []string{"none"}}), bespoke.NotFound, "none")
	f.refused(update(wire.UpdateMetricAttributionRequest{MetricAttributionArn: string(scope.MetricAttribution("none"))}), bespoke.NotFound)
	_, err = f.UpdateMetricAttribution(f.ctx, &wire.UpdateMetricAttributionRequest{})
	f.refused(err, bespoke.InvalidInput, "metricAttributionArn is missing")
	var many []string
	for i := range 9 {
		many = append(many, fmt.Sprint("m", i), "WATCH", "SAMPLECOUNT()")
	}
	f.refused(update(wire.UpdateMetricAttributionRequest{AddMetrics: metricsOf(many...)}), bespoke.InvalidInput, "10 metrics")
	f.must(update(wire.UpdateMetricAttributionRequest{AddMetrics: metricsOf(many...), RemoveMetrics: []string{"price"}, MetricsOutputConfig: &wire.MetricAttributionOutput{RoleArn: role}}))
	f.refused(publish(), bespoke.InvalidInput, "needs a metric attribution with an S3 path")
	list, err := f.ListMetricAttributionMetrics(f.ctx, &wire.ListMetricAttributionMetricsRequest{MetricAttributionArn: arn})
	f.must(err)
	if len(list.Metrics) != 10 || list.Metrics[0].MetricName != "m0" || list.NextToken != "" || list.Metrics[9] != (wire.MetricAttribute{MetricName: "watches", EventType: "WATCH", Expression: "SAMPLECOUNT()"}) {
		t.Errorf("metrics: %+v", list.Metrics)
	}
	all, err := f.ListMetricAttributions(f.ctx, &wire.ListMetricAttributionsRequest{DatasetGroupArn: group})
	f.must(err)
	if len(all.MetricAttributions) != 1 || all.MetricAttributions[0].MetricAttributionArn != arn {
		t.Errorf("attributions: %+v", all.MetricAttributions)
	}
	_, err = f.TagResource(f.ctx, &wire.TagResourceRequest{ResourceArn: arn, Tags: []wire.Tag{{TagKey: "k"}}})
	f.refused(err, bespoke.InvalidInput, "no tags")
	f.must(f.DeleteDataset(f.ctx, &wire.DeleteDatasetRequest{DatasetArn: items}))
	f.must(f.DeleteMetricAttribution(f.ctx, &wire.DeleteMetricAttributionRequest{MetricAttributionArn: arn}))
	f.refused(f.DeleteMetricAttribution(f.ctx, &wire.DeleteMetricAttributionRequest{MetricAttributionArn: arn}), bespoke.InUse, "DELETE PENDING")
	f.advance(arn)
	_, err = f.DescribeMetricAttribution(f.ctx, &wire.DescribeMetricAttributionRequest{MetricAttributionArn: arn})
	f.refused(err, bespoke.NotFound)
}

// TestAttributeRecords sums up events that come one by one, each once.
func TestAttributeRecords(t *testing.T) {
	t.Parallel()
	f := open(t, nil)
	dataset := f.dataset("shop", "Interactions", watches)
	items := f.inGroup("shop", "Items", films)
	tracker, err := f.CreateEventTracker(f.ctx, &wire.CreateEventTrackerRequest{Name: "t", DatasetGroupArn: string(scope.DatasetGroup("shop"))})
	f.must(err)
	f.advance(tracker.EventTrackerArn)
	f.must(f.PutItems(f.ctx, &wire.PutItemsRequest{DatasetArn: items, Items: []wire.Item{{ItemId: "i1", Properties: `{"price": 2, "title": "One"}`}}}))
	put := func(kind, item string, value float64, source string, age time.Duration) {
		t.Helper()
		e := wire.Event{EventType: kind, ItemId: item, EventValue: &value, SentAt: wire.Timestamp{Time: time.Now().Add(-age)}}
		if source != "" {
			e.MetricAttribution = &wire.EventsMetricAttribution{EventAttributionSource: source}
		}
		f.must(f.PutEvents(f.ctx, &wire.PutEventsRequest{TrackingId: tracker.TrackingId, UserId: "u", SessionId: "s", EventList: []wire.Event{e}}))
	}
	put("WATCH", "i1", 1, "early", 0)
	f.attributed("shop", f.writer(), "s3://shop-data/out", "watches", "WATCH", "SAMPLECOUNT()", "minutes", "WATCH", "SUM(Interactions.EVENT_VALUE)",
		"revenue", "BUY", "SUM(Items.PRICE)")
	put("WATCH", "i1", 1.5, "mail", 0)
	put("WATCH", "i2", 2, "mail", time.Second)
	put("BUY", "i1", 0, "", 0)
	put("BUY", "i9", 0, "", 0)
	put("WATCH", "i1", 9, "old", 15*24*time.Hour)
	want := map[string]float64{
		"watches WATCH samplecount mail": 2, "minutes WATCH sum mail": 3.5, "revenue BUY sum SOURCE_NAME_UNDEFINED": 2,
	}
	for range 2 {
		f.must(f.events.Flush(f.ctx, bespoke.ARN(dataset)))
		same(t, f.sums("shop"), want)
	}
	f.must(f.PutItems(f.ctx, &wire.PutItemsRequest{DatasetArn: items, Items: []wire.Item{{ItemId: "i1", Properties: `{"price": 3, "title": "One"}`}}}))
	put("BUY", "i1", 0, "", 0)
	f.must(f.events.Flush(f.ctx, bespoke.ARN(dataset)))
	want["revenue BUY sum SOURCE_NAME_UNDEFINED"] = 5
	same(t, f.sums("shop"), want)
}
