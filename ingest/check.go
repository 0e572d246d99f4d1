package ingest

import (
	"context"

	"bespoke/lake"
	"bespoke/parquet"
	"bespoke/schema"
)

// Observer sees the values of good rows while they are checked, each column of
// a batch in turn. Columns are numbered as in the schema. It belongs to one
// worker and is never called concurrently.
type Observer interface {
	Null(column int)
	// Text is a string value, valid until the call returns.
	Text(column int, value []byte)
	// Number is a numeric value or a time; true is 1 and false 0.
	Number(column int, value float64)
}

// checkFields returns the columns for decoding without a table.
func (c *Config) checkFields() []parquet.Field {
	var fields []parquet.Field
	for i, col := range c.Schema.Columns {
		fields = append(fields, parquet.Field{Name: col.Name, ID: int32(i + 1), Kind: kinds[col.Type], Optional: col.Nullable, Plain: col.Textual})
	}
	return append(fields,
		parquet.Field{Name: lake.OriginColumn, ID: int32(len(fields) + 1), Constant: lake.Bulk},
		parquet.Field{Name: lake.ArrivedColumn, ID: int32(len(fields) + 2), Kind: parquet.Int64})
}

// userColumn returns which column says whose row it is where a user may have
// several, else -1.
func (c *Config) userColumn() int {
	if c.Type.Key() != "" {
		return -1
	}
	for i, col := range c.Schema.Columns {
		if col.Name == "USER_ID" && col.Type == schema.String {
			return i
		}
	}
	return -1
}

// check takes the place of writing: the good rows of the batch are observed and
// their keys logged, those of users too. It returns the next ordinal.
func (w *worker) check(ordinal uint64) (uint64, error) {
	if w.observer != nil {
		for i, c := range w.columns {
			w.observe(i, c, w.layout.index[i])
		}
	}
	for r := range w.batch.n {
		if w.faulty[r] {
			continue
		}
		x, y := w.dec.prints.a[r], w.dec.prints.b[r]
		if err := w.keys.one(newKey(x, y, ordinal)); err != nil {
			return 0, err
		}
		ordinal++
		if w.users != nil {
			if err := w.userKeys.one(key{w.users.words[r].Hash, x}); err != nil {
				return 0, err
			}
		}
	}
	return ordinal, nil
}

// observe shows the batch's good values of a column, whose field is f.
func (w *worker) observe(i int, c column, f int) {
	switch c := c.(type) {
	case *stringColumn:
		w.observeTexts(i, &c.vector, f)
	case *textColumn:
		w.observeTexts(i, &c.vector, f)
	case *intColumn[int32]:
		observeNumbers(w, i, &c.vector, c.vals[:c.n])
	case *intColumn[int64]:
		observeNumbers(w, i, &c.vector, c.vals[:c.n])
	case *floatColumn[float32]:
		observeNumbers(w, i, &c.vector, c.vals[:c.n])
	case *floatColumn[float64]:
		observeNumbers(w, i, &c.vector, c.vals[:c.n])
	case *boolColumn:
		observeNumbers(w, i, &c.vector, c.vals[:c.n])
	}
}

func (w *worker) observeTexts(i int, v *vector, f int) {
	for r := range v.rows {
		switch {
		case w.faulty[r]:
		case v.nulls && v.present[r] == 0:
			w.observer.Null(i)
		default:
			start, end := w.batch.at(r, f)
			w.observer.Text(i, w.batch.buf[start:end])
		}
	}
}

// observeNumbers shows vals, which are those of rows that are not null.
func observeNumbers[T parquet.Number | ~byte](w *worker, i int, v *vector, vals []T) {
	for r := range v.rows {
		if v.nulls && v.present[r] == 0 {
			if !w.faulty[r] {
				w.observer.Null(i)
			}
			continue
		}
		if !w.faulty[r] {
			w.observer.Number(i, float64(vals[0]))
		}
		vals = vals[1:]
	}
}

// endCheck hands over the worker's last keys.
func (w *worker) endCheck() error {
	if err := w.keys.flush(); err != nil {
		return err
	}
	return w.userKeys.flush()
}

// compareChecked finds how many rows are duplicates and how many users there
// are.
func (r *run) compareChecked(ctx context.Context, res *Result) error {
	r.progress.enter(Comparing)
	v, err := compare(ctx, r.log, r.cfg.Workers, r.cfg.Type.Key() != "", ordinals{}, nil)
	if err != nil {
		return err
	}
	res.Counts.Duplicate = v.duplicate.Load()
	res.Counts.Accepted -= res.Counts.Duplicate
	if r.users != nil {
		if res.Users, err = countUsers(ctx, r.users); err != nil {
			return err
		}
	}
	r.progress.enter(Done)
	return nil
}
