package ingest

import (
	"cmp"
	"iter"
	"math/bits"
	"slices"
	"sort"
	"sync"

	"bespoke/lake"
)

// span is a run of rows with consecutive ordinals in one data file.
type span struct {
	ordinal uint64 // of the first
	file    int
	row     int64 // of the first, in the file
}

// stretch is 2^16 rows of a data file, a bit each.
type stretch [1024]uint64

// deadRows are rows of data files that must not be visible. They take one bit
// for each row of stretches in which there are any. Adding is safe for
// concurrent use, and must be over when positions are asked for.
type deadRows struct {
	spans []span // by ordinal
	paths []string

	mu    sync.Mutex
	files [][]*stretch // by file, then row >> 16
}

func newDeadRows(paths []string, spans []span) *deadRows {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.ordinal, b.ordinal) })
	return &deadRows{spans: spans, paths: paths, files: make([][]*stretch, len(paths))}
}

// add marks the rows with these ordinals, which are ascending. A nil d marks
// none: where no files are written there is nothing to hide.
func (d *deadRows) add(ordinals []uint64) {
	if d == nil || len(ordinals) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	at := 0 // the span of the ordinal before
	for _, o := range ordinals {
		if at+1 < len(d.spans) && d.spans[at+1].ordinal <= o {
			rest := d.spans[at+1:]
			at += sort.Search(len(rest), func(i int) bool { return rest[i].ordinal > o })
		}
		s := &d.spans[at]
		d.mark(s.file, s.row+int64(o-s.ordinal))
	}
}

func (d *deadRows) mark(file int, row int64) {
	f, n := d.files[file], int(row>>16)
	for len(f) <= n {
		f = append(f, nil)
	}
	if f[n] == nil {
		f[n] = new(stretch)
	}
	f[n][row>>6&1023] |= 1 << (row & 63)
	d.files[file] = f
}

// stretch returns the marks of the stretch with this row of a file, nil where
// there are none.
func (d *deadRows) stretch(file int, row int64) *stretch {
	if f, n := d.files[file], int(row>>16); n < len(f) {
		return f[n]
	}
	return nil
}

// positions yields the rows by path and row. It may be used several times.
func (d *deadRows) positions() iter.Seq[lake.Position] {
	order := make([]int, len(d.paths))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(d.paths[a], d.paths[b]) })
	return func(yield func(lake.Position) bool) {
		for _, i := range order {
			for n, s := range d.files[i] {
				if s == nil {
					continue
				}
				for k, word := range s {
					for ; word != 0; word &= word - 1 {
						row := int64(n)<<16 | int64(k)<<6 | int64(bits.TrailingZeros64(word))
						if !yield(lake.Position{Path: d.paths[i], Row: row}) {
							return
						}
					}
				}
			}
		}
	}
}
