package attribution

import (
	"strings"
	"unicode/utf8"

	"bespoke"
	"bespoke/schema"
)

// The functions, as reports name them.
const (
	Sum         = "sum"
	SampleCount = "samplecount"
)

// Expression is what a metric makes of its events: their number, or the sum of a
// column of theirs or of the items they are about.
type Expression struct {
	Function string              // Sum or SampleCount
	Of       bespoke.DatasetType // Interactions or Items, with Sum only
	Column   string
}

// Parse reads SUM(DatasetType.COLUMN) or SAMPLECOUNT(). Letter case counts in
// the column's name only, and blanks between the parts do not. An error says at
// which character, counted from 1, something else was expected.
func Parse(text string) (Expression, error) {
	p := &parser{text: text}
	var e Expression
	switch word := p.word(); strings.ToUpper(word) {
	case "SUM":
		e.Function = Sum
	case "SAMPLECOUNT":
		e.Function = SampleCount
	default:
		p.expected("SUM or SAMPLECOUNT", word)
	}
	p.sign("(")
	if e.Function == Sum {
		switch word := p.word(); strings.ToUpper(word) {
		case "INTERACTIONS":
			e.Of = bespoke.Interactions
		case "ITEMS":
			e.Of = bespoke.Items
		default:
			p.expected("the dataset type Interactions or Items", word)
		}
		p.sign(".")
		if e.Column = p.word(); e.Column == "" {
			p.expected("the name of a column", "")
		}
	}
	p.sign(")")
	p.blanks()
	if p.at < len(text) {
		p.expected("the end", text[p.at:])
	}
	return e, p.err
}

type parser struct {
	text string
	at   int // byte
	err  error
}

func (p *parser) blanks() {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
}

// word takes letters, digits and underscores.
func (p *parser) word() string {
	p.blanks()
	start := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		if c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			break
		}
		p.at++
	}
	return p.text[start:p.at]
}

func (p *parser) sign(s string) {
	p.blanks()
	if !strings.HasPrefix(p.text[p.at:], s) {
		p.expected(s, "")
		return
	}
	p.at += len(s)
}

// expected notes the first fault. word is what was taken instead, if anything.
func (p *parser) expected(what, word string) {
	if p.err != nil {
		return
	}
	at := p.at
	if strings.HasSuffix(p.text[:at], word) {
		at -= len(word)
	}
	found := "the end"
	if rest := p.text[at:]; rest != "" {
		r, _ := utf8.DecodeRuneInString(rest)
		if found = string(r); word != "" {
			found = word[:min(len(word), 40)]
		}
		found = `"` + found + `"`
	}
	p.err = bespoke.Errorf(bespoke.InvalidInput, "The expression %q is wrong at character %d: expected %s, found %s. An expression is SUM(DatasetType.COLUMN) or SAMPLECOUNT().",
		p.text, utf8.RuneCountInString(p.text[:at])+1, what, found)
}

// Check refuses a column that the schema of the dataset which the expression is
// about does not have, or that is no number. A nil schema is of a dataset that
// the group does not have.
func (e Expression) Check(sc *schema.Schema) error {
	if e.Function != Sum {
		return nil
	}
	if sc == nil {
		return bespoke.Errorf(bespoke.InvalidInput, "The dataset group has no dataset of type %s, which SUM(%s.%s) is about. Create it first.", e.Of, e.Of, e.Column)
	}
	c, ok := sc.Column(e.Column)
	if !ok {
		var numbers []string
		for _, c := range sc.Columns {
			if c.Type.Number() {
				numbers = append(numbers, c.Name)
			}
		}
		return bespoke.Errorf(bespoke.InvalidInput, "The schema of the %s dataset has no column %s. Its columns with numbers are: %s.", e.Of, e.Column, strings.Join(numbers, ", "))
	}
	if !c.Type.Number() {
		return bespoke.Errorf(bespoke.InvalidInput, "The column %s of the %s dataset cannot be summed; only int, long, float and double columns can.", c, e.Of)
	}
	return nil
}
