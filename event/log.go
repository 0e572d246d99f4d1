package event

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"bespoke"
)

var (
	// errDropped means that the log's dataset has been deleted.
	errDropped = errors.New("the dataset has been deleted")
	// errFull means that too many calls wait for the disk.
	errFull = errors.New("too many calls are waiting")
	// errStopped means that the service is closing.
	errStopped = errors.New("the service is stopping")
)

// Log is the records of one dataset: those that have not joined its table yet, and
// the newest of the others. Calls to append wait for one another's sync; everything
// that changes files is done by one goroutine. Safe for concurrent use.
type Log struct {
	dataset bespoke.ARN
	dir     string
	cfg     *Config
	tail    *tail

	mu       sync.Mutex
	queue    []*work
	bell     chan struct{} // holds one token while there is work
	refuse   error         // why no more work is taken, if it is not
	ended    chan struct{}
	flushing sync.Mutex // held while records join the table, or are purged
	dataDir  string     // where files of the table go, once one has; under flushing

	// Of the writing goroutine alone.
	file     *os.File   // the newest segment, nil before its first record
	segments []*segment // oldest first
	next     uint64     // number of the next record
	ids      map[string]uint64
	buf      []byte

	expired time.Time // when old states of the table were last looked for; of the flusher alone

	// waiting tells the flusher what has not joined the table; under mu.
	waiting struct {
		records uint64
		bytes   int64
		since   time.Time // the oldest of them has waited
		// notBefore is when the next try may be, after one that failed.
		notBefore time.Time
		// owed is from when on Joined is to be called although nothing waits: it has
		// not been, or not without an error, since records joined. Zero where nothing is owed.
		owed time.Time
	}
}

// work is something for the writing goroutine: records to append, or a step on the
// files that must not overlap with that.
type work struct {
	columns *Columns
	records []*Record
	arrived int64
	step    func() error
	done    chan error
	fresh   []*Record // of records, those that were no repetition
}

// openLog opens or makes the log below dir and rebuilds its live state. Through is the
// number of the last record that the dataset's table has.
func openLog(cfg *Config, dataset bespoke.ARN, dir string, through uint64) (*Log, error) {
	l := &Log{
		dataset: dataset, dir: dir, cfg: cfg, next: 1, ids: map[string]uint64{},
		bell: make(chan struct{}, 1), ended: make(chan struct{}), tail: newTail(cfg.TailRecords, cfg.TailBytes),
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("event: %w", err)
	}
	if err := errors.Join(l.load(), syncDir(filepath.Dir(dir))); err != nil {
		return nil, fmt.Errorf("event: log of %s: %w", dataset, err)
	}
	if l.next <= through { // all that it has is in the table, and numbers must not come again
		if err := l.clear(through + 1); err != nil {
			return nil, fmt.Errorf("event: log of %s: %w", dataset, err)
		}
	}
	if l.next > through+1 {
		l.waiting.records, l.waiting.since = l.next-1-through, cfg.now()
	}
	if len(l.segments) > 0 { // a crash may have come between a commit and Joined
		l.waiting.owed = cfg.now().Add(cfg.FlushAge)
	}
	go l.write()
	return l, nil
}

// load reads the segments.
func (l *Log) load() error {
	names, err := filepath.Glob(filepath.Join(l.dir, "*.log*"))
	if err != nil {
		return err
	}
	slices.Sort(names)
	for _, path := range names {
		var first uint64
		if _, err := fmt.Sscanf(filepath.Base(path), "%020d.log", &first); err != nil || filepath.Base(path) != segmentName(first) {
			if strings.HasSuffix(path, ".tmp") { // a rewrite that did not end
				if err := os.Remove(path); err != nil {
					return err
				}
				continue
			}
			return fmt.Errorf("%s is not a segment: move it away", path)
		}
		l.segments = append(l.segments, &segment{path: path, first: first})
	}
	for i := 0; i < len(l.segments); i++ {
		s := l.segments[i]
		newest := i == len(l.segments)-1
		if !newest {
			s.next = l.segments[i+1].first
		}
		gone, err := l.loadSegment(s, newest)
		if err != nil {
			return err
		}
		if gone {
			l.segments = l.segments[:i]
			break
		}
		l.next = s.next
	}
	return nil
}

// clear removes all segments and goes on with the number next.
func (l *Log) clear(next uint64) error {
	for _, s := range l.segments {
		if err := os.Remove(s.path); err != nil {
			return err
		}
	}
	l.segments, l.next = nil, next
	return syncDir(l.dir)
}

// loadSegment reads one segment into the live state, and mends one that is not whole.
// gone says that nothing remains of the newest one.
func (l *Log) loadSegment(s *segment, newest bool) (gone bool, err error) {
	last := s.first
	for mended := false; ; mended = true {
		torn := int64(-1)
		for fr, err := range s.frames() {
			switch {
			case newest && errors.Is(err, errNoHeader):
				return true, l.dropHeadless(s, err)
			case !mended && errors.Is(err, errTorn):
				torn = fr.end
				continue
			case errors.Is(err, errTorn) || errors.Is(err, errNoHeader) || errors.Is(err, errRecord):
				return false, fmt.Errorf("segment %s: %w: it is damaged; restore it, or move it away and lose its records", s.path, err)
			case err != nil:
				return false, err
			}
			if fr.next <= last {
				continue // read before the segment was mended
			}
			last = fr.next
			for _, r := range fr.records {
				l.remember(r)
			}
		}
		if torn < 0 {
			break
		}
		if err := l.mend(s, newest, torn, last); err != nil {
			return false, fmt.Errorf("mend segment %s: %w", s.path, err)
		}
	}
	if s.next == 0 {
		s.next = last
		if s.records() == 0 {
			return true, errors.Join(os.Remove(s.path), syncDir(l.dir))
		}
	}
	if last < s.next {
		return false, fmt.Errorf("segment %s ends with record %d, the next one begins with %d: records are missing; restore what lies between, or move this segment and those before it away and lose their records", s.path, last-1, s.next)
	}
	st, err := os.Stat(s.path)
	if err != nil {
		return false, err
	}
	s.bytes = st.Size()
	return false, nil
}

// remember makes a record part of the live state.
func (l *Log) remember(r *Record) {
	if r.gone {
		return
	}
	if r.EventID != "" {
		l.ids[r.EventID] = r.Seq
	}
	for _, old := range l.tail.add(r) {
		if old.EventID != "" && l.ids[old.EventID] == old.Seq {
			delete(l.ids, old.EventID)
		}
	}
}

// read yields the records above a number that the log still has, oldest first: all that
// have not joined the table, and the newest of the others. The caller holds flushing, so
// that no segment goes meanwhile.
func (l *Log) read(after uint64) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		var segments []segment
		if err := l.do(func() error {
			for _, s := range l.segments {
				segments = append(segments, *s)
			}
			return nil
		}); err != nil {
			yield(nil, err)
			return
		}
		for _, s := range segments {
			if s.next <= after+1 {
				continue
			}
			for fr, err := range s.frames() {
				if err != nil {
					yield(nil, err)
					return
				}
				for _, r := range fr.records {
					if r.Seq > after && !r.gone && !yield(r, nil) {
						return
					}
				}
			}
		}
	}
}
