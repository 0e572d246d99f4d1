package ingest

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// How many bad rows the file of rejects has at most, and how many bytes of
// them. All are counted.
const (
	maxRejects     = 200_000
	maxRejectBytes = 256 << 20
)

// reject is a bad row that was left out: its place, and its text in the file.
type reject struct {
	place
	n  int32
	at int64
}

// rejects keeps the bad rows of an import until their lines are known, in a
// file without a name. Safe for concurrent use.
type rejects struct {
	dir string

	mu   sync.Mutex
	file *os.File // nil without rows
	rows []reject
	next int64
	err  error // the first; no row is kept behind it
}

// add keeps a row unless there is no room for it.
func (k *rejects) add(r reject, column, reason string, text func() string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.err != nil || len(k.rows) >= maxRejects || k.next >= maxRejectBytes {
		return
	}
	if k.file == nil {
		f, err := unnamed(k.dir, "rejects")
		if err != nil {
			k.err = fmt.Errorf("keep bad rows: %w", err)
			return
		}
		k.file = f
	}
	record := csvLine(column, reason, text())
	if _, err := k.file.WriteAt([]byte(record), k.next); err != nil {
		k.err = fmt.Errorf("keep bad rows in %s: %w", k.dir, err)
		return
	}
	r.at, r.n = k.next, int32(len(record))
	k.next += int64(len(record))
	k.rows = append(k.rows, r)
}

// publish writes the rows in input order to a gzipped CSV file at path, whole
// or not at all. It returns how many there are.
func (k *rejects) publish(path string, s *splits) (n int, err error) {
	if k.err != nil {
		return 0, k.err
	}
	slices.SortFunc(k.rows, func(a, b reject) int { return a.compare(b.place) })
	f, err := os.Create(path + ".part")
	if err != nil {
		return 0, fmt.Errorf("write bad rows: %w", err)
	}
	err = errors.Join(k.write(f, s), f.Close())
	if err == nil {
		err = os.Rename(path+".part", path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return 0, errors.Join(fmt.Errorf("write bad rows: %w", err), os.Remove(path+".part"))
	}
	return len(k.rows), nil
}

func (k *rejects) write(f *os.File, s *splits) error {
	z := gzip.NewWriter(f)
	w := bufio.NewWriterSize(z, 64<<10)
	if _, err := w.WriteString(csvLine("object", "line", "column", "reason", "row")); err != nil {
		return err
	}
	for _, r := range k.rows {
		object, line := s.find(r.place)
		if _, err := w.WriteString(strings.TrimSuffix(csvLine(object.String(), strconv.FormatInt(line, 10)), "\n") + ","); err != nil {
			return err
		}
		if _, err := io.Copy(w, io.NewSectionReader(k.file, r.at, int64(r.n))); err != nil {
			return err
		}
	}
	return errors.Join(w.Flush(), z.Close(), f.Sync())
}

func (k *rejects) close() error {
	if k.file == nil {
		return nil
	}
	return k.file.Close()
}

// csvLine returns values as one line of CSV.
func csvLine(values ...string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(values) // into memory
	w.Flush()
	return b.String()
}

// quoting escapes what is special in a quoted value.
var quoting = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// row returns record r of the batch as it may be imported again: a line of CSV,
// or of JSON where the object was none of CSV.
func (w *worker) row(r int) string {
	if w.layout.format == formatCSV {
		return w.batch.row(r)
	}
	return string(w.batch.json(r, w.layout.names))
}

// json returns record r as a JSON object.
func (b *batch) json(r int, names []string) []byte {
	out := []byte{'{'}
	for f, name := range names {
		start, end := b.at(r, f)
		if start == end && b.isNull(r, f) {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		key, _ := json.Marshal(name)
		out = append(append(out, key...), ':')
		value := b.buf[start:end]
		if !json.Valid(value) {
			value, _ = json.Marshal(string(value))
		}
		out = append(out, value...)
	}
	return append(out, '}')
}

// row returns record r as a line of CSV without its end: the original line but
// for quotes that it can do without.
func (b *batch) row(r int) string {
	var line strings.Builder
	for f := range b.cols {
		if f > 0 {
			line.WriteByte(',')
		}
		start, end := b.at(r, f)
		value := string(b.buf[start:end])
		if strings.ContainsAny(value, "\",\r") || value == "" && !b.isNull(r, f) {
			value = `"` + quoting.Replace(value) + `"`
		}
		line.WriteString(value)
	}
	return line.String()
}

// keepReject keeps a bad row where these are left out of the import.
func (w *worker) keepReject(line uint32, column, reason string, text func() string) {
	if k := w.run.rejects; k != nil {
		k.add(reject{place: w.place(line)}, column, reason, text)
	}
}

// lost reports whether bad rows have failed the import already, so that nothing
// of it will be kept.
func (r *run) lost() bool { return r.rejects == nil && r.bad.any() }

// settleBad decides, when all is read, whether the bad rows fail the import or
// are left out, with a warning.
func (r *run) settleBad(res *Result) error {
	c := res.Counts
	if c.Rejected == 0 {
		return nil
	}
	if r.rejects == nil {
		return failure(res.Bad[0], c.Rejected, c.Rows)
	}
	n, err := r.rejects.publish(r.cfg.Rejects, r.splits)
	if err != nil {
		return err
	}
	if float64(c.Rejected) > r.cfg.MaxBadShare*float64(c.Rows) {
		e := failure(res.Bad[0], c.Rejected, c.Rows)
		e.Msg += fmt.Sprintf(" At most %s %% may be.", strconv.FormatFloat(100*r.cfg.MaxBadShare, 'g', 4, 64))
		return e
	}
	noun := "rows were"
	if c.Rejected == 1 {
		noun = "row was"
	}
	res.Warnings = append(res.Warnings, fmt.Sprintf("%s bad %s left out, of %s in all; %s can be downloaded with the reasons.",
		thousands(c.Rejected), noun, thousands(c.Rows), thousands(int64(n))))
	return nil
}
