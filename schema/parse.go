package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Parse parses the Avro JSON of a schema: one flat record whose fields are
// strings, ints, longs, floats, doubles or booleans, each possibly in a union with
// null. JSON is taken strictly; keys that mean nothing here are ignored, as Avro
// has it. Parse refuses what no dataset of any type could use; what one type or
// domain asks for is Check's business. Errors are *bespoke.Error, InvalidInput,
// and name the field and the remedy.
func Parse(text string) (*Schema, error) {
	if n := utf8.RuneCountInString(text); n > MaxText {
		return nil, refuse("Schema is not valid: it has %d characters, at most %d are allowed. Remove fields or white space.", n, MaxText)
	}
	rec, err := object([]byte(text))
	if err != nil {
		return nil, refuse("Schema is not valid JSON: %s", whereJSON(text, err))
	}
	if typ, _ := str(rec["type"]); typ != "record" {
		return nil, refuse(`Schema is not valid: "type" must be "record", it is %s. A schema is one Avro record with a list of "fields".`, show(rec["type"]))
	}
	s := &Schema{}
	var ok bool
	if s.Name, ok = str(rec["name"]); !ok || !isName(s.Name) {
		return nil, refuse(`Schema is not valid: "name" must be a name such as "Interactions" (letters, digits and underscores, no digit first), it is %s.`, show(rec["name"]))
	}
	if raw, has := rec["namespace"]; has {
		if s.Namespace, ok = str(raw); !ok {
			return nil, refuse(`Schema is not valid: "namespace" must be a string such as "com.amazonaws.personalize.schema", it is %s.`, show(raw))
		}
	}
	var fields []json.RawMessage
	if json.Unmarshal(rec["fields"], &fields) != nil || len(fields) == 0 {
		return nil, refuse(`Schema %s is not valid: "fields" must be a list of at least one field, it is %s.`, s.Name, show(rec["fields"]))
	}
	for i, raw := range fields {
		c, err := parseField(raw)
		if err != nil {
			return nil, refuse("Schema %s is not valid: field %d: %v.", s.Name, i+1, err)
		}
		s.Columns = append(s.Columns, c)
	}
	if err := s.checkNames(); err != nil {
		return nil, err
	}
	return s, nil
}

func parseField(raw json.RawMessage) (Column, error) {
	f, err := object(raw)
	if err != nil {
		return Column{}, fmt.Errorf(`must be an object such as {"name": "ITEM_ID", "type": "string"}, it is %s`, show(raw))
	}
	name, ok := str(f["name"])
	if !ok || !isName(name) {
		return Column{}, fmt.Errorf(`"name" must be letters, digits and underscores with no digit first, it is %s`, show(f["name"]))
	}
	if len(name) > MaxName {
		return Column{}, fmt.Errorf("name %s has %d characters, at most %d are allowed", show(f["name"]), len(name), MaxName)
	}
	c := Column{Name: name}
	if c.Type, c.Nullable, err = parseType(f["type"]); err != nil {
		return Column{}, fmt.Errorf("%s: %w", name, err)
	}
	for _, a := range []struct {
		key string
		set *bool
	}{{"categorical", &c.Categorical}, {"textual", &c.Textual}, {"itemName", &c.ItemName}} {
		raw, has := f[a.key]
		if !has {
			continue
		}
		switch string(raw) {
		case "true":
			*a.set = true
		case "false":
		default:
			return Column{}, fmt.Errorf("%s: %q must be true or false without quotes, it is %s", name, a.key, show(raw))
		}
	}
	if attrs := c.attributes(); len(attrs) > 0 && c.Type != String {
		return Column{}, fmt.Errorf("%s: only a string may be %s, this is of type %s. Make the type string or remove the attribute", name, attrs[0], c.Type)
	}
	if c.Categorical && c.Textual {
		return Column{}, fmt.Errorf("%s: a field is categorical or textual, not both. Keep the one that fits: categorical for labels, textual for free text", name)
	}
	return c, nil
}

// parseType takes "string", ["string"], ["null", "string"] and ["string", "null"].
func parseType(raw json.RawMessage) (Type, bool, error) {
	const remedy = `Allowed are "string", "int", "long", "float", "double" and "boolean", and a list of one of them and "null"`
	names := []json.RawMessage{raw}
	if len(raw) > 0 && raw[0] == '[' {
		names = nil
		if json.Unmarshal(raw, &names) != nil || len(names) == 0 || len(names) > 2 {
			return 0, false, fmt.Errorf("type %s is not allowed. %s", show(raw), remedy)
		}
	}
	var t Type
	nullable := false
	for _, n := range names {
		name, ok := str(n)
		known := slices.Index(typeNames[:], name)
		switch {
		case ok && name == "null" && !nullable:
			nullable = true
		case ok && known > 0 && t == 0:
			t = Type(known)
		default:
			return 0, false, fmt.Errorf("type %s is not allowed. %s", show(raw), remedy)
		}
	}
	if t == 0 {
		return 0, false, fmt.Errorf("type %s has no values but null. %s", show(raw), remedy)
	}
	return t, nullable, nil
}

// kept are names that mean something else in the tables that the data lands in.
var kept = []string{"_origin", "_arrived", "_session", "_file", "_pos", "_deleted", "_spec_id", "_partition", "_row_id", "_last_updated_sequence_number"}

// checkNames refuses two names that differ in letter case and underscores only.
func (s *Schema) checkNames() error {
	seen := make(map[string]string, len(s.Columns))
	for _, c := range s.Columns {
		if slices.ContainsFunc(kept, func(k string) bool { return strings.EqualFold(k, c.Name) }) {
			return refuse("Schema %s is not valid: the field name %s is kept for the service. Rename the field.", s.Name, c.Name)
		}
		key := fold(c.Name)
		if other, twice := seen[key]; twice {
			return refuse("Schema %s is not valid: fields %s and %s have the same letters and digits. Names must differ in more than underscores and letter case: rename one.", s.Name, other, c.Name)
		}
		seen[key] = c.Name
	}
	return nil
}

// fold returns what of a name counts when names are told apart.
func fold(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "_", "")) }

// isName reports whether s is a name in Avro's grammar.
func isName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

// object decodes a JSON object with exact keys, which a struct would not do.
func object(raw []byte) (map[string]json.RawMessage, error) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, err
	}
	if m == nil {
		return nil, errors.New("it is null, where an object is expected")
	}
	return m, nil
}

func str(raw json.RawMessage) (string, bool) {
	var s *string
	if raw == nil || json.Unmarshal(raw, &s) != nil || s == nil {
		return "", false
	}
	return *s, true
}

// show returns a piece of the text for a message: compact and cut short.
func show(raw json.RawMessage) string {
	const most = 60
	if raw == nil {
		return "missing"
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return "unreadable"
	}
	if r := []rune(b.String()); len(r) > most {
		return string(r[:most]) + "…"
	}
	return b.String()
}

// whereJSON says at what line and column of text the decoder gave up.
func whereJSON(text string, err error) string {
	if syn, ok := errors.AsType[*json.SyntaxError](err); ok {
		before := text[:min(int(max(syn.Offset-1, 0)), len(text))]
		line := strings.Count(before, "\n") + 1
		col := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
		hint := ""
		if tail := strings.TrimRight(before, " \t\r\n"); strings.HasSuffix(tail, ",") {
			hint = " Remove the comma before it."
		}
		return fmt.Sprintf("line %d, column %d: %v.%s", line, col, syn, hint)
	}
	if typ, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("it is a JSON %s, where an object is expected.", typ.Value)
	}
	return err.Error() + "."
}
