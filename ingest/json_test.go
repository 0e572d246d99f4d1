package ingest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"bespoke/schema"
)

// FuzzJSON compares the reading of a line with encoding/json, where both can
// say what it is: flat objects whose keys differ and whose text is UTF-8.
func FuzzJSON(f *testing.F) {
	for _, s := range []string{
		`{"C0":"a","C1":1}`, `{}`, ` { "c0" : null , "C1" : true } `, `{"C0":"\u00e9\n\"\\\/","C1":-1.5e+10}`, `{"C0":"\ud83d\ude00"}`, `{"C0":"\ud83d"}`,
		`{"C0":["a","b\n"],"C1":[]}`, `{"C0":["a",1]}`, `{"C0":{"x":[]},"x":{"y":[[{}]]}}`, `{"C0":1}x`, `{"C0":01}`, `{"C0":1.}`, `{"C0":"a" "C1":2}`, `{"C0":"a",}`, `{"C0":nul}`,
		"{\"C0\":\"\t\"}", `{"C0":"a","c0":"b"}`, `[1]`, `{"C0":"` + strings.Repeat(`\\`, 20) + `"}`, `{"\u0043\u0030":"x"}`,
	} {
		f.Add(s)
	}
	s := stringColumns(2)
	s.Columns[0].Categorical = true
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "\n\r") || !utf8.ValidString(line) || strings.Count(line, "[")+strings.Count(line, "{") > maxDepth {
			return
		}
		got, fault := readJSON(t, s, line)
		want, ok := byEncodingJSON(s, line)
		if ok != (fault == "") || ok && !slices.Equal(got, want) {
			t.Errorf("%q: got %q %s, encoding/json %q %v", line, got, fault, want, ok)
		}
	})
}

// readJSON returns the fields of a line, or why it is bad. A blank line is no
// fields.
func readJSON(t testing.TB, s *schema.Schema, line string) (fields []string, fault string) {
	j := newJSONRows(s)
	j.buf = append(append(make([]byte, front), line+"\n"...), make([]byte, pad)...)
	j.next, j.end = front, front+len(line)+1
	j.report = func(_ uint32, _ int, _ []byte, reason string) { fault = reason }
	var b batch
	if _, err := j.fill(&b); err != nil {
		t.Fatal(err)
	}
	for r := range b.n {
		for c := range b.cols {
			start, end := b.at(r, c)
			if start == end && b.isNull(r, c) {
				fields = append(fields, "null")
				continue
			}
			fields = append(fields, fmt.Sprintf("%q", b.buf[start:end]))
		}
	}
	return fields, fault
}

// halfCharacter reports whether valid JSON escapes half of a character, which
// encoding/json replaces by another one.
func halfCharacter(line string) bool {
	for i := 0; i < len(line); i++ {
		if line[i] != '\\' {
			continue
		}
		if line[i+1] != 'u' {
			i++
			continue
		}
		var text string
		if err := json.Unmarshal([]byte(`"`+line[i:i+6]+`"`), &text); err != nil || text != "\ufffd" || strings.EqualFold(line[i+2:i+6], "fffd") {
			continue
		}
		both := line[i:min(i+12, len(line))]
		if err := json.Unmarshal([]byte(`"`+both+`"`), &text); err != nil || strings.Contains(text, "\ufffd") {
			return true
		}
		i += 11
	}
	return false
}

func byEncodingJSON(s *schema.Schema, line string) (fields []string, ok bool) {
	if strings.Trim(line, " \t") == "" {
		return nil, true
	}
	d := json.NewDecoder(strings.NewReader(line))
	values := map[int]json.RawMessage{}
	if tok, err := d.Token(); err != nil || tok != json.Delim('{') || !json.Valid([]byte(line)) {
		return nil, false
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, false
		}
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, false
		}
		c := matchColumn(s.Columns, key.(string))
		if c < 0 {
			continue
		}
		if _, twice := values[c]; twice {
			return nil, false
		}
		values[c] = v
	}
	if halfCharacter(line) {
		return nil, false
	}
	for c, col := range s.Columns {
		v := bytes.TrimSpace(values[c])
		switch {
		case len(v) == 0 || string(v) == "null":
			fields = append(fields, "null")
		case v[0] == '"':
			var text string
			if err := json.Unmarshal(v, &text); err != nil {
				return nil, false
			}
			fields = append(fields, fmt.Sprintf("%q", text))
		case v[0] == '[' && several(col):
			var list []*string
			if err := json.Unmarshal(v, &list); err != nil || slices.Contains(list, nil) {
				return nil, false
			}
			var text []string
			for _, e := range list {
				if strings.Contains(*e, "|") {
					return nil, false
				}
				text = append(text, *e)
			}
			if joined := strings.Join(text, "|"); joined != "" {
				fields = append(fields, fmt.Sprintf("%q", joined))
			} else {
				fields = append(fields, "null")
			}
		case v[0] == '[' || v[0] == '{':
			return nil, false
		default:
			fields = append(fields, fmt.Sprintf("%q", v))
		}
	}
	return fields, true
}
