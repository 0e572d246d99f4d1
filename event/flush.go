package event

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"bespoke"
	"bespoke/ingest"
	"bespoke/lake"
	"bespoke/schema"
)

// flush brings all records that were acknowledged before the call into the dataset's
// table, and then removes segments that live state does not need. The table knows the
// number of the last record it has, so that a flush which is done again adds nothing
// twice.
func (l *Log) flush(ctx context.Context) error {
	l.flushing.Lock()
	defer l.flushing.Unlock()
	return l.flushLocked(ctx)
}

func (l *Log) flushLocked(ctx context.Context) error {
	l.mu.Lock()
	ended := l.refuse
	l.mu.Unlock()
	if ended != nil {
		return ended
	}
	table, err := l.cfg.Lake.Table(ctx, l.dataset)
	if err != nil {
		return err
	}
	have, err := table.Through(ctx)
	if err != nil {
		return err
	}
	var segments []segment
	var last uint64
	var bytes int64
	var taken time.Time
	if err := l.do(func() error {
		l.closeFile() // the next record begins a segment
		last, taken = l.next-1, l.cfg.now()
		l.mu.Lock()
		bytes = l.waiting.bytes
		l.mu.Unlock()
		for _, s := range l.segments {
			if s.next > have+1 {
				segments = append(segments, *s)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if last > have {
		began := time.Now()
		if err := l.commitTo(ctx, table, segments, have, last); err != nil {
			return err
		}
		l.cfg.stats.flushed(last-have, time.Since(began))
	}
	l.mu.Lock()
	l.waiting.records -= min(l.waiting.records, last-have)
	l.waiting.bytes -= min(l.waiting.bytes, bytes)
	l.waiting.since = taken
	l.waiting.owed = taken
	l.mu.Unlock()
	if l.cfg.Joined != nil && last > 0 {
		if err := l.cfg.Joined(ctx, l.dataset, last, l.read); err != nil {
			return fmt.Errorf("records up to %d have joined, and what comes after: %w", last, err)
		}
	}
	if err := l.prune(last); err != nil {
		return err
	}
	l.mu.Lock()
	l.waiting.owed = time.Time{}
	l.mu.Unlock()
	return nil
}

// commitTo writes the records above have and commits them as one snapshot.
func (l *Log) commitTo(ctx context.Context, table *lake.Table, segments []segment, have, last uint64) (err error) {
	// One folder serves all flushes: there are many, of a file each.
	if _, err := os.Stat(l.dataDir); err != nil {
		if l.dataDir, err = table.NewDataDir(l.dataset); err != nil {
			return err
		}
	}
	dir := l.dataDir
	committed := false
	defer func() {
		if !committed {
			l.dataDir = "" // Discard ends its use, whether or not it goes
			err = errors.Join(err, table.Discard(context.WithoutCancel(ctx), dir))
		}
	}()
	w, err := table.NewWriter(dir, lake.Put)
	if err != nil {
		return err
	}
	rows := newRowBuilder(table.Arrow())
	defer rows.release()
	for i := range segments {
		for fr, err := range segments[i].frames() {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return errors.Join(err, w.Abort())
			}
			for _, r := range fr.records {
				if r.Seq > have && r.Seq <= last && !r.gone {
					rows.add(r)
				}
			}
			if rows.n >= flushRows {
				if err := rows.emit(w); err != nil {
					return errors.Join(err, w.Abort())
				}
			}
		}
	}
	if err := rows.emit(w); err != nil {
		return errors.Join(err, w.Abort())
	}
	files, err := w.Close()
	if err != nil {
		return err
	}
	_, err = table.Commit(ctx, lake.Commit{Mode: bespoke.Incremental, Origin: lake.Put, Files: files, Through: last})
	committed = err == nil
	return err
}

// flushRows is how many rows are handed to the table's writer at a time.
const flushRows = 2048

// prune removes the oldest segments: those whose records are all in the table and not
// needed for live state.
func (l *Log) prune(through uint64) error {
	return l.do(func() error {
		keep, bytes := uint64(0), int64(0)
		from := len(l.segments)
		for from > 0 {
			s := l.segments[from-1]
			spare := s.next <= through+1
			if spare && (keep >= uint64(l.cfg.TailRecords) || bytes+s.bytes > l.cfg.TailBytes) {
				break
			}
			keep, bytes = keep+s.records(), bytes+s.bytes
			from--
		}
		for _, s := range l.segments[:from] {
			if err := os.Remove(s.path); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
		l.segments = slices.Delete(l.segments, 0, from)
		return nil
	})
}

// rowBuilder makes Arrow records of a table's columns from records of a log.
type rowBuilder struct {
	b *array.RecordBuilder
	n int
}

func newRowBuilder(sc *arrow.Schema) *rowBuilder {
	return &rowBuilder{b: array.NewRecordBuilder(memory.DefaultAllocator, sc)}
}

func (rb *rowBuilder) release() { rb.b.Release() }

// add adds a record. A column that its schema had not has null.
func (rb *rowBuilder) add(r *Record) {
	rb.n++
	for i, f := range rb.b.Schema().Fields() {
		switch to := rb.b.Field(i); f.Name {
		case lake.OriginColumn:
			to.(*array.StringBuilder).Append(lake.Put)
		case lake.ArrivedColumn:
			to.(*array.Int64Builder).Append(r.Arrived)
		case lake.SessionColumn:
			// A user that is its own session leads nowhere, and is not anonymous.
			if r.Session == "" || r.Session == r.User {
				to.AppendNull()
			} else {
				to.(*array.StringBuilder).Append(r.Session)
			}
		default:
			appendValue(to, r.Value(f.Name))
		}
	}
}

func appendValue(to array.Builder, v ingest.Value) {
	switch b := to.(type) {
	case *array.StringBuilder:
		if v.Type == schema.String {
			b.Append(v.Text)
			return
		}
	case *array.Int32Builder:
		if v.Type == schema.Int {
			b.Append(int32(v.Int))
			return
		}
	case *array.Int64Builder:
		if v.Type == schema.Long {
			b.Append(v.Int)
			return
		}
	case *array.Float32Builder:
		if v.Type == schema.Float {
			b.Append(float32(v.Real))
			return
		}
	case *array.Float64Builder:
		if v.Type == schema.Double {
			b.Append(v.Real)
			return
		}
	case *array.BooleanBuilder:
		if v.Type == schema.Boolean {
			b.Append(v.Int == 1)
			return
		}
	}
	to.AppendNull()
}

// emit hands the rows to the writer.
func (rb *rowBuilder) emit(w *lake.Writer) error {
	if rb.n == 0 {
		return nil
	}
	rec := rb.b.NewRecordBatch()
	defer rec.Release()
	rb.n = 0
	if err := w.Append(rec, nil); err != nil {
		return fmt.Errorf("event: %w", err)
	}
	return nil
}
