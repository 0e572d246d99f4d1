package event

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
)

// append adds records of one call, all or none, and returns once they are on the
// disk. A record whose EventID one of the newest has already is left out.
func (l *Log) append(ctx context.Context, c *Columns, records []*Record) error {
	w := &work{columns: c, records: records, arrived: l.cfg.now().UnixMilli(), done: make(chan error, 1)}
	if err := l.submit(w); err != nil {
		return err
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done(): // the records may be kept all the same
		return context.Cause(ctx)
	}
}

// do has the writing goroutine take a step and waits for it.
func (l *Log) do(step func() error) error {
	w := &work{step: step, done: make(chan error, 1)}
	if err := l.submit(w); err != nil {
		return err
	}
	return <-w.done
}

func (l *Log) submit(w *work) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.refuse != nil:
		return l.refuse
	case w.step == nil && len(l.queue) >= l.cfg.MaxWaiting:
		return errFull
	}
	l.queue = append(l.queue, w)
	l.ring()
	return nil
}

func (l *Log) ring() {
	select {
	case l.bell <- struct{}{}:
	default:
	}
}

// write does the work, as much of it at a time as has come in.
func (l *Log) write() {
	defer close(l.ended)
	for range l.bell {
		l.mu.Lock()
		batch := l.queue
		l.queue = nil
		ending := l.refuse != nil
		l.mu.Unlock()
		for len(batch) > 0 {
			n := 0
			for n < len(batch) && batch[n].step == nil && batch[n].columns == batch[0].columns && n < maxGroup {
				n++
			}
			if n == 0 {
				batch[0].done <- batch[0].step()
				batch = batch[1:]
				continue
			}
			l.commit(batch[:n])
			batch = batch[n:]
		}
		if ending {
			l.closeFile()
			return
		}
	}
}

// maxGroup is how many calls are written and synced together at most.
const maxGroup = 1024

// commit writes the records of some calls, syncs them once and answers.
func (l *Log) commit(group []*work) {
	first := l.next
	l.buf = l.buf[:0]
	var added []*Record
	for _, w := range group {
		w.fresh = l.unseen(w.records)
		if len(w.fresh) == 0 {
			continue
		}
		for _, r := range w.fresh {
			r.Seq, r.Arrived, r.Columns = l.next, w.arrived, w.columns
			l.next++
		}
		l.buf = appendFrame(l.buf, w.fresh[0].Seq, w.arrived, w.fresh)
		added = append(added, w.fresh...)
	}
	var err error
	if len(added) > 0 {
		if err = l.persist(group[0].columns, first, len(added)); err != nil {
			l.next = first
			for _, r := range added {
				if l.ids[r.EventID] >= first {
					delete(l.ids, r.EventID)
				}
			}
			l.cfg.Logger.Error("records could not be written", slog.String("dataset", string(l.dataset)), slog.Any("err", err))
			err = &writeError{err}
		} else {
			for _, r := range added {
				l.remember(r)
			}
			l.note(len(added), int64(len(l.buf)))
			l.cfg.Observe(l.dataset, added)
		}
	}
	for _, w := range group {
		w.done <- err
	}
}

// unseen returns the records whose EventID is new, and takes note of these IDs.
func (l *Log) unseen(records []*Record) []*Record {
	fresh := records[:0:0]
	for _, r := range records {
		if r.EventID != "" {
			if _, seen := l.ids[r.EventID]; seen {
				l.cfg.stats.repeated.Add(1)
				continue
			}
			l.ids[r.EventID] = ^uint64(0) // until it is remembered
		}
		fresh = append(fresh, r)
	}
	return fresh
}

// note tells the flusher and the statistics about records that were written.
func (l *Log) note(records int, bytes int64) {
	l.cfg.stats.records.Add(uint64(records))
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting.records == 0 {
		l.waiting.since = l.cfg.now()
	}
	l.waiting.records += uint64(records)
	l.waiting.bytes += bytes
}

// persist appends what is in buf to the newest segment, a new one where there is
// none or the columns are others, and syncs it. After an error nothing of it is left.
func (l *Log) persist(c *Columns, first uint64, records int) (err error) {
	var s *segment
	if l.file != nil {
		s = l.segments[len(l.segments)-1]
		if s.columns != c || s.bytes >= l.cfg.SegmentBytes {
			l.closeFile()
		}
	}
	out := l.buf
	if l.file == nil {
		s = &segment{path: filepath.Join(l.dir, segmentName(first)), first: first, next: first, columns: c}
		if out, err = appendHeader(nil, headerOf(l.dataset, first, c)); err != nil {
			return err
		}
		out = append(out, l.buf...)
		if l.file, err = os.OpenFile(s.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
			l.file = nil
			return err
		}
		l.segments = append(l.segments, s)
	}
	_, err = l.file.Write(out)
	if err == nil {
		err = syncFile(l.file)
		l.cfg.stats.syncs.Add(1)
	}
	if err == nil && s.bytes == 0 {
		err = syncDir(l.dir)
	}
	if err != nil {
		return errors.Join(err, l.abandon(s))
	}
	s.bytes += int64(len(out))
	s.next = first + uint64(records)
	return nil
}

// abandon undoes a write that failed. The segment is not written to again: what the
// disk holds of it beyond the last sync is not known.
func (l *Log) abandon(s *segment) error {
	err := l.file.Close()
	l.file = nil
	if s.records() == 0 {
		l.segments = l.segments[:len(l.segments)-1]
		return errors.Join(err, os.Remove(s.path))
	}
	return errors.Join(err, cut(s.path, s.bytes))
}

// closeFile ends the newest segment, all of which has been synced.
func (l *Log) closeFile() {
	if l.file != nil {
		_ = l.file.Close()
		l.file = nil
	}
}

// close ends the log: what was submitted is still done. reason is what later calls get.
func (l *Log) close(reason error) {
	l.mu.Lock()
	if l.refuse == nil {
		l.refuse = reason
	}
	l.mu.Unlock()
	l.ring()
	<-l.ended
}

// writeError is a failure of the disk: the call may be tried again.
type writeError struct{ err error }

func (e *writeError) Error() string { return e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }
