package ingest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"bespoke"
	"bespoke/schema"
)

// Limits on values.
// Source: Amazon Personalize developer guide, "Quotas"; spec of the schema
// fields for the bounds of actions.
const (
	maxID        = 256             // characters of a user, item or action ID
	maxString    = 1000            // characters of any other string, pipes included
	maxText      = 20_000          // characters kept of a textual value
	maxTextCJK   = 7_000           // likewise of Chinese and Japanese
	maxEpoch     = 100_000_000_000 // seconds: the year 5138; more must be milliseconds
	maxActionVal = 10
	maxRepeat    = 30 // days
)

// isID reports whether the column holds IDs of users, items or actions.
func isID(name string) bool {
	return name == "USER_ID" || name == "ITEM_ID" || name == "ACTION_ID"
}

// isTime reports whether the column holds Unix times.
func isTime(name string) bool {
	switch name {
	case "TIMESTAMP", "CREATION_TIMESTAMP", "EXPIRATION_TIMESTAMP", "ACTION_EXPIRATION_TIMESTAMP":
		return true
	}
	return false
}

// bounds returns what a number of the column must lie between, and whether it
// is bounded by more than its type.
func bounds(t bespoke.DatasetType, c schema.Column) (low, high int64, ok bool) {
	switch {
	case isTime(c.Name):
		return 0, maxEpoch - 1, true
	case t == bespoke.Actions && c.Name == "VALUE":
		return 1, maxActionVal, true
	case t == bespoke.Actions && c.Name == "REPEAT_FREQUENCY":
		return 0, maxRepeat, true
	}
	return 0, 0, false
}

// keywords are the names that may not occur as values of a dataset of a type:
// where they do, a header stands in the middle of the data or columns have
// been taken for one another.
// Source: developer guide, "Schemas", reserved keywords.
var keywords = map[bespoke.DatasetType][]string{
	bespoke.Interactions: {"USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE", "IMPRESSION",
		"RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE"},
	bespoke.Items:   {"ITEM_ID", "CREATION_TIMESTAMP"},
	bespoke.Users:   {"USER_ID"},
	bespoke.Actions: {"ACTION_ID", "CREATION_TIMESTAMP", "EXPIRATION_TIMESTAMP", "ACTION_EXPIRATION_TIMESTAMP", "REPEAT_FREQUENCY"},
	bespoke.ActionInteractions: {"USER_ID", "ACTION_ID", "TIMESTAMP", "EVENT_TYPE", "IMPRESSION",
		"RECOMMENDATION_ID"},
}

// Reasons for refusing a value. Those with a %s take the column's name.
const (
	reasonEmpty   = "the cell is empty, but the schema does not allow null here"
	reasonKeyword = "a reserved keyword as value: remove header rows from the middle of the data"
	// The text is Amazon's.
	reasonLength = "Length cannot be more than %d characters for %s. If no values exceed the character limit, make sure your data follows " +
		"the formatting guidelines listed in https://docs.aws.amazon.com/personalize/latest/dg/data-prep-formatting.html."
	reasonNoID  = "an ID has at least one character"
	reasonEvent = "the event type of an action interaction is Viewed, Taken or Not Taken"
)

// windows1252 are the characters of the bytes from 0x80 on, where that is none
// of Latin-1's control characters; the others are those of Latin-1.
var windows1252 = [32]rune{0: '€', 2: '‚', 3: 'ƒ', 4: '„', 5: '…', 6: '†', 7: '‡', 8: 'ˆ', 9: '‰', 10: 'Š', 11: '‹', 12: 'Œ', 14: 'Ž',
	17: '‘', 18: '’', 19: '“', 20: '”', 21: '•', 22: '–', 23: '—', 24: '˜', 25: '™', 26: 'š', 27: '›', 28: 'œ', 30: 'ž', 31: 'Ÿ'}

// reasonUTF8 says why v is not UTF-8, with the character that its first bad byte
// is in the encoding that is likely.
func reasonUTF8(v []byte) string {
	for i := 0; i < len(v); {
		r, n := utf8.DecodeRune(v[i:])
		if r != utf8.RuneError || n > 1 {
			i += n
			continue
		}
		c, name := rune(v[i]), "Latin-1 or Windows-1252"
		if c < 0xA0 {
			c, name = windows1252[c-0x80], "Windows-1252"
		}
		if c == 0 {
			break
		}
		return fmt.Sprintf("the text is not UTF-8: its byte 0x%X looks like the character %c of %s; save the file as UTF-8", v[i], c, name)
	}
	return "the text is not UTF-8: save the file as UTF-8"
}

// stringRule is what a string column asks of its values.
type stringRule struct {
	column   string
	limit    int // characters
	keywords []string
}

func newStringRule(t bespoke.DatasetType, c schema.Column) stringRule {
	r := stringRule{column: c.Name, limit: maxString, keywords: keywords[t]}
	if isID(c.Name) {
		r.limit = maxID
	}
	return r
}

// check returns why v is refused, or "".
func (r *stringRule) check(v []byte) string {
	if !utf8.Valid(v) {
		return reasonUTF8(v)
	}
	if len(v) > r.limit && utf8.RuneCount(v) > r.limit {
		return fmt.Sprintf(reasonLength, r.limit, r.column)
	}
	if len(v) > 0 && v[0]-'A' < 26 && slices.ContainsFunc(r.keywords, func(k string) bool { return k == string(v) }) {
		return reasonKeyword
	}
	return ""
}

// cutText returns as much of a textual value as is kept.
func cutText(v []byte) []byte {
	if len(v) <= maxTextCJK || utf8.RuneCount(v) <= maxTextCJK {
		return v
	}
	limit := maxText
	if mostlyCJK(v) {
		limit = maxTextCJK
	}
	for i := range string(v) {
		if limit == 0 {
			return v[:i]
		}
		limit--
	}
	return v
}

// mostlyCJK reports whether most letters of v are Chinese or Japanese.
func mostlyCJK(v []byte) bool {
	letters, cjk := 0, 0
	for _, c := range string(v) {
		if unicode.IsLetter(c) {
			letters++
			if unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana) {
				cjk++
			}
		}
	}
	return 2*cjk > letters
}

// eventTypes are the event types of action interactions, as they are stored.
var eventTypes = []string{"Viewed", "Taken", "Not Taken"}

// normaliseEvent writes v, an event type of an action interaction in any case
// and with blanks or underscores, the way it is stored.
func normaliseEvent(v []byte) bool {
	for _, e := range eventTypes {
		if len(v) == len(e) && bytes.EqualFold(bytes.ReplaceAll(v, []byte("_"), []byte(" ")), []byte(e)) {
			copy(v, e)
			return true
		}
	}
	return false
}

// numberReason says why v is not a number as the column asks for, with a hint
// for the faults that are usual.
func numberReason(t bespoke.DatasetType, c schema.Column, v []byte) string {
	low, high, bounded := bounds(t, c)
	f, numeric := parseFloat64(v)
	switch {
	case isTime(c.Name) && numeric && f >= maxEpoch:
		return "the time is too late: times are in seconds since 1970, this seems to be in milliseconds or finer"
	case isTime(c.Name) && numeric && f < 0:
		return "the time is negative: times are in seconds since 1970"
	case isTime(c.Name) && !numeric && looksLikeDate(v):
		return "a date where a time in seconds since 1970 is expected, such as 1767225600"
	case bounded && numeric && (f < float64(low) || f > float64(high)):
		return fmt.Sprintf("the value must be from %d to %d", low, high)
	}
	if s := strings.TrimSpace(string(v)); s != string(v) {
		return "blanks around a number: remove them"
	}
	switch c.Type {
	case schema.Int:
		return "expected a whole number from -2147483648 to 2147483647"
	case schema.Long:
		return "expected a whole number from -9223372036854775808 to 9223372036854775807"
	case schema.Float:
		return "expected a finite number such as 0.75 that a float of 32 bits can hold"
	default:
		return "expected a finite number such as 0.75"
	}
}

// looksLikeDate reports whether v has digits and what separates them in dates.
func looksLikeDate(v []byte) bool {
	return len(v) >= 8 && bytes.ContainsAny(v, "0123456789") && bytes.ContainsAny(v[1:], "-/:")
}
