package wire

import (
	"bytes"
	"encoding/json"
)

// Marshal appends v as JSON to b. Characters stay as they are, < and & too:
// the reader is an SDK, not a browser. It fails on numbers that JSON cannot
// say, such as NaN.
func Marshal(b *bytes.Buffer, v any) error {
	if a, ok := v.(appender); ok {
		text, err := a.appendJSON(b.AvailableBuffer())
		if err == nil {
			b.Write(text)
		}
		return err
	}
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the encoder's newline
	return nil
}
