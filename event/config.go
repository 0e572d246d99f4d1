package event

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync/atomic"
	"time"

	"bespoke"
	"bespoke/lake"
)

// Store is what the service asks of the metadata.
type Store interface {
	// TrackedDataset returns the dataset that a tracking ID leads to, if any.
	TrackedDataset(ctx context.Context, trackingID string) (d bespoke.Dataset, ok bool, err error)
	Dataset(ctx context.Context, arn bespoke.ARN) (bespoke.Dataset, error)
	Schema(ctx context.Context, arn bespoke.ARN) (bespoke.Schema, error)
	// Writes returns a number that has changed whenever something was written.
	Writes() uint64
}

// Config is what a [Service] works with.
type Config struct {
	Dir   string // the folder of the logs; made if it does not exist
	Store Store
	Lake  *lake.Lake
	// Limits has the rates of calls; zero means none.
	Limits bespoke.Limits
	Logger *slog.Logger
	// Observe sees the records of a dataset once they are on the disk and before
	// their calls are answered, in the order of their numbers. It must be quick,
	// and leave the records as they are. May be nil.
	Observe func(dataset bespoke.ARN, records []*Record)

	// Joined is called when records have joined their table, up to the number
	// last, and before the log forgets any of them; read yields those above a
	// number, until Joined returns. After an error nothing is forgotten and Joined
	// is called again about FlushAge later, and once after a start. May be
	// nil.
	Joined func(ctx context.Context, dataset bespoke.ARN, last uint64, read func(after uint64) iter.Seq2[*Record, error]) error

	// Records join their table when the oldest has waited for FlushAge, or when
	// they take FlushBytes in the log; the defaults are 15 s and 16 MiB.
	FlushAge   time.Duration
	FlushBytes int64
	// TailRecords is how many of a dataset's newest records are in memory, 32,768
	// by default, but in 32 MiB at most (TailBytes). As many stay in its log.
	TailRecords int
	TailBytes   int64
	// SegmentBytes is the size at which a log goes on in a new file; default 8 MiB.
	SegmentBytes int64
	// MaxWaiting is how many calls of one dataset wait for the disk; more are
	// answered with the throttling error. Default 4096.
	MaxWaiting int
	// KeepSnapshots is how long an earlier state of a table stays readable.
	KeepSnapshots time.Duration
	Now           func() time.Time // default time.Now

	stats *counters
	now   func() time.Time
}

func (c *Config) defaults() error {
	c.FlushAge = cmp.Or(c.FlushAge, 15*time.Second)
	c.FlushBytes = cmp.Or(c.FlushBytes, 16<<20)
	c.TailRecords = cmp.Or(c.TailRecords, 1<<15)
	c.TailBytes = cmp.Or(c.TailBytes, 32<<20)
	c.SegmentBytes = cmp.Or(c.SegmentBytes, 8<<20)
	c.MaxWaiting = cmp.Or(c.MaxWaiting, 4096)
	c.Logger = cmp.Or(c.Logger, slog.New(slog.DiscardHandler))
	c.now = c.Now
	if c.now == nil {
		c.now = time.Now
	}
	if c.Observe == nil {
		c.Observe = func(bespoke.ARN, []*Record) {}
	}
	c.stats = &counters{}
	var errs []error
	check := func(ok bool, msg string) {
		if !ok {
			errs = append(errs, errors.New(msg))
		}
	}
	check(c.Dir != "" && c.Store != nil && c.Lake != nil, "Dir, Store and Lake are required")
	check(c.FlushAge > 0 && c.FlushBytes > 0 && c.TailRecords > 0 && c.TailBytes > 0 && c.SegmentBytes > 0 && c.MaxWaiting > 0,
		"ages, sizes and numbers must be above 0")
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("event: %w", err)
	}
	return nil
}

// counters count what all logs of a service do.
type counters struct {
	records, repeated, syncs, flushes, flushedRecords, flushNanos atomic.Uint64
}

func (c *counters) flushed(records uint64, took time.Duration) {
	c.flushes.Add(1)
	c.flushedRecords.Add(records)
	c.flushNanos.Add(uint64(took))
}

// Stats are the numbers of a service since it was opened, for metrics.
type Stats struct {
	Records  uint64 // accepted
	Repeated uint64 // left out, because their EventID had come before
	Syncs    uint64 // writes to logs, each of which was synced
	Flushes  uint64 // batches that joined a table
	Flushed  uint64 // records in them
	Flushing time.Duration
	Waiting  uint64        // records that have not joined their table
	Lag      time.Duration // for how long the oldest of them has waited
	Logs     int           // datasets with a log
}

// Stats returns the present numbers.
func (s *Service) Stats() Stats {
	c := s.cfg.stats
	out := Stats{
		Records: c.records.Load(), Repeated: c.repeated.Load(), Syncs: c.syncs.Load(), Flushes: c.flushes.Load(),
		Flushed: c.flushedRecords.Load(), Flushing: time.Duration(c.flushNanos.Load()),
	}
	for _, l := range s.open() {
		out.Logs++
		l.mu.Lock()
		if l.waiting.records > 0 {
			out.Waiting += l.waiting.records
			out.Lag = max(out.Lag, s.cfg.now().Sub(l.waiting.since))
		}
		l.mu.Unlock()
	}
	return out
}
