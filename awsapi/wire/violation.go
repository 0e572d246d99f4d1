package wire

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"bespoke"
)

// step is one level of where the decoder stands: a member of an object, an
// element of a list or an entry of a map.
type step struct {
	name  string
	order int  // position in the model, or of the element
	list  bool // an element: name is empty
}

// violation is a constraint that a request breaks.
type violation struct {
	path []step
	text string
}

// Bounds of a message, whose count is of all violations all the same.
const (
	maxShown    = 256  // characters repeated of a refused value
	maxReported = 20   // violations listed
	maxKept     = 1000 // violations kept to choose the listed ones from
)

// violate records that the value v, at the present place, breaks a constraint.
// A value that is sensitive, itself or by what it is part of, is not repeated.
func (d *decoder) violate(s *shape, v, constraint string) {
	switch {
	case d.hidden > 0 || s.sensitive:
		d.report("Value", constraint)
	default:
		d.report("Value '"+cut(v)+"'", constraint)
	}
}

// violateNull records that a value is missing at the present place.
func (d *decoder) violateNull() { d.report("Value null", "Member must not be null") }

func (d *decoder) report(value, constraint string) {
	if d.count++; d.count > maxKept {
		return
	}
	d.broken = append(d.broken, violation{
		path: slices.Clone(d.path),
		text: value + " at '" + pathText(d.path) + "' failed to satisfy constraint: " + constraint,
	})
}

// cut shortens a value for a message.
func cut(v string) string {
	if utf8.RuneCountInString(v) <= maxShown {
		return v
	}
	return string([]rune(v)[:maxShown]) + "..."
}

// pathText writes a path as AWS does: members joined by dots, an element as
// its position from 1 and the word member, as in tags.1.member.tagKey.
func pathText(path []step) string {
	var b strings.Builder
	for i, s := range path {
		if i > 0 {
			b.WriteByte('.')
		}
		if s.list {
			b.WriteString(strconv.Itoa(s.order))
			b.WriteString(".member")
		} else {
			b.WriteString(s.name)
		}
	}
	return b.String()
}

// validationError returns the error for count violations, those in broken in
// the model's order whatever the order of the request's members; nil if there
// are none.
func validationError(broken []violation, count int) error {
	if len(broken) == 0 {
		return nil
	}
	slices.SortStableFunc(broken, func(a, b violation) int {
		return slices.CompareFunc(a.path, b.path, func(x, y step) int { return cmp.Compare(x.order, y.order) })
	})
	texts := make([]string, 0, maxReported)
	for _, v := range broken[:min(len(broken), maxReported)] {
		texts = append(texts, v.text)
	}
	noun := "errors"
	if count == 1 {
		noun = "error"
	}
	return &bespoke.Error{
		Code: bespoke.Validation,
		Msg:  fmt.Sprintf("%d validation %s detected: %s", count, noun, strings.Join(texts, "; ")),
	}
}
