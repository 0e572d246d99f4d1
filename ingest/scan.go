package ingest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// scanner splits text into records and fields. The text is whole lines, each
// ended by a line feed; a record is one line, and so no line feed is ever part
// of a value.
//
// Rows of plain fields are split by one pass that looks at eight bytes at a
// time. A row with a quote, a lone carriage return or the wrong number of
// fields is left to record, which goes byte by byte and knows all the rules.
type scanner struct {
	rowText
	cols int // fields per record
}

// special marks with its high bit each byte of x below '-': commas, quotes,
// line ends, and some others that are rare in numbers and identifiers.
func special(x uint64) uint64 {
	const high, least = 0x8080808080808080, 0x2D2D2D2D2D2D2D2D
	return ^(x | high - least | x) & high
}

// fill splits the next records into b and reports whether there were any.
func (s *scanner) fill(b *batch) (bool, error) {
	b.start(s.buf, s.cols)
	first := s.next
	for b.n == 0 && s.next < s.end { // again where every row was bad
		s.some(b)
	}
	b.size = s.next - first
	return b.n > 0, nil
}

// some splits records until b is full or the text at its end.
func (s *scanner) some(b *batch) {
	buf, pos, cols := s.buf, b.pos, s.cols
	row, line := s.next, s.line // the record under way
	field, k := row, 0          // its field under way
	last := cols - 1            // k of the record's last field
scan:
	for i := row; row < s.end && b.n < batchRows; {
		for m := special(binary.LittleEndian.Uint64(buf[i:])); m != 0; m &= m - 1 {
			p := i + bits.TrailingZeros64(m)>>3
			next := p + 1
			switch buf[p] {
			case ',':
				if k < last {
					pos[k] = uint64(field) | uint64(p)<<32
					k++
					field = next
					continue
				}
			case '\n':
				if k == last && p > row {
					pos[k] = uint64(field) | uint64(p)<<32
					b.lines[b.n] = line
					b.n++
					line++
					k++
					row, field, last = next, next, k+cols-1
					if b.n == batchRows || row == s.end {
						break scan
					}
					continue
				}
			case '\r':
				if k == last && buf[next] == '\n' && p > row {
					next++
					pos[k] = uint64(field) | uint64(p)<<32
					b.lines[b.n] = line
					b.n++
					line++
					k++
					row, field, last = next, next, k+cols-1
					i = next
					continue scan
				}
			case '"':
			default:
				continue
			}
			row = s.record(b, row, line)
			line++
			k = b.n * cols
			field, last = row, k+cols-1
			i = row
			continue scan
		}
		i += 8
	}
	s.next, s.line = row, line
}

// Reasons why a row is no record.
const (
	reasonUnclosed = `the quoted value is not closed on its line: if it goes on in the next line, write a blank for the line break, as a row is one line ` +
		`(JSON Lines and Parquet can have line breaks in values); else end it with a quote and write quotes inside it as \"`
	reasonAfter  = `text follows the closing quote: a quote inside a quoted value is written as \" or ""`
	reasonBare   = `a quote in a value that is not in quotes: put the whole value in quotes and write the quote as \"`
	reasonReturn = `a carriage return in the middle of a row: end rows with a line feed, or with carriage return and line feed`
)

// record splits the line that begins at row into b by all the rules, or
// reports it, and returns where the next line begins. Unescaped values take
// the place of the text in buf.
func (s *scanner) record(b *batch, row int, line uint32) (next int) {
	end := row + bytes.IndexByte(s.buf[row:s.end], '\n')
	next = end + 1
	if end > row && s.buf[end-1] == '\r' {
		end--
	}
	if end == row {
		return next // an empty line is nothing
	}
	src := append(s.raw[:0], s.buf[row:end]...) // a copy to work on
	s.raw = src
	out := s.buf[:row] // never overtakes what src was copied from
	base := b.n * s.cols
	n := 0
	quoted := len(b.quoted)
	for i := 0; ; i++ { // i is at the begin of field n
		from, start := i, len(out)
		reason := ""
		if i < len(src) && src[i] == '"' {
			out, i, reason = unquote(out, src, i+1)
			if reason != "" {
				i = len(src)
			}
			if len(out) == start && n < s.cols {
				b.quoted = append(b.quoted, uint32(base+n))
			}
		} else {
			value := src[i:]
			if j := bytes.IndexByte(value, ','); j >= 0 {
				value = value[:j]
			}
			if bytes.IndexByte(value, '"') >= 0 {
				reason = reasonBare
			} else if bytes.IndexByte(value, '\r') >= 0 {
				reason = reasonReturn
			}
			out = append(out, value...)
			i += len(value)
		}
		if reason != "" {
			b.quoted = b.quoted[:quoted]
			s.report(line, n, src[from:max(i, from)], reason)
			return next
		}
		if n < s.cols {
			b.pos[base+n] = uint64(start) | uint64(len(out))<<32
		}
		n++
		if i == len(src) {
			break
		}
		out = append(out, ',')
	}
	if n != s.cols {
		b.quoted = b.quoted[:quoted]
		s.report(line, -1, src, countReason(n, s.cols))
		return next
	}
	b.lines[b.n] = line
	b.n++
	return next
}

func countReason(n, want int) string {
	if n > want {
		return fmt.Sprintf("the row has %d fields, the header has %d: put values that contain a comma in quotes", n, want)
	}
	return fmt.Sprintf("the row has %d fields, the header has %d: leave cells without a value empty, but keep their commas", n, want)
}

// unquote appends to dst the value whose opening quote is before src[i], and
// returns it and where the field ends in src.
func unquote(dst, src []byte, i int) (value []byte, end int, reason string) {
	for {
		n := bytes.IndexByte(src[i:], '"')
		if n < 0 {
			return dst, i, reasonUnclosed
		}
		if e := bytes.IndexByte(src[i:i+n], '\\'); e >= 0 && i+e+1 < len(src) {
			dst = append(dst, src[i:i+e]...)
			i += e + 1
			if c := src[i]; c == '"' || c == '\\' {
				dst = append(dst, c)
				i++
			} else {
				dst = append(dst, '\\')
			}
			continue
		}
		dst = append(dst, src[i:i+n]...)
		i += n + 1
		if i < len(src) && src[i] == '"' {
			dst = append(dst, '"')
			i++
			continue
		}
		if i < len(src) && src[i] != ',' {
			return dst, i, reasonAfter
		}
		return dst, i, ""
	}
}
