package attribution

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// Window is how many seconds are summed up together. Windows begin at its
// multiples.
const Window = 15 * 60

// Undefined is the source of events that tell none, and Others that of sources
// beyond Config.MaxSources.
const (
	Undefined = "SOURCE_NAME_UNDEFINED"
	Others    = "OTHER_SOURCES"
)

// Metric is one number to be summed up.
type Metric struct {
	Name      string
	EventType string // of the events that count
	Expression
}

// Event is as much of an event as metrics look at.
type Event struct {
	Type             string
	Time             int64  // seconds since 1970
	Source           string // eventAttributionSource
	RecommendationID string
}

// Total is the sum of one metric for one source and window.
type Total struct {
	Metric int    // its place in Config.Metrics
	Start  int64  // of the window, seconds since 1970
	Source string // an ARN, what the event said, Undefined or Others
	Value  float64
}

// Config says what to sum up.
type Config struct {
	Metrics []Metric
	// After leaves out events of before that time, in seconds since 1970.
	After int64
	// Recommended returns the ARN of the campaign or recommender that made a
	// recommendation. May be nil.
	Recommended func(recommendationID string) (arn string, ok bool)
	// Sources are those that the dataset group has already; MaxSources is how
	// many it may have, 0 for any number.
	Sources    []string
	MaxSources int
	TempDir    string // for what does not fit in memory
	MaxTotals  int    // in memory; 0 means 100,000
}

// Tally sums up. It holds MaxTotals sums and sources, the others are in a file.
// It has to be closed. Not safe for concurrent use.
type Tally struct {
	cfg     Config
	byType  map[string][]int // metrics by event type
	sources map[string]bool
	totals  map[total]float64
	runs    runs
}

// total is what Total sums up.
type total struct {
	start  int64
	metric int
	source string
}

// compare puts the newest window first, then the metrics in their order, then
// sources by name.
func (t total) compare(o total) int {
	return cmp.Or(cmp.Compare(o.start, t.start), cmp.Compare(t.metric, o.metric), cmp.Compare(t.source, o.source))
}

// NewTally returns a tally without sums.
func NewTally(cfg Config) *Tally {
	cfg.MaxTotals = cmp.Or(cfg.MaxTotals, 100_000)
	t := &Tally{cfg: cfg, byType: map[string][]int{}, sources: map[string]bool{}, totals: map[total]float64{}, runs: runs{dir: cfg.TempDir}}
	for i, m := range cfg.Metrics {
		t.byType[m.EventType] = append(t.byType[m.EventType], i)
	}
	for _, s := range cfg.Sources {
		t.sources[s] = true
	}
	return t
}

// Add counts an event, with value as its number for a metric; ok is false where
// it has none there, or another call has it. For a metric that counts events
// value is not asked.
func (t *Tally) Add(e Event, value func(metric int) (v float64, ok bool)) error {
	if e.Time < t.cfg.After {
		return nil
	}
	for _, i := range t.byType[e.Type] {
		v, ok := value(i)
		if !ok {
			continue
		}
		start := e.Time - (e.Time%Window+Window)%Window
		t.totals[total{start, i, t.source(e)}] += v
	}
	if len(t.totals) < t.cfg.MaxTotals {
		return nil
	}
	err := t.runs.spill(t.sorted())
	clear(t.totals)
	return err
}

// Wants reports whether any metric counts events of the type.
func (t *Tally) Wants(eventType string) bool { return len(t.byType[eventType]) > 0 }

// source is where an event is said to come from. What the event says itself
// counts alone.
func (t *Tally) source(e Event) string {
	s := e.Source
	if s == "" && e.RecommendationID != "" && t.cfg.Recommended != nil {
		if arn, ok := t.cfg.Recommended(e.RecommendationID); ok {
			s = arn
		}
	}
	if s == "" {
		return Undefined
	}
	if !t.sources[s] {
		if t.cfg.MaxSources > 0 && len(t.sources) >= t.cfg.MaxSources {
			return Others
		}
		t.sources[s] = true
	}
	return s
}

func (t *Tally) sorted() iter.Seq2[total, float64] {
	keys := slices.SortedFunc(maps.Keys(t.totals), total.compare)
	return func(yield func(total, float64) bool) {
		for _, k := range keys {
			if !yield(k, t.totals[k]) {
				return
			}
		}
	}
}

// Totals yields the sums, the newest window first, then by metric and source.
func (t *Tally) Totals() iter.Seq2[Total, error] {
	return func(yield func(Total, error) bool) {
		for p, err := range t.runs.merge(t.sorted()) {
			if !yield(Total{Metric: p.key.metric, Start: p.key.start, Source: p.key.source, Value: p.value}, err) || err != nil {
				return
			}
		}
	}
}

// Close frees the file.
func (t *Tally) Close() error { return t.runs.close() }
