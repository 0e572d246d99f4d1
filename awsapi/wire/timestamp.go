package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Timestamp is a moment as the API writes it: epoch seconds with a fraction of
// milliseconds, as a JSON number. It reads whole seconds, fractions, numbers in
// quotes and ISO 8601 strings, because SDKs differ in what they send.
type Timestamp struct{ time.Time }

// MarshalJSON writes epoch seconds, cut to whole milliseconds.
func (t Timestamp) MarshalJSON() ([]byte, error) {
	ms := t.UnixMilli()
	var out []byte
	if ms < 0 {
		out, ms = append(out, '-'), -ms
	}
	out = strconv.AppendInt(out, ms/1000, 10)
	if frac := ms % 1000; frac != 0 {
		out = append(out, '.', byte('0'+frac/100), byte('0'+frac/10%10), byte('0'+frac%10))
		out = bytes.TrimRight(out, "0")
	}
	return out, nil
}

// UnmarshalJSON reads any of the forms above. null leaves t as it is.
func (t *Timestamp) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	s := string(text)
	if s != "" && s[0] == '"' {
		if err := json.Unmarshal(text, &s); err != nil {
			return err
		}
	}
	parsed, err := parseTimestamp(s)
	if err == nil {
		*t = parsed
	}
	return err
}

// latest is the last second of the year 9999.
const latest = 253402300799

var errTimestamp = errors.New("a timestamp is epoch seconds, for example 1704067200, or an ISO 8601 date and time")

func parseTimestamp(s string) (Timestamp, error) {
	if sec, err := strconv.ParseFloat(s, 64); err == nil {
		if !(math.Abs(sec) <= latest) { // refuses NaN too
			return Timestamp{}, fmt.Errorf("the timestamp %s is beyond the year 9999; the unit is seconds", s)
		}
		return Timestamp{time.UnixMilli(int64(math.Round(sec * 1000))).UTC()}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return Timestamp{t.UTC()}, nil
		}
	}
	return Timestamp{}, errTimestamp
}
