package ingest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"bespoke"
	"bespoke/schema"
)

// jsonRows splits text into records of which each is a flat JSON object on a
// line of its own. Its fields are the schema's columns; keys are matched with
// them exactly or else in any case, and other keys are left out.
//
// A number, true or false is a field as it is written; a string is unescaped in
// its place; null and an absent key are null. A list of strings is a field
// joined by bars where the column takes several values.
type jsonRows struct {
	rowText
	columns []schema.Column
	keys    []jsonKey // in the order of the object before
	unknown func(key string)
	values  []jsonValue // of the object under way, by column
}

// jsonKey is a key as it is written, without quotes, and its column, negative
// where there is none.
type jsonKey struct {
	text   string
	column int
}

// jsonValue is a value in the buffer.
type jsonValue struct {
	kind       jsonKind
	start, end int // of a string without its quotes, of a list with its brackets
}

type jsonKind uint8

const (
	jsonNull jsonKind = iota // also where the key is absent
	jsonPlain
	jsonEscaped // a string with backslashes
	jsonList    // of strings
	jsonNested
)

// maxKeys is how many keys an object may have.
const maxKeys = 10_000

func newJSONRows(s *schema.Schema) *jsonRows {
	return &jsonRows{columns: s.Columns, values: make([]jsonValue, len(s.Columns))}
}

func (j *jsonRows) fill(b *batch) (bool, error) {
	first := j.next
	b.start(j.buf, len(j.columns))
	for j.next < j.end && b.n < batchRows {
		at := j.next
		end := at + bytes.IndexByte(j.buf[at:j.end], '\n')
		j.next = end + 1
		line := j.line
		j.line++
		if end = at + len(bytes.TrimRight(j.buf[at:end], " \t\r")); end == at {
			continue
		}
		j.raw = j.buf[at:end]
		if column, value, reason := j.object(at, end); reason != "" {
			j.report(line, column, value, reason)
			continue
		}
		j.put(b, line)
	}
	b.size = j.next - first
	return b.n > 0, nil
}

// object finds the values of the object at buf[i:end]. Nothing is changed in
// the buffer. Where something is wrong it returns a reason, and the column and
// value if it is about one.
func (j *jsonRows) object(i, end int) (column int, value []byte, reason string) {
	clear(j.values)
	b, begin := j.buf[:end], i
	if i = skipBlanks(b, i); i == end || b[i] != '{' {
		return -1, b[begin:end], "the line is not a JSON object: write one object in braces on each line"
	}
	i = skipBlanks(b, i+1)
	if i < end && b[i] == '}' {
		return j.closed(begin, i)
	}
	for n := 0; ; n++ {
		if n == maxKeys {
			return -1, j.raw, fmt.Sprintf("the object has more than %d keys: leave out those that are not in the schema", maxKeys)
		}
		if i == end || b[i] != '"' {
			return j.malformed(begin, i, "a key in quotes")
		}
		key, escaped, ok := jsonString(b, i)
		if !ok {
			return j.malformed(begin, i, "a string that ends, without control characters and with valid escapes")
		}
		c, twice := j.column(n, b[i+1:key-1], escaped)
		if i = skipBlanks(b, key); i == end || b[i] != ':' {
			return j.malformed(begin, i, "a colon")
		}
		i = skipBlanks(b, i+1)
		v, next, want := jsonScan(b, i)
		if want != "" {
			return j.malformed(begin, next, want)
		}
		if c >= 0 {
			if twice {
				return c, nil, "the key occurs twice in the object: keep one"
			}
			if reason := j.take(c, v); reason != "" {
				return c, b[i:next], reason
			}
		}
		if i = skipBlanks(b, next); i < end && b[i] == '}' {
			return j.closed(begin, i)
		}
		if i == end || b[i] != ',' {
			return j.malformed(begin, i, "a comma or a closing brace")
		}
		i = skipBlanks(b, i+1)
	}
}

// closed checks that nothing follows the closing brace at i.
func (j *jsonRows) closed(begin, i int) (int, []byte, string) {
	if end := begin + len(j.raw); skipBlanks(j.buf[:end], i+1) < end {
		return j.malformed(begin, skipBlanks(j.buf[:end], i+1), "the end of the line: one object a line, nothing behind it")
	}
	return -1, nil, ""
}

func (j *jsonRows) malformed(begin, at int, want string) (int, []byte, string) {
	if at >= begin+len(j.raw) {
		return -1, j.raw, fmt.Sprintf("the line is not valid JSON: it ends where there should be %s; an object may not have line breaks", want)
	}
	return -1, j.raw, fmt.Sprintf("the line is not valid JSON: at character %d there should be %s", at-begin+1, want)
}

// column returns the column that key n of the object is for, negative for none,
// and whether the object had another key for it.
func (j *jsonRows) column(n int, text []byte, escaped bool) (c int, twice bool) {
	for len(j.keys) <= n {
		j.keys = append(j.keys, jsonKey{column: -2})
	}
	k := &j.keys[n]
	if k.column == -2 || k.text != string(text) {
		k.text = string(text)
		name := k.text
		if escaped {
			name = string(unescape(nil, text))
		}
		k.column = matchColumn(j.columns, name)
		if k.column < 0 && j.unknown != nil {
			j.unknown(name)
		}
	}
	if k.column < 0 {
		return -1, false
	}
	for _, o := range j.keys[:n] {
		if o.column == k.column {
			return k.column, true
		}
	}
	return k.column, false
}

// matchColumn returns the column of that name: exactly, or else in any case;
// negative if there is none.
func matchColumn(columns []schema.Column, name string) int {
	if i := slices.IndexFunc(columns, func(c schema.Column) bool { return c.Name == name }); i >= 0 {
		return i
	}
	return slices.IndexFunc(columns, func(c schema.Column) bool { return strings.EqualFold(c.Name, name) })
}

// several reports whether a value of the column may be several, joined by bars.
func several(c schema.Column) bool { return c.Categorical || c.Name == "IMPRESSION" }

const (
	reasonNested = "a list or an object as value: write a string, a number, true, false or null"
	reasonList   = "a list whose elements are not all strings: write strings"
	reasonBar    = `a vertical bar in an element of the list, where it would divide it`
)

// take keeps v as the value of column c, if it can be one.
func (j *jsonRows) take(c int, v jsonValue) (reason string) {
	switch {
	case v.kind == jsonNested:
		return reasonNested
	case v.kind == jsonList && !several(j.columns[c]):
		return reasonNested
	case v.kind == jsonList && !stringsOnly(j.buf[v.start:v.end]):
		return reasonList
	case v.kind == jsonList && hasBar(j.buf[v.start:v.end]):
		return reasonBar
	}
	j.values[c] = v
	return ""
}

// put adds the object's values to b.
func (j *jsonRows) put(b *batch, line uint32) {
	base := b.n * b.cols
	for c, v := range j.values {
		start, end := v.start, v.end
		switch v.kind {
		case jsonNull:
			start, end = front, front
		case jsonEscaped:
			end = start + len(unescape(j.buf[start:start], j.buf[start:end]))
		case jsonList:
			end = start + len(joined(j.buf[start:start], j.buf[start:end]))
			if end == start { // no elements, or a single empty one: no value
				v.kind = jsonNull
			}
		}
		if start == end && v.kind != jsonNull {
			b.quoted = append(b.quoted, uint32(base+c))
		}
		b.pos[base+c] = uint64(start) | uint64(end)<<32
	}
	b.lines[b.n] = line
	b.n++
}

// absentRows is how many objects are looked at for their keys.
const absentRows = 100

// absentKeys returns the columns without null that none of the first objects in
// b, the beginning of o, has a value for. It is an error if no line is an
// object.
func absentKeys(o bespoke.Object, b []byte, s *schema.Schema) ([]string, error) {
	j := newJSONRows(s)
	seen := make([]bool, len(s.Columns))
	objects, fault := 0, ""
	b = bytes.TrimPrefix(b, []byte(byteOrderMark))
	for range absentRows {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		if len(b) == 0 {
			break
		}
		b = rest
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		j.buf, j.raw = line, line
		if _, _, reason := j.object(0, len(line)); reason != "" {
			if fault == "" && (whole || objects == 0) { // else it may be cut
				fault = reason
			}
			continue
		}
		objects++
		for c, v := range j.values {
			seen[c] = seen[c] || v.kind != jsonNull
		}
	}
	if objects == 0 {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "%s: it looks like JSON Lines, but no row is an object: %s.", o, fault)
	}
	var absent []string
	for i, c := range s.Columns {
		if !seen[i] && !c.Nullable {
			absent = append(absent, c.Name)
		}
	}
	return absent, nil
}
