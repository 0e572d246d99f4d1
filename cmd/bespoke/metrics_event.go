package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"bespoke/event"
)

// eventCollector reads the numbers of individually imported records when it is scraped.
type eventCollector struct{ stats func() event.Stats }

var (
	recordsDesc  = prometheus.NewDesc("bespoke_records_total", "Individually imported records, by what became of them: stored, or repeated an eventId.", []string{"outcome"}, nil)
	syncsDesc    = prometheus.NewDesc("bespoke_record_syncs_total", "Synced writes of individually imported records; one serves all calls that wait.", nil, nil)
	flushesDesc  = prometheus.NewDesc("bespoke_record_flushes_total", "Batches of individually imported records that joined a table.", nil, nil)
	flushedDesc  = prometheus.NewDesc("bespoke_record_flushed_total", "Individually imported records that joined a table.", nil, nil)
	flushingDesc = prometheus.NewDesc("bespoke_record_flush_seconds_total", "Time that joining took.", nil, nil)
	waitingDesc  = prometheus.NewDesc("bespoke_records_waiting", "Individually imported records that are on the disk and have not joined their table.", nil, nil)
	lagDesc      = prometheus.NewDesc("bespoke_record_flush_lag_seconds", "For how long the oldest of them has waited.", nil, nil)
)

func (eventCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{recordsDesc, syncsDesc, flushesDesc, flushedDesc, flushingDesc, waitingDesc, lagDesc} {
		ch <- d
	}
}

func (c eventCollector) Collect(ch chan<- prometheus.Metric) {
	st := c.stats()
	counter := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	counter(recordsDesc, float64(st.Records), "stored")
	counter(recordsDesc, float64(st.Repeated), "repeated")
	counter(syncsDesc, float64(st.Syncs))
	counter(flushesDesc, float64(st.Flushes))
	counter(flushedDesc, float64(st.Flushed))
	counter(flushingDesc, st.Flushing.Seconds())
	ch <- prometheus.MustNewConstMetric(waitingDesc, prometheus.GaugeValue, float64(st.Waiting))
	ch <- prometheus.MustNewConstMetric(lagDesc, prometheus.GaugeValue, st.Lag.Seconds())
}
