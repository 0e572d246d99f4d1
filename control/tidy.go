package control

import (
	"context"
	"errors"
	"sync"
	"time"

	"bespoke"
	"bespoke/lake"
)

// Tidied is what was done to keep one table in order.
type Tidied struct {
	Table string
	lake.Compacted
	Expired int // earlier states that went
	Took    time.Duration
}

// untidy are the datasets whose tables have changed since they were last tidied.
type untidy struct {
	mu       sync.Mutex
	datasets map[bespoke.ARN]bool
	more     chan struct{} // holds a token where there are some
}

func newUntidy() untidy {
	return untidy{datasets: map[bespoke.ARN]bool{}, more: make(chan struct{}, 1)}
}

func (u *untidy) take() []bespoke.ARN {
	u.mu.Lock()
	defer u.mu.Unlock()
	var all []bespoke.ARN
	for arn := range u.datasets {
		all = append(all, arn)
	}
	clear(u.datasets)
	return all
}

// TidyTable says that the table of a dataset has changed. It returns at once.
func (s *Service) TidyTable(dataset bespoke.ARN) {
	s.untidy.mu.Lock()
	defer s.untidy.mu.Unlock()
	s.untidy.datasets[dataset] = true
	select {
	case s.untidy.more <- struct{}{}:
	default:
	}
}

// Tidy keeps tables in order until ctx ends: it compacts each table at the start and
// after each change, and from time to time has old states expire and removes files
// that no state leads to. One table at a time.
func (s *Service) Tidy(ctx context.Context) {
	expire := time.NewTicker(max(time.Second, min(s.cfg.KeepSnapshots/4, time.Minute)))
	defer expire.Stop()
	sweep := time.NewTicker(max(time.Second, min(s.cfg.KeepSnapshots, 10*time.Minute)))
	defer sweep.Stop()
	s.tidyAll(ctx, s.tidy)
	for {
		select {
		case <-ctx.Done():
			return
		case <-expire.C:
			s.tidyAll(ctx, s.tidyChanged)
		case <-sweep.C:
			s.tidyFailed(ctx, "all", s.cfg.Lake.Sweep(ctx, time.Now().Add(-s.cfg.KeepSnapshots)))
		case <-s.untidy.more:
			for _, dataset := range s.untidy.take() {
				table, err := s.cfg.Lake.Table(ctx, dataset)
				if err == nil {
					err = s.tidy(ctx, table)
				}
				s.tidyFailed(ctx, string(dataset), err)
			}
		}
	}
}

// tidyAll does something with every table.
func (s *Service) tidyAll(ctx context.Context, do func(context.Context, *lake.Table) error) {
	tables, err := s.cfg.Lake.Tables(ctx)
	s.tidyFailed(ctx, "all", err)
	for _, t := range tables {
		s.tidyFailed(ctx, t.Name(), do(ctx, t))
	}
}

// tidyFailed logs why tidying did not come to its end, where that is worth it.
func (s *Service) tidyFailed(ctx context.Context, table string, err error) {
	if err == nil || ctx.Err() != nil || errors.Is(err, lake.ErrNoTable) || errors.Is(err, lake.ErrMoved) {
		return // the server stops, the dataset was deleted, or an import replaced the rows
	}
	s.cfg.Logger.WarnContext(ctx, "a table was not tidied; it will be tried again", "table", table, "err", err)
}

// tidy compacts a table and has its old states expire.
func (s *Service) tidy(ctx context.Context, table *lake.Table) error {
	began := time.Now()
	done := Tidied{Table: table.Name()}
	var err error
	done.Compacted, err = table.Compact(ctx)
	done.Took = time.Since(began)
	if done.Rewrites > 0 {
		s.cfg.Logger.InfoContext(ctx, "table compacted", "table", done.Table, "rows", done.Rows, "files", done.Files, "into", done.Into,
			"deleted_rows", done.DeletedRows, "took", done.Took)
	}
	s.tidied(done)
	return errors.Join(err, s.expire(ctx, table))
}

// tidyChanged tidies a table if something but compaction has changed it, which
// individual records do without saying so.
func (s *Service) tidyChanged(ctx context.Context, table *lake.Table) error {
	newest, err := table.Snapshot(ctx)
	if err != nil {
		return err
	}
	if newest.ID == 0 || newest.Rewritten {
		return s.expire(ctx, table)
	}
	return s.tidy(ctx, table)
}

// expire has old states of a table expire.
func (s *Service) expire(ctx context.Context, table *lake.Table) error {
	began := time.Now()
	n, err := table.Expire(ctx, began.Add(-s.cfg.KeepSnapshots))
	if n > 0 {
		s.cfg.Logger.DebugContext(ctx, "old states of a table expired", "table", table.Name(), "states", n)
	}
	s.tidied(Tidied{Table: table.Name(), Expired: n, Took: time.Since(began)})
	return err
}

func (s *Service) tidied(t Tidied) {
	if s.cfg.ObserveTidy != nil && (t.Rewrites > 0 || t.Expired > 0) {
		s.cfg.ObserveTidy(t)
	}
}
