package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"bespoke/control"
	"bespoke/event"
	"bespoke/job"
	"bespoke/store"
)

// metrics are what /metrics shows, in a registry of the server's own.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	answered sync.Map // outcome -> the *answered of it
	rows     *prometheus.CounterVec
	bytes    prometheus.Counter
	imports  *prometheus.HistogramVec
	tidied   *prometheus.CounterVec
	training trainingMetrics
}

// newMetrics returns the metrics of one server; queue and events are asked at each
// scrape.
func newMetrics(queue func(context.Context) (job.Counts, error), events func() event.Stats) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bespoke_requests_total", Help: "Requests answered, by operation and error code; OK for success."}, []string{"operation", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "bespoke_request_duration_seconds", Help: "Time from a request's arrival to its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 8)}, []string{"operation"}),
		rows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bespoke_import_rows_total", Help: "Rows of ended import jobs, by what became of them."}, []string{"outcome"}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "bespoke_import_bytes_total", Help: "Bytes of source objects that ended import jobs have read."}),
		imports: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "bespoke_import_duration_seconds", Help: "Time from a job's acceptance to its end, by mode and final status.",
			Buckets: prometheus.ExponentialBuckets(0.05, 4, 9)}, []string{"mode", "status"}),
	}
	m.tidied = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "bespoke_table_tidied_total", Help: "What was done to keep tables in order: rows written anew, files that went for it, and so on."}, []string{"what"})
	version := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "bespoke_build_info", Help: "Always 1; the label is the version.", ConstLabels: prometheus.Labels{"version": version}})
	version.Set(1)
	m.training = newTrainingMetrics(m.registry)
	m.registry.MustRegister(m.requests, m.duration, m.rows, m.bytes, m.imports, m.tidied, version, queueCollector{queue}, eventCollector{events},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// outcome is what requests are told apart by, answered what is counted of those
// that are alike.
type (
	outcome  struct{ operation, code string }
	answered struct {
		requests prometheus.Counter
		duration prometheus.Observer
	}
)

func (m *metrics) request(operation, code string, d time.Duration) {
	a, ok := m.answered.Load(outcome{operation, code})
	if !ok {
		a, _ = m.answered.LoadOrStore(outcome{operation, code}, &answered{m.requests.WithLabelValues(operation, code), m.duration.WithLabelValues(operation)})
	}
	a.(*answered).requests.Inc()
	a.(*answered).duration.Observe(d.Seconds())
}

func (m *metrics) imported(p control.ImportProgress) {
	for outcome, n := range map[string]int64{
		"accepted": p.Rows.Accepted, "replaced": p.Rows.Replaced, "duplicate": p.Rows.Duplicate, "rejected": p.Rows.Rejected,
	} {
		m.rows.WithLabelValues(outcome).Add(float64(n))
	}
	m.bytes.Add(float64(p.Bytes.Done))
	m.imports.WithLabelValues(string(p.Mode), string(p.Status)).Observe(p.Updated.Sub(p.Created).Seconds())
}

// attributedCollector reads the sums of metric attributions when it is scraped.
type attributedCollector struct {
	totals func(context.Context) (map[string][]store.Attributed, error)
}

var attributed = prometheus.NewDesc("bespoke_attributed", "Sum of a metric attribution's metric over all that is kept, by source.",
	[]string{"dataset_group", "metric", "event_type", "function", "source"}, nil)

func (attributedCollector) Describe(ch chan<- *prometheus.Desc) { ch <- attributed }

func (c attributedCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	groups, err := c.totals(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(attributed, err)
		return
	}
	for group, sums := range groups {
		for _, s := range sums {
			ch <- prometheus.MustNewConstMetric(attributed, prometheus.GaugeValue, s.Value, group, s.Metric, s.EventType, s.Function, s.Source)
		}
	}
}

func (m *metrics) tidy(t control.Tidied) {
	for what, n := range map[string]int64{
		"rows_rewritten": t.Rows, "deleted_rows_removed": t.DeletedRows, "files_replaced": int64(t.Files), "files_written": int64(t.Into),
		"delete_files_replaced": int64(t.DeletedFiles), "snapshots_expired": int64(t.Expired),
	} {
		m.tidied.WithLabelValues(what).Add(float64(n))
	}
}

// queueCollector reads the job queue's length when it is scraped.
type queueCollector struct {
	counts func(context.Context) (job.Counts, error)
}

var queueLength = prometheus.NewDesc("bespoke_jobs", "Background jobs, by whether they wait or run.", []string{"state"}, nil)

func (queueCollector) Describe(ch chan<- *prometheus.Desc) { ch <- queueLength }

func (c queueCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	n, err := c.counts(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(queueLength, err)
		return
	}
	ch <- prometheus.MustNewConstMetric(queueLength, prometheus.GaugeValue, float64(n.Waiting), "waiting")
	ch <- prometheus.MustNewConstMetric(queueLength, prometheus.GaugeValue, float64(n.Running), "running")
}
