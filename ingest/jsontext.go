package ingest

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// Reading of JSON text by RFC 8259. All functions leave the text as it is and
// know where a value ends, whether or not it is of use.

func skipBlanks(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// maxDepth is how deep a value that is left out may be nested.
const maxDepth = 64

// jsonScan finds the value that begins at b[i] and where the text goes on. If
// there is none it returns what there should be at next.
func jsonScan(b []byte, i int) (v jsonValue, next int, want string) {
	const value = "a string, a number, true, false or null"
	if i == len(b) {
		return v, i, value
	}
	switch c := b[i]; {
	case c == '"':
		end, escaped, ok := jsonString(b, i)
		if !ok {
			return v, i, "a string that ends, without control characters and with valid escapes"
		}
		v = jsonValue{jsonPlain, i + 1, end - 1}
		if escaped {
			v.kind = jsonEscaped
		}
		return v, end, ""
	case c == '-' || c-'0' <= 9:
		end := jsonNumber(b, i)
		if end < 0 {
			return v, i, value
		}
		return jsonValue{jsonPlain, i, end}, end, ""
	case c == '[' || c == '{':
		end := jsonNest(b, i, 0)
		if end < 0 {
			return v, i, "a value that is valid JSON"
		}
		v = jsonValue{jsonNested, i, end}
		if c == '[' {
			v.kind = jsonList
		}
		return v, end, ""
	}
	for _, word := range [...]string{"null", "true", "false"} {
		if bytes.HasPrefix(b[i:], []byte(word)) {
			v = jsonValue{jsonPlain, i, i + len(word)}
			if word == "null" {
				v.kind = jsonNull
			}
			return v, v.end, ""
		}
	}
	return v, i, value
}

// jsonString returns where the string that begins with the quote at b[i] ends,
// behind its closing quote, and whether it has escapes.
func jsonString(b []byte, i int) (end int, escaped, ok bool) {
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1, escaped, true
		case c < ' ':
			return 0, false, false
		case c == '\\':
			escaped = true
			if i++; i == len(b) {
				return 0, false, false
			}
			switch b[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				r, n := escapedRune(b[i-1:])
				if n == 0 || r == utf8.RuneError && n == 6 && !bytes.EqualFold(b[i+1:i+5], []byte("fffd")) {
					return 0, false, false
				}
				i += n - 2
			default:
				return 0, false, false
			}
		}
	}
	return 0, false, false
}

// escapedRune reads \uXXXX, or two of them where they are the halves of one
// character, and returns how many bytes that took: 0 where it is malformed. Half
// a character alone is utf8.RuneError.
func escapedRune(b []byte) (rune, int) {
	r, ok := hex4(b)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if low, ok := hex4(b[6:]); ok {
		if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
			return both, 12
		}
	}
	return utf8.RuneError, 6
}

func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|32 >= 'a' && c|32 <= 'f':
			c = c | 32 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// unescape appends the text of a string, given without its quotes, to dst,
// which may be the beginning of the same memory.
func unescape(dst, s []byte) []byte {
	for len(s) > 0 {
		i := bytes.IndexByte(s, '\\')
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		s = s[i:]
		switch c := s[1]; c {
		case 'u':
			r, n := escapedRune(s)
			dst = utf8.AppendRune(dst, r)
			s = s[n:]
			continue
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		default:
			dst = append(dst, c)
		}
		s = s[2:]
	}
	return dst
}

// jsonNumber returns where the number at b[i] ends, or -1.
func jsonNumber(b []byte, i int) int {
	digits := func() bool {
		from := i
		for i < len(b) && b[i]-'0' <= 9 {
			i++
		}
		return i > from
	}
	if b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if !digits() {
		return -1
	}
	if i < len(b) && b[i] == '.' {
		if i++; !digits() {
			return -1
		}
	}
	if i < len(b) && b[i]|32 == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return -1
		}
	}
	return i
}

// jsonNest returns where the list or object at b[i] ends, or -1.
func jsonNest(b []byte, i, depth int) int {
	if depth == maxDepth {
		return -1
	}
	object := b[i] == '{'
	end := byte(']')
	if object {
		end = '}'
	}
	if i = skipBlanks(b, i+1); i < len(b) && b[i] == end {
		return i + 1
	}
	for {
		if object {
			if i == len(b) || b[i] != '"' {
				return -1
			}
			key, _, ok := jsonString(b, i)
			if !ok {
				return -1
			}
			if i = skipBlanks(b, key); i == len(b) || b[i] != ':' {
				return -1
			}
			i = skipBlanks(b, i+1)
		}
		if i < len(b) && (b[i] == '[' || b[i] == '{') {
			if i = jsonNest(b, i, depth+1); i < 0 {
				return -1
			}
		} else {
			_, next, want := jsonScan(b, i)
			if want != "" {
				return -1
			}
			i = next
		}
		if i = skipBlanks(b, i); i == len(b) {
			return -1
		}
		switch b[i] {
		case end:
			return i + 1
		case ',':
			i = skipBlanks(b, i+1)
		default:
			return -1
		}
	}
}

// elements yields the strings of a list that is valid JSON, without their
// quotes, until one is none or f returns false.
func elements(list []byte, f func(text []byte, isString bool) bool) {
	for i := skipBlanks(list, 1); list[i] != ']'; {
		v, next, _ := jsonScan(list, i)
		if !f(list[v.start:v.end], list[i] == '"') {
			return
		}
		if i = skipBlanks(list, next); list[i] == ',' {
			i = skipBlanks(list, i+1)
		}
	}
}

func stringsOnly(list []byte) bool {
	only := true
	elements(list, func(_ []byte, isString bool) bool {
		only = only && isString
		return only
	})
	return only
}

// hasBar reports whether an element has a vertical bar.
func hasBar(list []byte) bool {
	found := false
	elements(list, func(text []byte, _ bool) bool {
		found = bytes.IndexByte(unescape(nil, text), '|') >= 0
		return !found
	})
	return found
}

// joined appends the elements of a list of strings to dst, with bars between
// them; dst may be the beginning of the same memory.
func joined(dst, list []byte) []byte {
	n := 0
	elements(list, func(text []byte, _ bool) bool {
		if n++; n > 1 {
			dst = append(dst, '|')
		}
		dst = unescape(dst, text)
		return true
	})
	return dst
}
