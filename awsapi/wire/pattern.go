package wire

import (
	"regexp"
	"sync"
	"unicode/utf8"
)

// pattern is a regular expression of the model. It is compiled when it is
// first needed: a process that serves no request compiles none.
type pattern struct {
	text  string // as the model and messages have it
	expr  string // for Go, matching the whole value
	limit int    // of characters, where expr alone does not bound them; or 0

	once sync.Once
	re   *regexp.Regexp
}

// match reports whether the whole of s matches. Safe for concurrent use.
func (p *pattern) match(s string) bool {
	p.once.Do(func() { p.re = regexp.MustCompile(p.expr) })
	return p.re.MatchString(s) && (p.limit == 0 || utf8.RuneCountInString(s) <= p.limit)
}
