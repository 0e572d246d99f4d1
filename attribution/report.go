package attribution

import (
	"encoding/csv"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"bespoke"
)

// ReportName is the name of the object with the report on an import job.
func ReportName(mode bespoke.ImportMode, accepted time.Time) string {
	return "AggregatedAttributionMetrics - " + string(mode) + " - " + strconv.FormatInt(accepted.Unix(), 10) + ".csv"
}

// WriteReport writes totals in the form of Amazon's report.
func WriteReport(w io.Writer, metrics []Metric, totals iter.Seq2[Total, error]) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"METRIC_NAME", "EVENT_TYPE", "VALUE", "MATH_FUNCTION", "EVENT_ATTRIBUTION_SOURCE", "TIMESTAMP"}); err != nil {
		return err
	}
	for t, err := range totals {
		if err != nil {
			return err
		}
		m := metrics[t.Metric]
		err := out.Write([]string{m.Name, m.EventType, decimal(t.Value), m.Function, t.Source, strconv.FormatInt(t.Start, 10)})
		if err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// decimal always has a point, as in 12.0.
func decimal(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.ContainsAny(s, ".NI") {
		s += ".0"
	}
	return s
}
