package history

// Rule admits interactions of one event type, as a solution's eventType and
// eventValueThreshold do. The zero Rule admits everything.
type Rule struct {
	// EventType admits only this type; "" admits every interaction.
	EventType string
	// MinValue admits only interactions whose EVENT_VALUE is at least this
	// much; one without a value is left out. nil admits any.
	MinValue *float32
}

// Filter returns the interactions that at least one of the rules admits, or h
// itself if there are no rules. The dictionaries are shared.
func (h *History) Filter(rules ...Rule) *History {
	if len(rules) == 0 {
		return h
	}
	return h.Select(func(row int) bool {
		for _, r := range rules {
			if h.admits(r, row) {
				return true
			}
		}
		return false
	})
}

func (h *History) admits(r Rule, row int) bool {
	if r.EventType != "" && (h.Event == nil || h.EventTypes[h.Event[row]] != r.EventType) {
		return false
	}
	// NaN, the absence of a value, is at least nothing.
	return r.MinValue == nil || h.Value != nil && h.Value[row] >= *r.MinValue
}
