package storetest

import (
	"testing"
	"time"

	"bespoke"
	"bespoke/store"
)

func attribution(group bespoke.ARN) bespoke.MetricAttribution {
	return bespoke.MetricAttribution{
		Name: group.Name(), ARN: scope.MetricAttribution(group.Name()), GroupARN: group, RoleARN: "arn:aws:iam::123456789012:role/r", Path: "s3://b/p",
	}
}

var twoMetrics = []bespoke.Metric{
	{Name: "watches", EventType: "WATCH", Expression: "SAMPLECOUNT()"},
	{Name: "revenue", EventType: "BUY", Expression: "SUM(Items.PRICE)", Of: bespoke.Items},
}

func attributionLifecycle(t *testing.T, f *fixture) {
	ctx := t.Context()
	d, err := f.Dataset(ctx, f.items("shop"))
	f.ok(err)
	want := attribution(d.GroupARN)
	began := f.clock.tick()
	f.queued(1, func() { f.ok(f.CreateMetricAttribution(ctx, want, twoMetrics)) })
	want.Status, want.Times = bespoke.CreatePending, bespoke.Times{Created: began, Updated: began}
	got, err := f.MetricAttribution(ctx, want.ARN)
	f.ok(err)
	f.equal(got, want)
	listed, _, err := f.MetricAttributions(ctx, d.GroupARN, store.Page{Limit: 5})
	f.ok(err)
	f.equal(listed, []bespoke.MetricAttribution{want})
	names := func() (out []string) {
		t.Helper()
		for page := (store.Page{Limit: 1}); ; {
			list, next, err := f.Metrics(ctx, want.ARN, page)
			f.ok(err)
			for _, m := range list {
				out = append(out, m.Name)
			}
			if page.After = next; next.IsZero() {
				return out
			}
		}
	}
	f.equal(names(), []string{"watches", "revenue"})
	fails(f, f.UpdateMetricAttribution(ctx, want, nil, nil), &store.StateError{ARN: want.ARN, Status: bespoke.CreatePending})
	f.activate(want.ARN)
	fails(f, f.DeleteDataset(ctx, d.ARN), &store.InUseError{ARN: d.ARN, By: want.ARN})

	want.Path, want.RoleARN, want.Status, want.Updated = "", "arn:aws:iam::123456789012:role/other", bespoke.Active, f.clock.tick()
	f.ok(f.UpdateMetricAttribution(ctx, want, []bespoke.Metric{{Name: "clicks", EventType: "CLICK", Expression: "SAMPLECOUNT()"}}, []string{"revenue"}))
	got, err = f.MetricAttribution(ctx, want.ARN)
	f.ok(err)
	f.equal(got, want)
	f.equal(names(), []string{"clicks", "watches"})
	fails(f, f.UpdateMetricAttribution(ctx, want, twoMetrics[:1], nil), &store.MetricExistsError{ARN: want.ARN, Metric: "watches"})
	fails(f, f.UpdateMetricAttribution(ctx, want, twoMetrics[1:], []string{"none"}), &store.NoMetricError{ARN: want.ARN, Metric: "none"})
	var many []bespoke.Metric
	for i := range bespoke.MaxMetrics - 1 {
		many = append(many, bespoke.Metric{Name: numbered("m", i), EventType: "CLICK", Expression: "SAMPLECOUNT()"})
	}
	fails(f, f.UpdateMetricAttribution(ctx, want, many, nil), &store.LimitError{Quota: store.MetricQuota, Limit: bespoke.MaxMetrics})
	f.equal(names(), []string{"clicks", "watches"})

	f.ok(f.DeleteDataset(ctx, d.ARN)) // no metric is about items any more
	f.ok(f.FinishDelete(ctx, d.ARN))
	fails(f, f.DeleteDatasetGroup(ctx, d.GroupARN), &store.InUseError{ARN: d.GroupARN, By: want.ARN})
	f.queued(1, func() { f.ok(f.DeleteMetricAttribution(ctx, want.ARN)) })
	fails(f, f.DeleteMetricAttribution(ctx, want.ARN), &store.StateError{ARN: want.ARN, Status: bespoke.DeletePending})
	f.ok(f.FinishDelete(ctx, want.ARN))
	_, err = f.MetricAttribution(ctx, want.ARN)
	f.gone(want.ARN, err)
	f.equal(len(names()), 0)
	f.ok(f.DeleteDatasetGroup(ctx, d.GroupARN))
}

func attributionRefused(t *testing.T, f *fixture) {
	ctx := t.Context()
	f.queued(0, func() {
		none := scope.DatasetGroup("none")
		fails(f, f.CreateMetricAttribution(ctx, attribution(none), nil), &store.NotFoundError{ARN: none})
	})
	a := attribution(f.group("shop"))
	fails(f, f.CreateMetricAttribution(ctx, a, append(twoMetrics, twoMetrics[0])), &store.MetricExistsError{ARN: a.ARN, Metric: "watches"})
	f.ok(f.CreateMetricAttribution(ctx, a, twoMetrics))
	fails(f, f.CreateMetricAttribution(ctx, a, twoMetrics), &store.ExistsError{ARN: a.ARN})
	second := a
	second.ARN = scope.MetricAttribution("second")
	fails(f, f.CreateMetricAttribution(ctx, second, twoMetrics), &store.ExistsError{ARN: a.ARN})
	f.ok(f.GiveUp(ctx, a.ARN, "no disk"))
	f.ok(f.DeleteMetricAttribution(ctx, a.ARN))
}

func attributionSums(t *testing.T, f *fixture) {
	ctx := t.Context()
	d, err := f.Dataset(ctx, f.items("shop"))
	f.ok(err)
	now := f.clock.tick().Truncate(15 * time.Minute)
	sum := func(start time.Time, metric, source string, v float64) store.Attributed {
		return store.Attributed{Start: start.UTC(), Metric: metric, EventType: "WATCH", Function: "sum", Source: source, Value: v}
	}
	old := now.Add(-500 * 24 * time.Hour)
	f.ok(f.Attribute(ctx, store.AttributedFrom{DatasetARN: d.ARN, Job: "job", Place: 1},
		[]store.Attributed{sum(now, "a", "x", 1), sum(now, "a", "y", 2), sum(old, "a", "x", 7)}))
	f.ok(f.Attribute(ctx, store.AttributedFrom{DatasetARN: d.ARN, Job: "job", Place: 1}, []store.Attributed{sum(now, "a", "x", 100)}))
	place, err := f.AttributedTo(ctx, d.ARN)
	f.ok(err)
	f.equal(place, uint64(0))
	earlier := now.Add(-time.Hour)
	f.ok(f.Attribute(ctx, store.AttributedFrom{DatasetARN: d.ARN, Place: 20}, []store.Attributed{sum(now, "a", "x", 0.5), sum(earlier, "b", "x", 3)}))
	f.ok(f.Attribute(ctx, store.AttributedFrom{DatasetARN: d.ARN, Place: 15}, []store.Attributed{sum(now, "a", "x", 100)}))
	f.ok(f.Attribute(ctx, store.AttributedFrom{DatasetARN: d.ARN, Place: 21}, nil))
	place, err = f.AttributedTo(ctx, d.ARN)
	f.ok(err)
	f.equal(place, uint64(21))
	all := []store.Attributed{sum(now, "a", "x", 1.5), sum(now, "a", "y", 2), sum(earlier, "b", "x", 3)}
	got, err := f.Attributed(ctx, d.GroupARN, 0, now.Unix()+1, 10)
	f.ok(err)
	f.equal(got, all)
	got, err = f.Attributed(ctx, d.GroupARN, 0, now.Unix(), 10)
	f.ok(err)
	f.equal(got, all[2:])
	got, err = f.Attributed(ctx, d.GroupARN, 0, now.Unix()+1, 1)
	f.ok(err)
	f.equal(got, all[:1])
	got, err = f.AttributedTotals(ctx, d.GroupARN)
	f.ok(err)
	f.equal(got, all)
	sources, err := f.AttributedSources(ctx, d.GroupARN)
	f.ok(err)
	f.equal(len(sources), 2)

	f.ok(f.DeleteDataset(ctx, d.ARN))
	f.ok(f.FinishDelete(ctx, d.ARN))
	fails(f, f.Attribute(ctx, store.AttributedFrom{DatasetARN: d.ARN, Place: 30}, nil), &store.NotFoundError{ARN: d.ARN})
	place, err = f.AttributedTo(ctx, d.ARN)
	f.ok(err)
	f.equal(place, uint64(0))
	got, err = f.AttributedTotals(ctx, d.GroupARN)
	f.ok(err)
	f.equal(len(got), 3)
	f.ok(f.DeleteDatasetGroup(ctx, d.GroupARN))
	f.ok(f.FinishDelete(ctx, d.GroupARN))
	got, err = f.AttributedTotals(ctx, d.GroupARN)
	f.ok(err)
	f.equal(len(got), 0)
}
