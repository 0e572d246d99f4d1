package ingest

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"bespoke"
)

// BadRow is one row that was refused, with the first value that was the cause.
type BadRow struct {
	Object bespoke.Object
	Line   int64  // physical line in the object; the header is line 1
	Column string // "" where the row as a whole is malformed
	Value  string // at most 60 characters, "" where there is none
	Reason string // what was expected, and the remedy
}

// String describes the row as a failure reason begins.
func (b BadRow) String() string {
	s := fmt.Sprintf("%s line %d", b.Object, b.Line)
	if b.Column != "" {
		s += ", column " + b.Column
	}
	if b.Value != "" {
		s += ", value " + strconv.Quote(b.Value)
	}
	return s + ": " + b.Reason
}

// maxValue is how many characters of a refused value are kept.
const maxValue = 60

// shorten returns at most maxValue characters of v.
func shorten(v []byte) string {
	n := 0
	for i := 0; i < len(v); n++ {
		if n == maxValue {
			return string(v[:i]) + "..."
		}
		_, size := utf8.DecodeRune(v[i:])
		i += size
	}
	return string(v)
}

// badRow is a BadRow whose line is known within its split only.
type badRow struct {
	place
	column string
	value  string
	reason string
}

// badRows keeps the first bad rows of a job, in input order whatever the order
// of their finding, and counts all. Safe for concurrent use.
type badRows struct {
	keep  int
	count atomic.Int64

	mu   sync.Mutex
	rows []badRow
	last place // rows behind it are not among the first; valid once full
	full bool
}

// any reports whether there is a bad row.
func (b *badRows) any() bool { return b.count.Load() > 0 }

// wants reports whether a row at this place may be among those kept.
func (b *badRows) wants(at place) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.full || at.compare(b.last) < 0
}

func (b *badRows) add(r badRow) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rows = append(b.rows, r)
	if len(b.rows) >= 2*b.keep {
		b.trim()
	}
}

// trim sorts the rows and keeps the first. Callers hold mu.
func (b *badRows) trim() {
	slices.SortFunc(b.rows, func(a, b badRow) int { return a.compare(b.place) })
	if len(b.rows) >= b.keep {
		b.rows = b.rows[:b.keep]
		b.last, b.full = b.rows[b.keep-1].place, true
	}
}

// list returns the kept rows with their lines in the objects.
func (b *badRows) list(s *splits) []BadRow {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trim()
	var out []BadRow
	for _, r := range b.rows {
		object, line := s.find(r.place)
		out = append(out, BadRow{Object: object, Line: line, Column: r.column, Value: r.value, Reason: r.reason})
	}
	return out
}

// failure is the error of a job with bad rows: the first, and how many there
// are.
func failure(first BadRow, bad, rows int64) *bespoke.Error {
	noun, verb := "rows", "are"
	if rows == 1 {
		noun = "row"
	}
	if bad == 1 {
		verb = "is"
	}
	return bespoke.Errorf(bespoke.InvalidInput, "%s. %s of %s %s %s bad.", trimStop(first.String()), thousands(bad), thousands(rows), noun, verb)
}

func trimStop(s string) string {
	if n := len(s); n > 0 && s[n-1] == '.' {
		return s[:n-1]
	}
	return s
}

// thousands writes n with commas.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
