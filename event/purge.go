package event

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
)

// purge flushes the log and then takes the records that gone is true for out of it: of
// each of them its number and its time of arrival remain, in segments that are written
// anew. It returns how many there were. The table's rows are not its business.
func (l *Log) purge(ctx context.Context, gone func(*Record) bool) (n int64, err error) {
	l.flushing.Lock()
	defer l.flushing.Unlock()
	if err := l.flushLocked(ctx); err != nil {
		return 0, err
	}
	err = l.do(func() error {
		l.closeFile()
		for _, s := range l.segments {
			m, err := l.rewrite(s, gone)
			if err != nil {
				return err
			}
			n += m
		}
		if err := l.removeAside(); err != nil {
			return err
		}
		l.tail.keep(gone)
		clear(l.ids)
		for _, r := range l.tail.all() {
			if r.EventID != "" {
				l.ids[r.EventID] = r.Seq
			}
		}
		return nil
	})
	return n, err
}

// rewrite takes the records that gone is true for out of a segment and returns how many
// there were.
func (l *Log) rewrite(s *segment, gone func(*Record) bool) (n int64, err error) {
	for fr, err := range s.frames() {
		if err != nil {
			return 0, err
		}
		for _, r := range fr.records {
			if !r.gone && gone(r) {
				n++
			}
		}
	}
	if n == 0 {
		return 0, nil
	}
	return n, l.replace(s, func(yield func(frame, error) bool) {
		for fr, err := range s.frames() {
			for _, r := range fr.records {
				r.gone = r.gone || gone(r)
			}
			if !yield(fr, err) {
				return
			}
		}
	})
}

// replace has a segment consist of the frames. After an error it is as it was.
func (l *Log) replace(s *segment, frames iter.Seq2[frame, error]) (err error) {
	out, err := appendHeader(nil, headerOf(l.dataset, s.first, s.columns))
	if err != nil {
		return err
	}
	path := s.path + ".tmp"
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close() // again, where it was closed
			os.Remove(path)
			err = fmt.Errorf("event: rewrite %s: %w", s.path, err)
		}
	}()
	size := int64(0)
	put := func(b []byte) error {
		k, err := f.Write(b)
		size += int64(k)
		return err
	}
	if err := put(out); err != nil {
		return err
	}
	for fr, err := range frames {
		if err != nil {
			return err
		}
		if err := put(appendFrame(out[:0], fr.first, fr.arrived, fr.records)); err != nil {
			return err
		}
	}
	// The old segment goes when the new one is on the disk, and not before.
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path, s.path); err != nil {
		return err
	}
	s.bytes = size
	return syncDir(l.dir)
}
