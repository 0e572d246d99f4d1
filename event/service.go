package event

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"bespoke"
	"bespoke/awsapi/wire"
	"bespoke/lake"
	"bespoke/store"
)

// Service takes in records one by one. Safe for concurrent use.
type Service struct {
	cfg   Config
	rates *rates

	mu      sync.Mutex
	logs    map[string]*Log     // by folder
	dropped map[string]struct{} // folders of datasets that have been deleted since the start
	targets map[string]*target  // by tracking ID or dataset ARN
	// live has the logs by their datasets' ARNs, for readers that cannot wait.
	live sync.Map

	stop  context.CancelFunc
	ended chan struct{}
}

// Open opens the logs below cfg.Dir. Those of datasets that are no more are removed.
func Open(ctx context.Context, cfg Config) (*Service, error) {
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	s := &Service{
		cfg: cfg, rates: newRates(cfg.now), logs: map[string]*Log{}, dropped: map[string]struct{}{}, targets: map[string]*target{},
		ended: make(chan struct{}),
	}
	if err := s.openAll(ctx); err != nil {
		s.closeLogs()
		return nil, err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go s.flushDue(background)
	return s, nil
}

func (s *Service) openAll(ctx context.Context) error {
	all, err := os.ReadDir(s.cfg.Dir)
	if err != nil {
		return fmt.Errorf("event: %w", err)
	}
	for _, e := range all {
		arn, created, ok := parseFolder(e.Name())
		if !ok {
			return fmt.Errorf("event: %s is not the log of a dataset: move it away", filepath.Join(s.cfg.Dir, e.Name()))
		}
		d, err := s.cfg.Store.Dataset(ctx, arn)
		if errors.Is(err, store.ErrNotFound) || err == nil && d.Created.UnixMilli() != created {
			s.cfg.Logger.InfoContext(ctx, "removing the log of a dataset that is no more", slog.String("dataset", string(arn)))
			if err := os.RemoveAll(filepath.Join(s.cfg.Dir, e.Name())); err != nil {
				return fmt.Errorf("event: %w", err)
			}
			continue
		}
		if err != nil {
			return err
		}
		if _, err := s.log(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// Handle sets the operations that this package does.
func (s *Service) Handle(h *wire.Handlers) {
	h.PutEvents = s.putEvents
	h.PutItems = s.putItems
	h.PutUsers = s.putUsers
	h.PutActions = s.putActions
	h.PutActionInteractions = s.putActionInteractions
}

// Close ends the logs. Calls that were taken are finished.
func (s *Service) Close(context.Context) error {
	s.stop()
	<-s.ended
	s.closeLogs()
	return nil
}

func (s *Service) closeLogs() {
	for _, l := range s.open() {
		l.close(errStopped)
	}
}

func (s *Service) open() []*Log {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.logs))
}

// folder is the name of the folder of a dataset's log. One that is made anew under the
// same name gets another.
func folder(d bespoke.Dataset) string {
	return url.PathEscape(string(d.ARN)) + "@" + strconv.FormatInt(d.Created.UnixMilli(), 10)
}

func parseFolder(name string) (arn bespoke.ARN, created int64, ok bool) {
	escaped, at, ok := strings.Cut(name, "@")
	text, err := url.PathUnescape(escaped)
	created, err2 := strconv.ParseInt(at, 10, 64)
	return bespoke.ARN(text), created, ok && err == nil && err2 == nil
}

// log returns the log of a dataset, opened or made.
func (s *Service) log(ctx context.Context, d bespoke.Dataset) (*Log, error) {
	name := folder(d)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, gone := s.dropped[name]; gone {
		return nil, errDropped
	}
	if l := s.logs[name]; l != nil {
		return l, nil
	}
	through := uint64(0)
	switch t, err := s.cfg.Lake.Table(ctx, d.ARN); {
	case err == nil:
		if through, err = t.Through(ctx); err != nil {
			return nil, err
		}
	case !errors.Is(err, lake.ErrNoTable):
		return nil, err
	}
	l, err := openLog(&s.cfg, d.ARN, filepath.Join(s.cfg.Dir, name), through)
	if err != nil {
		return nil, err
	}
	s.logs[name] = l
	s.live.Store(d.ARN, l)
	return l, nil
}

// existing returns the log of a dataset, nil where no record has come yet.
func (s *Service) existing(ctx context.Context, dataset bespoke.ARN) (*Log, error) {
	d, err := s.cfg.Store.Dataset(ctx, dataset)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.logs[folder(d)], nil
}

// Flush returns once the dataset's table has all records that were acknowledged before
// the call.
func (s *Service) Flush(ctx context.Context, dataset bespoke.ARN) error {
	l, err := s.existing(ctx, dataset)
	if err != nil || l == nil {
		return err
	}
	return l.flush(ctx)
}

// Purge flushes a dataset and takes the records that gone is true for out of its log
// and out of live state, for good. It returns how many the log had. It does not change
// the table, which has all of them when Purge returns.
func (s *Service) Purge(ctx context.Context, dataset bespoke.ARN, gone func(*Record) bool) (int64, error) {
	l, err := s.existing(ctx, dataset)
	if err != nil || l == nil {
		return 0, err
	}
	return l.purge(ctx, gone)
}

// Drop removes the log of a dataset that is being deleted. Calls for it that are under
// way are refused, now and later.
func (s *Service) Drop(ctx context.Context, dataset bespoke.ARN) error {
	d, err := s.cfg.Store.Dataset(ctx, dataset)
	if err != nil {
		return err
	}
	name := folder(d)
	s.mu.Lock()
	l := s.logs[name]
	delete(s.logs, name)
	s.live.Delete(dataset)
	s.dropped[name] = struct{}{}
	maps.DeleteFunc(s.targets, func(_ string, t *target) bool { return t.log == l })
	s.mu.Unlock()
	if l != nil {
		l.flushing.Lock() // a flush under way ends first
		defer l.flushing.Unlock()
		l.close(errDropped)
	}
	if err := os.RemoveAll(filepath.Join(s.cfg.Dir, name)); err != nil {
		return fmt.Errorf("event: drop: %w", err)
	}
	return syncDir(s.cfg.Dir)
}

// Recent returns the newest events of a user that are in memory, oldest first: those
// that name the user, and the anonymous ones of sessions that have become the user's.
// An id that no user has is taken for a session's. There are at most 100 for each. It
// reads memory only.
func (s *Service) Recent(dataset bespoke.ARN, id string, limit int) []*Record {
	l, ok := s.live.Load(dataset)
	if !ok {
		return nil
	}
	return l.(*Log).tail.recent(id, limit)
}

// flushDue brings records into their tables once it is time for them, and calls Joined
// again where it is owed.
func (s *Service) flushDue(ctx context.Context) {
	defer close(s.ended)
	tick := time.NewTicker(min(time.Second, s.cfg.FlushAge/4+time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, l := range s.open() {
			if !l.due() {
				continue
			}
			if err := l.flush(ctx); err != nil {
				if ctx.Err() == nil && !errors.Is(err, errDropped) && !errors.Is(err, errStopped) {
					s.cfg.Logger.WarnContext(ctx, "a log could not be flushed; the next try comes soon", slog.String("dataset", string(l.dataset)), slog.Any("err", err))
				}
				l.retryLater()
				continue
			}
			if now := s.cfg.now(); now.Sub(l.expired) > time.Minute {
				l.expired = now
				s.expire(ctx, l.dataset)
			}
		}
	}
}

// expire forgets the states of a table that nobody needs any more.
func (s *Service) expire(ctx context.Context, dataset bespoke.ARN) {
	t, err := s.cfg.Lake.Table(ctx, dataset)
	if err == nil {
		_, err = t.Expire(ctx, s.cfg.now().Add(-s.cfg.KeepSnapshots))
	}
	if err != nil && ctx.Err() == nil && !errors.Is(err, lake.ErrNoTable) {
		s.cfg.Logger.WarnContext(ctx, "old snapshots stay; the next flush tries again", slog.String("dataset", string(dataset)), slog.Any("err", err))
	}
}

// due reports whether it is time for a flush.
func (l *Log) due() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	w, now := &l.waiting, l.cfg.now()
	switch {
	case now.Before(w.notBefore):
		return false
	case !w.owed.IsZero() && !now.Before(w.owed):
		return true
	}
	return w.records > 0 && (w.bytes >= l.cfg.FlushBytes || now.Sub(w.since) >= l.cfg.FlushAge)
}

// retryLater has a flush that failed tried again after a while.
func (l *Log) retryLater() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting.notBefore = l.cfg.now().Add(l.cfg.FlushAge)
}
