package wire

import (
	"fmt"
	"strconv"

	"bespoke"
)

// decoder reads one request, checks it against the model while doing so, and
// remembers the first fault of syntax or type (err, which ends the reading)
// and every broken constraint.
type decoder struct {
	scanner
	path   []step
	hidden int // > 0 inside a sensitive structure, list or map
	broken []violation
	count  int // of broken constraints, kept or not
}

// decode reads body as an object with visit, the decode method of a request.
// An empty body is an empty object. Members are matched with regard to case;
// unknown ones are skipped.
func decode(body []byte, visit func(*decoder)) error {
	d := decoder{scanner: scanner{in: body}}
	d.space()
	if d.at == len(body) {
		d.scanner = scanner{in: []byte("{}")}
	} else if d.in[d.at] != '{' {
		return bespoke.Errorf(bespoke.Serialization, "The request body is %s; it must be a JSON object.", d.kind())
	}
	visit(&d)
	if d.space(); d.err == nil && d.at < len(d.in) {
		d.fail("something follows the request's object")
	}
	if d.err != nil {
		return d.err
	}
	return validationError(d.broken, d.count)
}

func (d *decoder) push(s step) { d.path = append(d.path, s) }
func (d *decoder) pop()        { d.path = d.path[:len(d.path)-1] }

// hide enters a sensitive value, if it is one, and returns what leaves it.
func (d *decoder) hide(sensitive bool) (leave func()) {
	if !sensitive {
		return func() {}
	}
	d.hidden++
	return func() { d.hidden-- }
}

// object reads an object and calls visit with the model's position of each
// member that is present and not null.
func (d *decoder) object(s *structure, visit func(i int)) {
	if !d.want('{', "object") {
		return
	}
	defer d.hide(s.sensitive)()
	var seen uint64 // the model's largest structure has 18 members
	for n := 0; d.next('}', n); n++ {
		i := s.find(d.key())
		if i < 0 {
			d.skip(0)
			continue
		}
		if d.null() {
			continue
		}
		seen |= 1 << i
		d.push(step{name: s.members[i].name, order: i})
		visit(i)
		d.pop()
	}
	for i, m := range s.members {
		if m.required && seen&(1<<i) == 0 {
			d.push(step{name: m.name, order: i})
			d.violateNull()
			d.pop()
		}
	}
}

func (s *structure) find(key []byte) int {
	for i := range s.members {
		if s.members[i].name == string(key) {
			return i
		}
	}
	return -1
}

func decodeList[T any](d *decoder, s *shape, visit func(*T, *decoder)) []T {
	if !d.want('[', "list") {
		return nil
	}
	defer d.hide(s.sensitive)()
	out := []T{}
	n := 0
	for ; d.next(']', n); n++ {
		if s.max > 0 && n >= s.max { // too many, and no more need be kept
			d.skip(0)
			continue
		}
		d.push(step{order: n + 1, list: true})
		var zero T
		out = append(out, zero)
		if d.null() {
			d.violateNull()
		} else {
			visit(&out[n], d)
		}
		d.pop()
	}
	d.checkCount(s, n)
	return out
}

func decodeMap[T any](d *decoder, s, key *shape, visit func(*T, *decoder)) map[string]T {
	if !d.want('{', "map") {
		return nil
	}
	defer d.hide(s.sensitive)()
	out := map[string]T{}
	n := 0
	for ; d.next('}', n); n++ {
		k := string(d.key())
		if s.max > 0 && n >= s.max {
			d.skip(0)
			continue
		}
		d.push(step{name: "key", order: n})
		d.checkText(key, k)
		d.path[len(d.path)-1].name = cut(k)
		var v T
		if d.null() {
			d.violateNull()
		} else {
			visit(&v, d)
		}
		out[k] = v
		d.pop()
	}
	d.checkCount(s, n)
	return out
}

// checkCount checks the size of a list or map. Its value is shown only where
// it is empty: what is in it may be sensitive, and long.
func (d *decoder) checkCount(s *shape, n int) {
	if n > 0 {
		defer d.hide(true)()
	}
	d.checkSize(s, "[]", n)
}

func (d *decoder) text(s *shape) string {
	if d.peek() != '"' {
		d.mismatch("string")
		return ""
	}
	v := d.str()
	if d.err == nil {
		d.checkText(s, v)
	}
	return v
}

// integer reads a whole number of 32 bits.
func (d *decoder) integer(s *shape) int {
	digits, ok := d.digits("integer")
	if !ok {
		return 0
	}
	v, err := strconv.ParseInt(string(digits), 10, 32)
	if err != nil {
		d.failAt("%s is not a whole number between -2147483648 and 2147483647", cut(string(digits)))
		return 0
	}
	d.checkNumber(s, float64(v))
	return int(v)
}

func (d *decoder) number(s *shape) float64 {
	digits, ok := d.digits("number")
	if !ok {
		return 0
	}
	v, err := strconv.ParseFloat(string(digits), 64)
	if err != nil {
		d.failAt("%s is not a number of double precision", cut(string(digits)))
		return 0
	}
	d.checkNumber(s, v)
	return v
}

func (d *decoder) digits(want string) ([]byte, bool) {
	if c := d.peek(); c != '-' && (c < '0' || c > '9') {
		d.mismatch(want)
		return nil, false
	}
	digits := d.numeral()
	return digits, d.err == nil
}

func (d *decoder) boolean() bool {
	switch d.peek() {
	case 't':
		d.word("true")
		return true
	case 'f':
		d.word("false")
	default:
		d.mismatch("boolean")
	}
	return false
}

func (d *decoder) timestamp() Timestamp {
	var text string
	switch c := d.peek(); {
	case c == '"':
		text = d.str()
	case c == '-' || c >= '0' && c <= '9':
		text = string(d.numeral())
	default:
		d.mismatch("timestamp")
	}
	if d.err != nil {
		return Timestamp{}
	}
	t, err := parseTimestamp(text)
	if err != nil {
		d.failAt("%v", err)
	}
	return t
}

// want steps over the opening bracket of a value, or fails.
func (d *decoder) want(open byte, name string) bool {
	if d.peek() != open {
		d.mismatch(name)
		return false
	}
	d.at++
	return true
}

// mismatch fails because the value at hand is not of the wanted type.
func (d *decoder) mismatch(want string) {
	d.failAt("a value of type %s is wanted, the request has %s", want, d.kind())
}

// failAt fails with the name of the member that is being read.
func (d *decoder) failAt(format string, args ...any) {
	if d.err == nil {
		d.err = bespoke.Errorf(bespoke.Serialization, "%s: %s.", pathText(d.path), fmt.Sprintf(format, args...))
	}
}
