package history

// Rule admits interactions of one event type, as a solution's eventType and
// eventValueThreshold do, and an entry of its eventsConfig. The zero Rule admits
// everything.
type Rule struct {
	// EventType admits only this type; "" admits every interaction.
	EventType string
	// MinValue admits only interactions whose EVENT_VALUE is at least this
	// much; one without a value is left out. nil admits any.
	MinValue *float32
	// Weight is how much the interactions count beside those of other rules, 0
	// or more; nil means 1.
	Weight *float64
}

func (r Rule) weight() float64 {
	if r.Weight == nil {
		return 1
	}
	return *r.Weight
}

// Filter returns the interactions that at least one of the rules admits, or h
// itself if there are no rules. The dictionaries are shared. Each counts as much
// as the first rule that admits it says, divided by the mean of all that are
// admitted: only the ratios of the rules' weights matter.
func (h *History) Filter(rules ...Rule) *History {
	if len(rules) == 0 {
		return h
	}
	var by []uint16 // the rule of each row that is admitted
	f := h.Select(func(row int) bool {
		for i, r := range rules {
			if h.admits(r, row) {
				by = append(by, uint16(i))
				return true
			}
		}
		return false
	})
	f.weigh(rules, by)
	return f
}

// weigh fills in the weights of rows, given the rule of each.
func (h *History) weigh(rules []Rule, by []uint16) {
	rows := make([]float64, len(rules))
	for _, i := range by {
		rows[i]++
	}
	sum, even, first := 0.0, true, rules[0].weight()
	for i, r := range rules {
		sum += rows[i] * r.weight()
		even = even && r.weight() == first
	}
	if even || sum == 0 {
		return
	}
	h.Weight = make([]float32, len(by))
	for row, i := range by {
		h.Weight[row] = float32(rules[i].weight() / sum * float64(len(by)))
	}
}

func (h *History) admits(r Rule, row int) bool {
	if r.EventType != "" && (h.Event == nil || h.EventTypes[h.Event[row]] != r.EventType) {
		return false
	}
	// NaN, the absence of a value, is at least nothing.
	return r.MinValue == nil || h.Value != nil && h.Value[row] >= *r.MinValue
}
