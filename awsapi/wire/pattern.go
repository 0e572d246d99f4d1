package wire

import (
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// pattern is a regular expression of the model. It is compiled when it is
// first needed: a process that serves no request compiles none.
type pattern struct {
	text  string            // as the model and messages have it
	expr  string            // for Go, matching the whole value
	limit int               // of characters, where expr alone does not bound them; or 0
	plain func(string) bool // the same as expr, faster; or nil

	once sync.Once
	re   *regexp.Regexp
}

// match reports whether the whole of s matches. Safe for concurrent use.
func (p *pattern) match(s string) bool {
	if p.plain != nil {
		return p.plain(s)
	}
	return p.matchExpr(s)
}

func (p *pattern) matchExpr(s string) bool {
	p.once.Do(func() { p.re = regexp.MustCompile(p.expr) })
	return p.re.MatchString(s) && (p.limit == 0 || utf8.RuneCountInString(s) <= p.limit)
}

// matchARN is arn:([a-z\d-]+):personalize:.*:.*:.+ without a regular
// expression, which is most of the work of decoding a runtime request.
func matchARN(s string) bool {
	rest, ok := strings.CutPrefix(s, "arn:")
	if !ok {
		return false
	}
	partition, rest, _ := strings.Cut(rest, ":")
	if partition == "" || strings.Trim(partition, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return false
	}
	rest, ok = strings.CutPrefix(rest, "personalize:")
	if !ok {
		return false
	}
	for _, r := range rest {
		switch r {
		case '\n', '\r', '\u0085', '\u2028', '\u2029':
			return false
		}
	}
	_, rest, _ = strings.Cut(rest, ":") // the region
	_, resource, _ := strings.Cut(rest, ":")
	return resource != ""
}
