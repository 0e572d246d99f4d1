package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"bespoke"
	"bespoke/ingest"
	"bespoke/schema"
)

// draft is a record under way. Its errors say where in the request the fault is.
type draft struct {
	*target
	path   string // of the record in the request, such as eventList.2.member
	values []ingest.Value
}

func (t *target) draft(list string, i int) *draft {
	return &draft{target: t, path: list + "." + strconv.Itoa(i+1) + ".member", values: make([]ingest.Value, len(t.rules))}
}

// set gives a column the value of a member of the record, unless the schema does not
// have the column.
func (d *draft) set(column, member, text string) error {
	i, ok := d.columns.at[column]
	if !ok {
		return nil
	}
	v, reason := d.rules[i].Parse(text)
	if reason != "" {
		return bespoke.Errorf(bespoke.InvalidInput, "%s.%s: %s does not suit the column %s (%s): %s.", d.path, member, shorten(text), column, d.rules[i].Expected(), reason)
	}
	d.values[i] = v
	return nil
}

// properties takes over the members of a JSON object. Keys that no column has are left
// out; those in forbidden are refused, and two that are for one column are. Of a key that
// is there twice in the same letters the last member counts, as JSON parsers have it.
func (d *draft) properties(text string, forbidden []string) error {
	if text == "" {
		return nil
	}
	fault := func(format string, args ...any) error {
		return bespoke.Errorf(bespoke.InvalidInput, "Error parsing properties json: %s.properties: %s", d.path, fmt.Sprintf(format, args...))
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &members); err != nil || members == nil {
		if err == nil {
			return fault("null where a JSON object is expected.")
		}
		return fault("it is not a JSON object in a string: %v.", err)
	}
	filled := map[int]string{} // key by column
	for _, key := range slices.Sorted(maps.Keys(members)) {
		raw, name := members[key], fold(key)
		if slices.Contains(forbidden, name) {
			return fault("the key %q is not allowed here: it has a member of its own in the request.", key)
		}
		i, ok := d.keys[name]
		if !ok {
			continue
		}
		r := &d.rules[i]
		if other, ok := filled[i]; ok {
			return fault("the keys %q and %q are both for the column %s: send one of them.", other, key, r.Column.Name)
		}
		filled[i] = key
		v, reason := d.coerce(r, raw)
		if reason != "" {
			return fault("the key %q is for the column %s (%s), the value is %s: %s.", key, r.Column.Name, r.Expected(), shorten(string(raw)), reason)
		}
		d.values[i] = v
	}
	return nil
}

// coerce makes a JSON value one of the column's type. Numbers may stand in strings, and
// a string column takes numbers and booleans by their text.
func (d *draft) coerce(r *ingest.Rule, raw json.RawMessage) (ingest.Value, string) {
	text := string(raw)
	switch raw[0] {
	case 'n':
		return ingest.Value{}, ""
	case '{', '[':
		return ingest.Value{}, "a list or an object, where one value is expected; join several by |"
	case '"':
		if err := json.Unmarshal(raw, &text); err != nil {
			return ingest.Value{}, err.Error()
		}
		if text == "" && r.Column.Type != schema.String {
			return ingest.Value{}, ""
		}
		if bytes.Contains(raw, []byte(`\u`)) && bytes.ContainsRune([]byte(text), '\uFFFD') && !bytes.Contains(bytes.ToLower(raw), []byte(`\ufffd`)) {
			return ingest.Value{}, "an escape that is no character"
		}
		return r.Parse(text)
	case 't', 'f':
		if r.Column.Type.Number() {
			return ingest.Value{}, "true or false, where a number is expected"
		}
		return r.Parse(text)
	}
	v, reason := r.Parse(text)
	if reason != "" && (r.Column.Type == schema.Int || r.Column.Type == schema.Long) {
		// 13.0 and 1e3 are whole numbers too.
		if f, err := strconv.ParseFloat(text, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return r.Parse(strconv.FormatInt(int64(f), 10))
		}
	}
	return v, reason
}

// text returns the value of a string column, "" where it has none.
func (d *draft) text(column string) string {
	if i, ok := d.columns.at[column]; ok {
		return d.values[i].Text
	}
	return ""
}

// finish checks that nothing is missing. members says which member of the request a
// column is filled by, for those that properties do not name.
func (d *draft) finish(members map[string]string) error {
	for i := range d.values {
		if !d.values[i].Null() {
			continue
		}
		r := &d.rules[i]
		if reason := r.Absent(); reason != "" {
			where := "properties." + camel(r.Column.Name)
			if m, ok := members[r.Column.Name]; ok {
				where = m
			}
			return bespoke.Errorf(bespoke.InvalidInput, "%s.%s, for the column %s (%s): %s.", d.path, where, r.Column.Name, r.Expected(), reason)
		}
	}
	return nil
}

// camel is the key of a column: NUM_RATINGS is numRatings.
func camel(name string) string {
	out := make([]byte, 0, len(name))
	up := false
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '_':
			up = len(out) > 0
			continue
		case !up && c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case up && c >= 'a' && c <= 'z':
			c -= 'a' - 'A'
		}
		out, up = append(out, c), false
	}
	return string(out)
}

// shorten quotes a value for a message, cut to 50 characters.
func shorten(v string) string {
	if r := []rune(v); len(r) > 50 {
		v = string(r[:50]) + "..."
	}
	return strconv.Quote(v)
}
