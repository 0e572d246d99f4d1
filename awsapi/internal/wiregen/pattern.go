package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// translate turns a Java regular expression of the model into one of Go that
// matches the same whole values:
//
//   - AWS matches the whole value, whether or not the pattern is anchored, so
//     anchors at the ends go and \A(?:...)\z comes around the rest;
//   - \p{ASCII} is spelt as a range, which Go lacks a name for;
//   - a dot leaves out all of Java's line ends, not the newline alone;
//   - one atom repeated more often than Go allows (1000) repeats without bound,
//     and the bound is returned as limit, in characters; 0 is none.
//
// \d, \p{L}, \p{N}, \p{Z} and \xNN mean the same in both.
func translate(java string) (expr string, limit int, err error) {
	body := strings.TrimSuffix(strings.TrimPrefix(java, "^"), "$")
	if m := longRepeat.FindStringSubmatch(body); m != nil {
		if n, _ := strconv.Atoi(m[2]); n > 1000 {
			body, limit = m[1]+"*", n
		}
	}
	var out strings.Builder
	class := false
	for i := 0; i < len(body); i++ {
		rest := body[i:]
		switch {
		case strings.HasPrefix(rest, `\p{ASCII}`):
			i += len(`\p{ASCII}`) - 1
			if class {
				out.WriteString(`\x00-\x7F`)
			} else {
				out.WriteString(`[\x00-\x7F]`)
			}
		case rest[0] == '\\' && len(rest) > 1:
			out.WriteString(rest[:2])
			i++
		case rest[0] == '.' && !class:
			out.WriteString(`[^\n\r\x{85}\x{2028}\x{2029}]`)
		default:
			switch rest[0] {
			case '[':
				class = true
			case ']':
				class = false
			}
			out.WriteByte(rest[0])
		}
	}
	expr = `\A(?:` + out.String() + `)\z`
	if _, err := regexp.Compile(expr); err != nil {
		return "", 0, fmt.Errorf("pattern %s: %w", java, err)
	}
	return expr, limit, nil
}

// longRepeat matches a pattern that is one escaped class, repeated.
var longRepeat = regexp.MustCompile(`^(\\p\{\w+\})\{0,(\d+)\}$`)
