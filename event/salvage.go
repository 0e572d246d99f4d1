package event

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mend makes a segment whole that goes on at an offset with something that is no whole
// frame, where the record next should be.
//
// In the newest segment a write that a crash has cut off is behind everything that was
// acknowledged, so that it goes where no whole frame follows it. Anything else is damage
// to what may have been acknowledged. The segment is written anew with all whole frames
// that it has, the numbers of the records in the others are gone, and the file as it
// was is kept under another name.
func (l *Log) mend(s *segment, newest bool, at int64, next uint64) error {
	content, err := os.ReadFile(s.path)
	if err != nil {
		return err
	}
	if newest && nextFrame(content, int(at), next) < 0 {
		l.cfg.Logger.Warn("cut off what a crash has left behind the last whole record of a log", slog.String("dataset", string(l.dataset)),
			slog.String("file", s.path), slog.Int64("at", at), slog.Int64("bytes", int64(len(content))-at))
		return cut(s.path, at)
	}
	kept, err := setAside(s, content)
	if err != nil {
		return err
	}
	lost := uint64(0)
	if err := l.replace(s, s.salvage(content, &lost)); err != nil {
		return err
	}
	l.cfg.Logger.Error("a log was damaged: its other records are kept", slog.String("dataset", string(l.dataset)),
		slog.String("file", s.path), slog.Int64("at", at), slog.Uint64("record", next), slog.Uint64("lost", lost), slog.String("kept", kept))
	return nil
}

// dropHeadless removes the newest segment, whose header is not whole. It is refused where
// whole frames follow: they can have been acknowledged, and without the header nobody
// knows what they mean.
func (l *Log) dropHeadless(s *segment, cause error) error {
	content, err := os.ReadFile(s.path)
	if err != nil {
		return err
	}
	if nextFrame(content, 0, s.first) >= 0 {
		return fmt.Errorf("%w, and records follow: restore the file, or move it away and lose its records", cause)
	}
	attrs := []any{slog.String("dataset", string(l.dataset)), slog.String("file", s.path), slog.Int("bytes", len(content))}
	if !errors.Is(cause, errShort) && len(bytes.Trim(content, "\x00")) > 0 { // no sign of a crash
		kept, err := setAside(s, content)
		if err != nil {
			return err
		}
		attrs = append(attrs, slog.String("kept", kept))
	}
	l.cfg.Logger.Warn("removed a file of a log that has no whole record", attrs...)
	return errors.Join(os.Remove(s.path), syncDir(l.dir))
}

// setAside writes the content of a segment to a file that no log reads, and returns its
// path. Set aside again, where what came next has not been done, it is the same file.
func setAside(s *segment, content []byte) (path string, err error) {
	path = fmt.Sprintf("%s-%.8x%s", strings.TrimSuffix(s.path, ".log"), sha256.Sum256(content), asideSuffix)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return "", err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(path))
	}
	return path, nil
}

// asideSuffix ends the names of files that were set aside.
const asideSuffix = ".damaged"

// removeAside removes all files of the log that were set aside: nobody can say whose
// records are in them.
func (l *Log) removeAside() error {
	paths, err := filepath.Glob(filepath.Join(l.dir, "*"+asideSuffix))
	for _, path := range paths {
		l.cfg.Logger.Info("removing a damaged file of a log: it may have records that are to be deleted", slog.String("dataset", string(l.dataset)), slog.String("file", path))
		err = errors.Join(err, os.Remove(path))
	}
	return err
}

// salvage yields the whole frames of a segment's content, and for records that are in
// none of them frames of records that are gone, whose number it adds to lost.
func (s *segment) salvage(content []byte, lost *uint64) iter.Seq2[frame, error] {
	return func(yield func(frame, error) bool) {
		next, arrived := s.first, int64(0)
		// fill yields records that are gone up to the number end.
		fill := func(end uint64) bool {
			for next < end {
				n := min(end-next, maxFrame/2)
				fr := frame{first: next, next: next + n, arrived: arrived, records: slices.Repeat([]*Record{{gone: true}}, int(n))}
				if !yield(fr, nil) {
					return false
				}
				next += n
				*lost += n
			}
			return true
		}
		for at := 0; s.next == 0 || next < s.next; {
			if at = nextFrame(content, at, next); at < 0 {
				break
			}
			size := int(binary.LittleEndian.Uint32(content[at:]))
			fr, err := s.decode(content[at+frameHead:][:size])
			if err != nil {
				yield(frame{}, fmt.Errorf("segment %s: %w", s.path, err))
				return
			}
			if s.next > 0 && fr.next > s.next {
				break
			}
			arrived = fr.arrived
			if !fill(fr.first) || !yield(fr, nil) {
				return
			}
			next, at = fr.next, at+frameHead+size
		}
		fill(s.next)
	}
}

// nextFrame returns where the next whole frame begins, at an offset or behind it, whose
// first record has the number low or a later one; -1 where there is none.
func nextFrame(content []byte, at int, low uint64) int {
	for ; len(content)-at >= frameHead+minPayload; at++ {
		size := binary.LittleEndian.Uint32(content[at:])
		payload := content[at+frameHead:]
		if size < minPayload || size > maxFrame || int(size) > len(payload) {
			continue
		}
		// A record takes a byte or more: no more of them are missing than bytes are there.
		if first := binary.LittleEndian.Uint64(payload); first < low || first-low > uint64(at) {
			continue
		}
		if crc32.Checksum(payload[:size], crcTable) == binary.LittleEndian.Uint32(content[at+4:]) {
			return at
		}
	}
	return -1
}
