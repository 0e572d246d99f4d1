package ingest

import (
	"fmt"
	"math"
	"strconv"

	"bespoke"
	"bespoke/schema"
)

// Value is one value of a record. The zero Value is null.
type Value struct {
	Type schema.Type // 0 for null, else the column's
	Text string      // of a String
	Int  int64       // of an Int or Long; of a Boolean 1 for true
	Real float64     // of a Float, which is rounded to it, or a Double
}

// Null reports whether the value is absent.
func (v Value) Null() bool { return v.Type == 0 }

// Rule is what a column asks of its values, whichever way they come in.
type Rule struct {
	Column  schema.Column
	dataset bespoke.DatasetType
	text    stringRule
}

// NewRule returns the rule of a column of a dataset of type t.
func NewRule(t bespoke.DatasetType, c schema.Column) Rule {
	return Rule{Column: c, dataset: t, text: newStringRule(t, c)}
}

// Absent returns why a value may not be missing, "" where it may.
func (r *Rule) Absent() string {
	if r.Column.Nullable {
		return ""
	}
	return "a value is missing, but the schema does not allow null here"
}

// Parse reads a value as it would stand in a CSV file, or returns why it is
// refused. Text is not empty but for strings.
func (r *Rule) Parse(text string) (Value, string) {
	v := Value{Type: r.Column.Type}
	switch r.Column.Type {
	case schema.String:
		reason := ""
		v.Text, reason = r.parseText(text)
		return v, reason
	case schema.Boolean:
		b, ok := parseBool([]byte(text))
		if !ok {
			return Value{}, reasonBool
		}
		v.Int = int64(b)
		return v, ""
	case schema.Float, schema.Double:
		ok := false
		if v.Real, ok = parseAnyReal(r.Column.Type, text); !ok || !r.within(v.Real) {
			return Value{}, numberReason(r.dataset, r.Column, []byte(text))
		}
		return v, ""
	default:
		size := 64
		if r.Column.Type == schema.Int {
			size = 32
		}
		var err error
		if v.Int, err = strconv.ParseInt(text, 10, size); err != nil || !r.within(float64(v.Int)) {
			return Value{}, numberReason(r.dataset, r.Column, []byte(text))
		}
		return v, ""
	}
}

func parseAnyReal(t schema.Type, text string) (float64, bool) {
	if t == schema.Float {
		f, ok := parseFloat32([]byte(text))
		return float64(f), ok
	}
	return parseFloat64([]byte(text))
}

func (r *Rule) within(f float64) bool {
	low, high, ok := bounds(r.dataset, r.Column)
	return !math.IsNaN(f) && (!ok || f >= float64(low) && f <= float64(high))
}

func (r *Rule) parseText(text string) (string, string) {
	b := []byte(text)
	switch {
	case r.Column.Textual:
		return string(cutText(b)), ""
	case len(b) == 0 && isID(r.Column.Name):
		return "", reasonNoID
	case r.dataset == bespoke.ActionInteractions && r.Column.Name == "EVENT_TYPE":
		if !normaliseEvent(b) {
			return "", reasonEvent
		}
		return string(b), ""
	}
	if reason := r.text.check(b); reason != "" {
		return "", reason
	}
	return text, ""
}

// Expected names what the column takes, for messages: its type and whether it
// may be null.
func (r *Rule) Expected() string {
	if r.Column.Nullable {
		return fmt.Sprintf("%s or null", r.Column.Type)
	}
	return r.Column.Type.String()
}
