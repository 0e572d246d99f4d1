package awsapi

import (
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// appendCanonical appends the canonical form of a request: method, path, query,
// signed headers and the body's hash, one to a line.
// Source: "Create a signed AWS API request", IAM user guide.
func appendCanonical(b []byte, r *http.Request, signedHeaders string, bodyHash []byte) []byte {
	b = append(b, r.Method...)
	b = append(b, '\n')
	b = appendPath(b, r.URL)
	b = append(b, '\n')
	b = appendQuery(b, r.URL.RawQuery)
	b = append(b, '\n')
	for name := range strings.SplitSeq(signedHeaders, ";") {
		b = append(b, name...)
		b = append(b, ':')
		b = appendHeader(b, r, name)
		b = append(b, '\n')
	}
	b = append(b, '\n')
	b = append(b, signedHeaders...)
	b = append(b, '\n')
	return append(b, bodyHash...)
}

// appendPath appends the path as it travelled, encoded once more: that is the
// rule of all services but S3. Dots and double slashes stay as they are.
func appendPath(b []byte, u *url.URL) []byte {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return appendEncoded(b, path, true)
}

// appendQuery appends the parameters sorted by name, then value.
func appendQuery(b []byte, query string) []byte {
	if query == "" {
		return b
	}
	var pairs [][2]string
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		k, v, _ := strings.Cut(part, "=")
		pairs = append(pairs, [2]string{recode(k), recode(v)})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	for i, p := range pairs {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(b, p[0]...)
		b = append(b, '=')
		b = append(b, p[1]...)
	}
	return b
}

// recode brings a parameter's encoding, in which clients differ, to the one of
// signatures.
func recode(s string) string {
	plain, err := url.QueryUnescape(s)
	if err != nil {
		plain = s
	}
	return string(appendEncoded(nil, plain, false))
}

// appendEncoded percent-encodes all but RFC 3986's unreserved characters, and
// slashes if they are to stay.
func appendEncoded(b []byte, s string, slash bool) []byte {
	const hexDigits = "0123456789ABCDEF"
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9',
			c == '-', c == '.', c == '_', c == '~', c == '/' && slash:
			b = append(b, c)
		default:
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return b
}

// appendHeader appends the values of a header, given in lower case: trimmed,
// inner runs of blanks made one, several values joined by commas. net/http
// keeps two of them elsewhere.
func appendHeader(b []byte, r *http.Request, name string) []byte {
	switch name {
	case "host":
		return append(b, r.Host...)
	case "content-length":
		return strconv.AppendInt(b, r.ContentLength, 10)
	}
	for i, v := range r.Header[textproto.CanonicalMIMEHeaderKey(name)] {
		if i > 0 {
			b = append(b, ',')
		}
		v = strings.Trim(v, " ")
		for j := range len(v) {
			if v[j] != ' ' || v[j-1] != ' ' { // v[0] is no blank
				b = append(b, v[j])
			}
		}
	}
	return b
}
