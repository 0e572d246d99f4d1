package ingest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"bespoke"
	"bespoke/schema"
)

// How much of an object is read in search of the end of its first row, at
// first and at most; and how many objects are looked at at once.
const (
	headerBytes    = 64 << 10
	maxHeaderBytes = 1 << 20
	headersAtOnce  = 8
)

// Header looks at the beginning of each object and checks it against the schema:
// all columns are there, by name in any order, and all CSV objects have the
// same. With csvOnly nothing but plain CSV is taken. It returns an
// *bespoke.Error of code InvalidInput that says what is wrong, or the error of
// src.
func Header(ctx context.Context, src Source, objects []bespoke.Object, s *schema.Schema, csvOnly bool) error {
	layouts, err := readLayouts(ctx, src, objects, s, csvOnly)
	if err != nil {
		return err
	}
	first := -1
	for i, l := range layouts {
		if l.format == formatJSON {
			if err := missing(objects[i], l.absent, ""); err != nil {
				return err
			}
		}
		if l.format != formatCSV {
			continue
		}
		if first < 0 {
			first = i
		}
		if a, b := layouts[first].sorted(), l.sorted(); !slices.Equal(a, b) {
			return bespoke.Errorf(bespoke.InvalidInput, "All objects must have the same header: %s has the columns [%s], %s has [%s].",
				objects[first], strings.Join(a, ", "), objects[i], strings.Join(b, ", "))
		}
	}
	return nil
}

// parseHeader reads the first row of object o.
func parseHeader(o bespoke.Object, row []byte, s *schema.Schema) (*layout, error) {
	l := &layout{}
	if rest, ok := bytes.CutPrefix(row, []byte(byteOrderMark)); ok {
		row = rest
		l.notes = append(l.notes, "A byte order mark stands before the header; it was ignored.")
	}
	row = bytes.TrimSuffix(bytes.TrimSuffix(row, []byte("\n")), []byte("\r"))
	if len(row) == 0 {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "%s: the first row is empty; it must name the columns.", o)
	}
	if bytes.IndexByte(row, '\r') >= 0 {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "%s: rows end with a lone carriage return; end them with a line feed.", o)
	}
	if len(row) >= maxHeaderBytes {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "%s: the first row is longer than %d bytes: check that rows end with line feeds.", o, maxHeaderBytes)
	}
	if err := l.split(row); err != "" {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "%s: the header is malformed: %s.", o, err)
	}
	if len(l.names) == 1 && len(s.Columns) > 1 && strings.ContainsAny(l.names[0], ";\t|") {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "%s: the header %q seems to separate columns by something else than commas; "+
			"write the file with commas.", o, shorten(row))
	}
	if err := l.match(o, s); err != nil {
		return nil, err
	}
	return l, nil
}

// split splits the header into names. Names in quotes are taken, with a note.
func (l *layout) split(row []byte) (fault string) {
	quoted := false
	for i := 0; ; i++ {
		var name []byte
		if i < len(row) && row[i] == '"' {
			quoted = true
			if name, i, fault = unquote(nil, row, i+1); fault != "" {
				return fault
			}
		} else {
			name = row[i:]
			if j := bytes.IndexByte(name, ','); j >= 0 {
				name = name[:j]
			}
			i += len(name)
		}
		l.names = append(l.names, strings.TrimSpace(string(name)))
		if i == len(row) {
			break
		}
	}
	if quoted {
		l.notes = append(l.notes, "Column names in the header are in quotes; Amazon Personalize takes them without only.")
	}
	return ""
}

// match finds the schema's columns among the names: exactly, or else in any
// case.
func (l *layout) match(o bespoke.Object, s *schema.Schema) error {
	for i, n := range l.names {
		if n != "" && slices.Contains(l.names[:i], n) {
			return bespoke.Errorf(bespoke.InvalidInput, "%s: the header names the column %s twice.", o, n)
		}
	}
	used := make([]bool, len(l.names))
	var absent []string
	for _, c := range s.Columns {
		at := slices.Index(l.names, c.Name)
		if at < 0 {
			for i, n := range l.names {
				if !strings.EqualFold(n, c.Name) {
					continue
				}
				if at >= 0 {
					return bespoke.Errorf(bespoke.InvalidInput, "%s: the columns %s and %s of the header could both be %s.", o, l.names[at], n, c.Name)
				}
				at = i
			}
		}
		if at < 0 {
			absent = append(absent, c.Name)
			continue
		}
		used[at] = true
		l.index = append(l.index, at)
	}
	hint := ""
	if len(absent) == len(s.Columns) && slices.ContainsFunc(l.names, likeData) {
		hint = fmt.Sprintf(". The first row, %q, looks like data: put a header before it, such as %s",
			shorten([]byte(strings.Join(l.names, ","))), strings.Join(schemaLayout(formatCSV, s).names, ","))
	}
	if err := missing(o, absent, hint); err != nil {
		return err
	}
	for i, n := range l.names {
		if !used[i] {
			l.notes = append(l.notes, ignored(n))
		}
	}
	return nil
}

// likeData reports whether a name of the header is rather a value.
func likeData(name string) bool {
	_, numeric := parseFloat64([]byte(name))
	return numeric || name == "" || strings.Contains(name, "|") || looksLikeDate([]byte(name))
}

// missing is the error for columns that o lacks; nil if there are none. The
// text before the hint is Amazon's.
func missing(o bespoke.Object, absent []string, hint string) error {
	if len(absent) == 0 {
		return nil
	}
	return bespoke.Errorf(bespoke.InvalidInput, "Input csv is missing the following columns: [%s] (%s)%s", strings.Join(absent, ", "), o, hint)
}

// ignored is the note on a column that the schema lacks.
func ignored(name string) string {
	return "Column " + shorten([]byte(name)) + " is not in the schema and was ignored."
}
