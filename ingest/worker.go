package ingest

import (
	"context"

	"bespoke/parquet"
)

// worker decodes splits and writes data files. Each has files of its own.
type worker struct {
	run     *run
	dec     decoder
	scan    scanner
	json    *jsonRows
	parquet parquetRows
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

	split     *split // being decoded
	part      int    // of its objects
	layout    *layout
	text      *rowText
	bad       int // rows of the part that were no records
	faulty    [batchRows]bool
	faults    int             // rows of the batch that are faulty
	keysNoted map[string]bool // of JSON objects, that the schema lacks
}

func newWorker(r *run, dictBytes int) *worker {
	w := &worker{run: r, writer: parquet.NewWriter(r.fields, dictBytes), keys: keyWriter{log: r.log}}
	w.dec.seeds = r.seeds
	w.dec.refuse = w.refuse
	w.json = newJSONRows(r.cfg.Schema)
	w.json.unknown = w.unknown
	w.scan.report, w.json.report, w.parquet.report = w.report, w.report, w.report
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
			if err := w.decode(ctx, l); err != nil {
				return err
			}
			free <- l
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// decode decodes one split.
func (w *worker) decode(ctx context.Context, l *loaded) error {
	w.split = l.split
	ordinal := w.run.firstNew + uint64(l.number)<<splitShift
	begin := ordinal
	for _, p := range l.parts {
		recs, err := w.records(ctx, l, p)
		if err != nil {
			return err
		}
		for {
			more, err := recs.fill(&w.batch)
			if err != nil {
				return err
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if w.batch.n > 0 {
				if ordinal, err = w.rows(ordinal, ordinal == begin); err != nil {
					return err
				}
			}
			if !more {
				break
			}
		}
		w.run.reject(w.bad)
		w.run.progress.Rows.Add(int64(w.bad))
		l.lines = int64(w.text.line) - 1
	}
	if w.path != "" && w.writer.Bytes() >= fileBytes {
		return w.endFile()
	}
	return nil
}

// records begins the records of a part.
func (w *worker) records(ctx context.Context, l *loaded, p loadedPart) (records, error) {
	var r records
	switch p.layout.format {
	case formatParquet:
		if err := w.parquet.begin(ctx, p.group); err != nil {
			return nil, err
		}
		r = &w.parquet
	case formatJSON:
		w.json.buf = l.buf
		r = w.json
	default:
		w.scan.buf, w.scan.cols = l.buf, len(p.layout.names)
		r = &w.scan
	}
	w.part, w.layout, w.bad = p.index, p.layout, 0
	w.text = r.text()
	w.text.next, w.text.end, w.text.line = p.start, p.end, p.line
	return r, nil
}

// rows decodes the batch. Its rows have ordinals from the given one on, which
// are the first of their split if first is set. It returns the next ordinal.
func (w *worker) rows(ordinal uint64, first bool) (uint64, error) {
	r, b := w.run, &w.batch
	w.faults = 0
	clear(w.faulty[:b.n])
	w.dec.prints.start(b.n)
	for i, c := range w.columns {
		c.decode(&w.dec, b, w.layout.index[i])
	}
	r.reject(w.faults)
	r.progress.Rows.Add(int64(b.n))
	if r.cfg.CheckOnly {
		return w.check(ordinal)
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
	w.keepReject(line, v.Name, reason, func() string { return w.row(r) })
}

// report notes a row that is no record, because of a field or, where that is
// negative, as a whole.
func (w *worker) report(line uint32, field int, value []byte, reason string) {
	w.bad++
	column := ""
	if field >= 0 && field < len(w.layout.names) {
		column = w.layout.names[field]
	}
	w.note(line, column, value, reason)
	w.keepReject(line, column, reason, func() string { return string(w.text.raw) })
}

// place returns where a row of the part is.
func (w *worker) place(line uint32) place { return place{split: w.split, part: w.part, line: line} }

func (w *worker) note(line uint32, column string, value []byte, reason string) {
	if at := w.place(line); w.run.bad.wants(at) {
		w.run.bad.add(badRow{at, column, shorten(value), reason})
	}
}

// notedKeys is how many keys without a column one worker tells of.
const notedKeys = 100

// unknown notes a key of a JSON object that the schema lacks.
func (w *worker) unknown(key string) {
	if w.keysNoted == nil {
		w.keysNoted = map[string]bool{}
	}
	if len(w.keysNoted) < notedKeys && !w.keysNoted[key] {
		w.keysNoted[key] = true
		w.run.note([]string{ignored(key)})
	}
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
