package wire

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// shape is what the model demands of a value. Zero fields demand nothing.
type shape struct {
	min, max  int      // characters of a string, elements of a list, entries of a map
	from, to  *float64 // value of a number, both ends included
	pattern   *pattern
	enum      []string
	sensitive bool // the value appears in no message
}

// structure is what the model demands of an object, its members in the model's
// order.
type structure struct {
	sensitive bool
	members   []member
}

type member struct {
	name     string
	required bool
}

// checkText reports each constraint that s breaks: length, pattern, values.
func (d *decoder) checkText(s *shape, v string) {
	if s.max > 0 || s.min > 0 {
		d.checkSize(s, v, utf8.RuneCountInString(v))
	}
	if s.pattern != nil && !s.pattern.match(v) {
		d.violate(s, v, "Member must satisfy regular expression pattern: "+s.pattern.text)
	}
	if s.enum != nil && !slices.Contains(s.enum, v) {
		d.violate(s, v, "Member must satisfy enum value set: ["+strings.Join(s.enum, ", ")+"]")
	}
}

// checkSize reports a size beyond the bounds of s; v is shown as the value.
func (d *decoder) checkSize(s *shape, v string, size int) {
	if size < s.min {
		d.violate(s, v, "Member must have length greater than or equal to "+strconv.Itoa(s.min))
	}
	if s.max > 0 && size > s.max {
		d.violate(s, v, "Member must have length less than or equal to "+strconv.Itoa(s.max))
	}
}

// checkNumber reports a value beyond the bounds of s.
func (d *decoder) checkNumber(s *shape, v float64) {
	number := func(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
	if s.from != nil && v < *s.from {
		d.violate(s, number(v), "Member must have value greater than or equal to "+number(*s.from))
	}
	if s.to != nil && v > *s.to {
		d.violate(s, number(v), "Member must have value less than or equal to "+number(*s.to))
	}
}
