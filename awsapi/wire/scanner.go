package wire

import (
	"unicode/utf16"
	"unicode/utf8"

	"bespoke"
)

// maxDepth is how deeply the values of unknown members may nest. The model's
// own nest less than ten deep.
const maxDepth = 128

// scanner reads JSON (RFC 8259) from memory, a token at a time. It is stricter
// than encoding/json: text must be valid UTF-8 and surrogates paired, since a
// replaced character would be stored as if the client had sent it. After the
// first fault err is set, and every method returns zero.
type scanner struct {
	in  []byte
	at  int
	err error
}

func (s *scanner) fail(what string) {
	if s.err == nil {
		s.err = bespoke.Errorf(bespoke.Serialization, "The request body is not valid JSON: %s, at byte %d of %d.", what, s.at, len(s.in))
	}
}

func (s *scanner) space() {
	for s.at < len(s.in) {
		switch s.in[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// peek skips white space and returns the next byte, 0 at the end or after a
// fault.
func (s *scanner) peek() byte {
	s.space()
	if s.err != nil || s.at >= len(s.in) {
		return 0
	}
	return s.in[s.at]
}

// kind names the value that comes next, for messages.
func (s *scanner) kind() string {
	switch c := s.peek(); {
	case c == '{':
		return "an object"
	case c == '[':
		return "a list"
	case c == '"':
		return "a string"
	case c == 't' || c == 'f':
		return "a boolean"
	case c == 'n':
		return "null"
	case c == '-' || c >= '0' && c <= '9':
		return "a number"
	case c == 0:
		return "nothing"
	}
	return "something that is not JSON"
}

// next reports whether another element, the n-th from 0, comes before the
// closing bracket, and steps over the comma or the bracket.
func (s *scanner) next(closing byte, n int) bool {
	c := s.peek()
	switch {
	case s.err != nil:
		return false
	case c == closing:
		s.at++
		return false
	case n == 0:
		return true
	case c != ',':
		s.fail("a comma or closing bracket is missing")
		return false
	}
	s.at++
	return true
}

// key reads a member's name and the colon. The bytes are valid until the next
// call.
func (s *scanner) key() []byte {
	if s.peek() != '"' {
		s.fail("a member's name in quotes is missing")
		return nil
	}
	k := s.quoted()
	if s.peek() != ':' {
		s.fail("a colon is missing")
		return nil
	}
	s.at++
	return k
}

// null steps over null and reports whether it was there.
func (s *scanner) null() bool {
	if s.peek() != 'n' {
		return false
	}
	s.word("null")
	return true
}

func (s *scanner) word(w string) {
	if len(s.in)-s.at < len(w) || string(s.in[s.at:s.at+len(w)]) != w {
		s.fail("a word other than true, false and null")
		return
	}
	s.at += len(w)
}

// numeral reads a number's text.
func (s *scanner) numeral() []byte {
	start := s.at
	run := func() bool {
		from := s.at
		for s.at < len(s.in) && s.in[s.at] >= '0' && s.in[s.at] <= '9' {
			s.at++
		}
		return s.at > from
	}
	is := func(a, b byte) bool {
		if s.at < len(s.in) && (s.in[s.at] == a || s.in[s.at] == b) {
			s.at++
			return true
		}
		return false
	}
	is('-', '-')
	whole := is('0', '0') || run()
	if !whole || is('.', '.') && !run() {
		s.fail("a digit is missing")
	}
	if is('e', 'E') {
		is('+', '-')
		if !run() {
			s.fail("a digit is missing")
		}
	}
	return s.in[start:s.at]
}

// str reads a string.
func (s *scanner) str() string { return string(s.quoted()) }

// quoted reads a string's text, undone of escapes. Text without escapes is
// part of the input.
func (s *scanner) quoted() []byte {
	s.at++
	start := s.at
	for s.at < len(s.in) {
		switch c := s.in[s.at]; {
		case c == '"':
			text := s.in[start:s.at]
			s.at++
			if !utf8.Valid(text) {
				s.fail("text that is not UTF-8")
				return nil
			}
			return text
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			s.fail("a control character that is not escaped")
			return nil
		}
		s.at++
	}
	s.fail("the closing quote is missing")
	return nil
}

// escaped reads the rest of a string that began at start, from the first
// backslash on.
func (s *scanner) escaped(start int) []byte {
	out := append([]byte(nil), s.in[start:s.at]...)
	for s.at < len(s.in) && s.err == nil {
		c := s.in[s.at]
		s.at++
		switch {
		case c == '"':
			if !utf8.Valid(out) {
				s.fail("text that is not UTF-8")
				return nil
			}
			return out
		case c == '\\':
			out = s.escape(out)
		case c < ' ':
			s.fail("a control character that is not escaped")
		default:
			out = append(out, c)
		}
	}
	s.fail("the closing quote is missing")
	return nil
}

// escape reads what follows a backslash and appends the character it means.
func (s *scanner) escape(out []byte) []byte {
	if s.at >= len(s.in) {
		return out
	}
	c := s.in[s.at]
	s.at++
	switch c {
	case '"', '\\', '/':
		return append(out, c)
	case 'b':
		return append(out, '\b')
	case 'f':
		return append(out, '\f')
	case 'n':
		return append(out, '\n')
	case 'r':
		return append(out, '\r')
	case 't':
		return append(out, '\t')
	case 'u':
		r := s.hex4()
		if utf16.IsSurrogate(r) {
			if s.at+1 < len(s.in) && s.in[s.at] == '\\' && s.in[s.at+1] == 'u' {
				s.at += 2
				r = utf16.DecodeRune(r, s.hex4())
			} else {
				r = utf8.RuneError
			}
			if r == utf8.RuneError {
				s.fail("a surrogate without its other half")
			}
		}
		return utf8.AppendRune(out, r)
	}
	s.fail("an unknown escape")
	return out
}

func (s *scanner) hex4() rune {
	if len(s.in)-s.at < 4 {
		s.fail("four hexadecimal digits are missing")
		return 0
	}
	var r rune
	for _, c := range s.in[s.at : s.at+4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			s.fail("four hexadecimal digits are missing")
			return 0
		}
	}
	s.at += 4
	return r
}

// skip steps over a value of any kind.
func (s *scanner) skip(depth int) {
	if depth > maxDepth {
		s.fail("values nest too deeply")
		return
	}
	switch c := s.peek(); {
	case c == '{':
		s.at++
		for n := 0; s.next('}', n); n++ {
			s.key()
			s.skip(depth + 1)
		}
	case c == '[':
		s.at++
		for n := 0; s.next(']', n); n++ {
			s.skip(depth + 1)
		}
	case c == '"':
		s.quoted()
	case c == 't':
		s.word("true")
	case c == 'f':
		s.word("false")
	case c == 'n':
		s.word("null")
	case c == '-' || c >= '0' && c <= '9':
		s.numeral()
	default:
		s.fail("a value is missing")
	}
}
