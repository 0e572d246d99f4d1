package ingest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"bespoke/lake"
	"bespoke/parquet"
)

// worker decodes splits and writes data files. Each has files of its own.
type worker struct {
	run     *run
	dec     decoder
	scan    scanner
	batch   batch
	columns []column
	origin  *parquet.Constant
	arrived *parquet.Numbers[int64]
	times   [batchRows]int64 // all of them the import's arrival
	writer  *parquet.Writer
	path    string // of the file under way, "" without
	file    int    // its number in run.paths
	keys    keyWriter

	users    *stringColumn // of a check: the users' IDs, if rows have any
	userKeys keyWriter
	observer Observer // of a check; may be nil

	header []byte  // of the object before
	layout *layout // that it led to

	split, part int      // being decoded
	names       []string // of the columns in the object
	faulty      [batchRows]bool
	faults      int // rows of the batch that are faulty
}

func newWorker(r *run, dictBytes int) *worker {
	w := &worker{run: r, writer: parquet.NewWriter(r.fields, dictBytes), keys: keyWriter{log: r.log}}
	w.dec.seeds = r.seeds
	w.dec.refuse = w.refuse
	w.scan.report = w.report
	for i, c := range r.cfg.Schema.Columns {
		w.columns = append(w.columns, newColumn(r.cfg.Type, c, i, r.keys[i], w.writer.Column(i)))
	}
	w.origin = w.writer.Column(len(w.columns)).(*parquet.Constant)
	w.arrived = w.writer.Column(len(w.columns) + 1).(*parquet.Numbers[int64])
	for i := range w.times {
		w.times[i] = r.cfg.Arrived.UnixMilli()
	}
	if r.users != nil {
		w.users = w.columns[r.cfg.userColumn()].(*stringColumn)
		w.userKeys.log = r.users
	}
	if r.cfg.Observe != nil {
		w.observer = r.cfg.Observe()
	}
	return w
}

// work decodes splits until there are no more, and ends its file.
func (w *worker) work(ctx context.Context, splits <-chan *loaded, free chan<- *loaded) error {
	for {
		select {
		case l, ok := <-splits:
			if !ok {
				if w.run.cfg.CheckOnly {
					return w.endCheck()
				}
				if w.run.lost() {
					return nil
				}
				if err := w.keys.flush(); err != nil {
					return err
				}
				return w.endFile()
			}
			if err := w.decode(l); err != nil {
				return err
			}
			free <- l
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// decode decodes one split.
func (w *worker) decode(l *loaded) error {
	w.split = l.split
	ordinal := w.run.firstNew + uint64(l.split)<<splitShift
	begin := ordinal
	for _, t := range l.parts {
		lay, start, err := w.begin(l, t)
		if err != nil {
			return err
		}
		w.scan.buf, w.scan.next, w.scan.end = l.buf, start, t.end
		w.scan.cols, w.scan.bad, w.names = len(lay.names), 0, lay.names
		for w.scan.fill(&w.batch) {
			if ordinal, err = w.rows(lay, ordinal, ordinal == begin); err != nil {
				return err
			}
		}
		w.run.reject(w.scan.bad)
		w.run.progress.Rows.Add(int64(w.scan.bad))
		w.run.lines[l.split] = int64(w.scan.line) - 1
	}
	if w.path != "" && w.writer.Bytes() >= fileBytes {
		return w.endFile()
	}
	return nil
}

// begin finds out where the columns of a part are and where its first record
// behind the header.
func (w *worker) begin(l *loaded, t text) (*layout, int, error) {
	p := w.run.plan.splits[l.split].parts[t.part]
	w.part, w.scan.line = t.part, 1
	lay := w.run.layouts[p.object]
	if p.start > 0 {
		return lay, t.start, nil
	}
	w.scan.line = 2
	row := l.buf[t.start:t.end]
	if i := bytes.IndexByte(row, '\n'); i >= 0 {
		row = row[:i+1]
	}
	if lay == nil && w.layout != nil && bytes.Equal(row, w.header) {
		lay = w.layout
	}
	if lay == nil {
		var err error
		if lay, err = parseHeader(w.run.plan.objects[p.object], row, w.run.cfg.Schema); err != nil {
			return nil, 0, err
		}
		w.header, w.layout = append(w.header[:0], row...), lay
		w.run.note(lay.notes)
	}
	return lay, t.start + len(row), nil
}

// rows decodes the batch. Its rows have ordinals from the given one on, which
// are the first of their split if first is set. It returns the next ordinal.
func (w *worker) rows(lay *layout, ordinal uint64, first bool) (uint64, error) {
	r, b := w.run, &w.batch
	w.faults = 0
	clear(w.faulty[:b.n])
	w.dec.prints.start(b.n)
	for i, c := range w.columns {
		c.decode(&w.dec, b, lay.index[i])
	}
	r.reject(w.faults)
	r.progress.Rows.Add(int64(b.n))
	if r.cfg.CheckOnly {
		return w.check(lay, ordinal)
	}
	if r.lost() {
		return ordinal, nil
	}
	n := b.n
	if w.faults > 0 {
		n = w.drop()
	}
	if n == 0 {
		return ordinal, nil
	}
	if w.path == "" {
		if err := w.createFile(); err != nil {
			return 0, err
		}
	}
	if first {
		r.addNewSpan(span{ordinal, w.file, w.writer.Rows()})
	}
	for _, c := range w.columns {
		c.append()
	}
	w.origin.Append(n)
	w.arrived.Append(w.times[:n], nil)
	if err := w.writer.EndRows(n); err != nil {
		return 0, err
	}
	if r.news != nil {
		for i := range n {
			r.news.add(w.dec.prints.a[i], w.dec.prints.b[i])
		}
	}
	return ordinal + uint64(n), w.keys.add(&w.dec.prints, n, ordinal)
}

// drop leaves the faulty rows out of the batch's columns and fingerprints, and
// returns how many rows remain.
func (w *worker) drop() int {
	bad := w.faulty[:w.batch.n]
	for _, c := range w.columns {
		c.drop(bad)
	}
	return w.dec.prints.drop(w.batch.n, bad)
}

// refuse notes a refused value of row r of the batch, the first in its row.
func (w *worker) refuse(r int, v *vector, value []byte, reason string) {
	if w.faulty[r] {
		return
	}
	w.faulty[r] = true
	w.faults++
	line := w.batch.lines[r]
	w.note(line, v.Name, value, reason)
	w.keepReject(line, v.Name, reason, func() string { return w.batch.row(r) })
}

// report notes a row that is no record, because of a field or, where that is
// negative, as a whole.
func (w *worker) report(line uint32, field int, value []byte, reason string) {
	column := ""
	if field >= 0 && field < len(w.names) {
		column = w.names[field]
	}
	w.note(line, column, value, reason)
	w.keepReject(line, column, reason, func() string { return string(w.scan.raw) })
}

func (w *worker) note(line uint32, column string, value []byte, reason string) {
	b := badRow{split: w.split, part: w.part, line: line}
	if !w.run.bad.wants(b) {
		return
	}
	b.column, b.value, b.reason = column, shorten(value), reason
	w.run.bad.add(b)
}

// createFile begins a data file.
func (w *worker) createFile() error {
	w.file, w.path = w.run.newFile()
	return w.writer.Create(w.path)
}

// endFile ends the file under way, if there is one, and has it synced.
func (w *worker) endFile() error {
	if w.path == "" {
		return nil
	}
	rows := w.writer.Rows()
	f, err := w.writer.Finish()
	if err != nil {
		return err
	}
	w.run.finished(w.file, lake.File{Path: w.path, Rows: rows, Bytes: w.writer.Bytes()}, f)
	w.path = ""
	return nil
}

// newFile returns the number and path of a new data file. The name is one that
// no earlier attempt of the job has used.
func (r *run) newFile() (int, string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.paths)
	path := filepath.Join(r.cfg.Dir, fmt.Sprintf("%s-%05d.parquet", r.name, n))
	r.paths = append(r.paths, path)
	r.made++
	return n, path
}

// finished takes over a file that has all its rows, and syncs it while the
// import goes on.
func (r *run) finished(n int, file lake.File, f *os.File) {
	r.mu.Lock()
	r.files = append(r.files, file)
	r.mu.Unlock()
	r.syncs.Go(func() error {
		if err := f.Sync(); err != nil {
			f.Close()
			return fmt.Errorf("sync data file: %w", err)
		}
		return f.Close()
	})
}

// addNewSpan notes where the rows of a split are.
func (r *run) addNewSpan(s span) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spans = append(r.spans, s)
}

// reject counts n bad rows.
func (r *run) reject(n int) {
	if n > 0 {
		r.bad.count.Add(int64(n))
		r.progress.Rejected.Add(int64(n))
	}
}

// note keeps notes about headers, each once.
func (r *run) note(notes []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range notes {
		r.notes[n] = true
	}
}
