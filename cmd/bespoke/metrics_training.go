package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"bespoke"
	"bespoke/control"
)

// trainingMetrics are what CloudWatch calls SolutionTrainingJobRequests,
// SolutionTrainingJobError and SolutionTrainingJobExecutionTime.
type trainingMetrics struct {
	started  *prometheus.CounterVec
	duration *prometheus.HistogramVec
	phases   *prometheus.CounterVec
}

func newTrainingMetrics(to *prometheus.Registry) trainingMetrics {
	m := trainingMetrics{
		started: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bespoke_trainings_started_total", Help: "Trainings that began, those that began again after a restart included."}, []string{"recipe"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "bespoke_training_duration_seconds", Help: "Time from a training's begin to its end, by final status.",
			Buckets: prometheus.ExponentialBuckets(0.1, 4, 9)}, []string{"recipe", "status"}),
		phases: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bespoke_training_phase_seconds_total", Help: "Time that the phases of successful trainings took."}, []string{"recipe", "phase"}),
	}
	to.MustRegister(m.started, m.duration, m.phases)
	return m
}

func (m trainingMetrics) observe(t control.Trained) {
	if t.Status == bespoke.CreateInProgress {
		m.started.WithLabelValues(t.Recipe).Inc()
		return
	}
	m.duration.WithLabelValues(t.Recipe, string(t.Status)).Observe(t.Took.Seconds())
	for _, p := range t.Phases {
		m.phases.WithLabelValues(t.Recipe, p.Name).Add(p.Took.Seconds())
	}
}
