package ingest

import (
	"bespoke"
	"bespoke/parquet"
	"bespoke/schema"
)

// column decodes one column of the schema, batch by batch. It belongs to one
// worker.
type column interface {
	// decode reads field f of each record of b, mixes the values into the
	// worker's fingerprints if the column is part of the key, and reports
	// values that are refused.
	decode(d *decoder, b *batch, f int)
	// drop leaves the rows that are bad out of what decode read.
	drop(bad []bool)
	// append hands what decode read to the Parquet column.
	append()
}

// decoder is what the columns of one worker share.
type decoder struct {
	seeds  seeds
	prints prints
	// refuse notes a refused value of record r.
	refuse func(r int, c *vector, value []byte, reason string)
	cut    int64 // textual values that were shortened
}

// vector is what all kinds of column have: the presence of the batch's values.
type vector struct {
	schema.Column
	order   int  // of the column in the schema
	key     bool // part of what tells duplicates
	present [batchRows]byte
	rows    int
	nulls   bool // some row of the batch is null
}

// start begins a batch of n rows.
func (v *vector) start(n int) { v.rows, v.nulls = n, false }

// empty decides about an empty field: null where the schema has it. It counts
// as null in any case, so that values and rows stay in step.
func (v *vector) empty(d *decoder, r int) {
	if !v.Nullable {
		d.refuse(r, v, nil, reasonEmpty)
	}
	if !v.nulls {
		v.nulls = true
		for i := range v.rows {
			v.present[i] = 1
		}
	}
	v.present[r] = 0
	if v.key {
		d.prints.null(&d.seeds, r)
	}
}

// dropRows leaves bad rows out.
func (v *vector) dropRows(bad []bool) {
	n := 0
	for r := range v.rows {
		if !bad[r] {
			v.present[n] = v.present[r]
			n++
		}
	}
	v.rows = n
	v.nulls = v.nulls && v.Nullable // a null where none may be was bad
}

// dropValues leaves those of bad rows out of vals, which are those of rows that
// are not null. It comes before dropRows.
func dropValues[T any](v *vector, vals []T, bad []bool) []T {
	n, k := 0, 0
	for r := range v.rows {
		if v.nulls && v.present[r] == 0 {
			continue
		}
		if !bad[r] {
			vals[n] = vals[k]
			n++
		}
		k++
	}
	return vals[:n]
}

// presence returns present for the Parquet writer: nil if nothing is null.
func (v *vector) presence() []byte {
	if !v.nulls {
		return nil
	}
	return v.present[:v.rows]
}

// newColumn returns the decoder of column c, which is number order of the
// schema, into the Parquet column out.
func newColumn(t bespoke.DatasetType, c schema.Column, order int, key bool, out any) column {
	v := vector{Column: c, order: order, key: key}
	switch out := out.(type) {
	case *parquet.Strings:
		if c.Textual {
			return &textColumn{vector: v, out: out}
		}
		s := &stringColumn{vector: v, out: out, rule: newStringRule(t, c)}
		s.events = t == bespoke.ActionInteractions && c.Name == "EVENT_TYPE"
		return s
	case *parquet.Numbers[int32]:
		return newIntColumn(t, v, out, -1<<31, 1<<31-1)
	case *parquet.Numbers[int64]:
		return newIntColumn(t, v, out, -1<<63, 1<<63-1)
	case *parquet.Numbers[float32]:
		return newFloatColumn(t, v, out, parseFloat32)
	case *parquet.Numbers[float64]:
		return newFloatColumn(t, v, out, parseFloat64)
	case *parquet.Bools:
		return &boolColumn{vector: v, out: out}
	}
	panic("ingest: a Parquet column of unknown kind")
}
