package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// A field is one column of users or items beside the ID.
type field struct {
	name   string
	typ    string // of Avro
	attr   string // "", categorical or textual
	nulls  int    // percent
	values int    // how many different ones
	kind   fieldKind
}

type fieldKind uint8

const (
	word    fieldKind = iota // one category
	pipes                    // one to four categories
	quoted                   // a short phrase with a comma, in quotes
	text                     // a sentence or two in quotes, with commas and quotes
	integer                  // up to values
	money                    // with two decimals
	boolean
)

var itemColumns = []field{
	{"GENRES", "string", "categorical", 5, 40, pipes}, {"TAGS", "string", "categorical", 20, 400, pipes},
	{"CATEGORY", "string", "categorical", 0, 2000, word}, {"BRAND", "string", "categorical", 10, 8000, quoted},
	{"COUNTRY", "string", "categorical", 0, 120, word}, {"LANGUAGE", "string", "categorical", 0, 30, word},
	{"AGE_RATING", "string", "categorical", 30, 6, word}, {"STUDIO", "string", "categorical", 15, 3000, word},
	{"PRICE", "float", "", 2, 20_000, money}, {"DISCOUNT", "float", "", 70, 500, money},
	{"RATING", "double", "", 25, 500, money}, {"WEIGHT", "float", "", 40, 100_000, money},
	{"STOCK", "int", "", 0, 1000, integer}, {"LENGTH", "int", "", 50, 300, integer},
	{"VIEWS", "long", "", 0, 50_000_000, integer}, {"CREATION_TIMESTAMP", "long", "", 0, 400_000_000, integer},
	{"AVAILABLE", "boolean", "", 0, 2, boolean}, {"EXCLUSIVE", "boolean", "", 60, 2, boolean},
	{"DESCRIPTION", "string", "textual", 10, 0, text},
}

var userColumns = []field{
	{"INTERESTS", "string", "categorical", 15, 60, pipes}, {"GROUPS", "string", "categorical", 40, 500, pipes},
	{"MEMBERSHIP", "string", "categorical", 0, 5, word}, {"ADDRESS", "string", "categorical", 10, 40_000, quoted},
	{"COUNTRY", "string", "categorical", 0, 120, word}, {"LANGUAGE", "string", "categorical", 0, 30, word},
	{"GENDER", "string", "categorical", 20, 4, word}, {"DEVICE", "string", "categorical", 0, 300, word},
	{"SPENT", "float", "", 30, 200_000, money}, {"BASKET", "float", "", 30, 30_000, money},
	{"SCORE", "double", "", 10, 100, money}, {"BALANCE", "float", "", 0, 100_000, money},
	{"AGE", "int", "", 20, 90, integer}, {"ORDERS", "int", "", 0, 200, integer},
	{"SIGNED_UP", "long", "", 0, 400_000_000, integer}, {"LAST_SEEN", "long", "", 5, 40_000_000, integer},
	{"NEWSLETTER", "boolean", "", 0, 2, boolean}, {"VERIFIED", "boolean", "", 50, 2, boolean},
	{"NOTE", "string", "categorical", 10, 100_000, quoted},
}

// metadata says what a users or items file is made of.
type metadata struct {
	name    string // of the record
	id      string // what IDs begin with
	step    int    // between the numbers of the IDs of two rows
	columns []field
}

func (m metadata) schema() string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"type":"record","name":%q,"namespace":"com.amazonaws.personalize.schema","fields":[{"name":"%s_ID","type":"string"}`,
		m.name, strings.ToUpper(m.id))
	for _, f := range m.columns {
		typ, attr := strconv.Quote(f.typ), ""
		if f.nulls > 0 {
			typ = fmt.Sprintf(`["null",%q]`, f.typ)
		}
		if f.attr != "" {
			attr = fmt.Sprintf(`,%q:true`, f.attr)
		}
		fmt.Fprintf(&b, `,{"name":%q,"type":%s%s}`, f.name, typ, attr)
	}
	b.WriteString(`],"version":"1.0"}`)
	return b.String()
}

// vocabulary is what texts are made of.
var vocabulary = strings.Fields(`a the of and in to with story about young old city night river mountain
	friend enemy war love lost found secret island train house garden summer winter music letter
	detective doctor teacher captain family dream journey return silence light shadow`)

// write returns a function that writes a header and the rows [from, to), the
// same for the same metadata. IDs are in no order and each occurs once.
func (m metadata) write(w *bufio.Writer, rows int) func(from, to int) {
	r := rand.New(rand.NewPCG(2, uint64(rows*m.step)))
	var b []byte
	return func(from, to int) {
		w.WriteString(strings.ToUpper(m.id) + "_ID")
		for _, f := range m.columns {
			w.WriteString("," + f.name)
		}
		w.WriteByte('\n')
		for i := from; i < to; i++ {
			b = append(b[:0], m.id...)
			b = strconv.AppendUint(b, 10_000_000+uint64(i)*7_368_787%uint64(rows)*uint64(m.step), 10) // a prime beyond rows: a permutation
			for _, f := range m.columns {
				b = append(b, ',')
				if r.IntN(100) >= f.nulls {
					b = f.append(b, r)
				}
			}
			b = append(b, '\n')
			w.Write(b)
		}
	}
}

// append appends one value.
func (f field) append(b []byte, r *rand.Rand) []byte {
	switch f.kind {
	case word:
		return category(b, r.IntN(f.values))
	case pipes:
		for i := range 1 + r.IntN(4) {
			if i > 0 {
				b = append(b, '|')
			}
			b = category(b, r.IntN(f.values))
		}
		return b
	case quoted:
		b = category(append(b, '"'), r.IntN(f.values))
		return append(b, ` & sons, London"`...)
	case text:
		b = append(b, '"')
		for i := range 8 + r.IntN(24) {
			if i > 0 {
				b = append(b, ' ')
			}
			switch v := vocabulary[r.IntN(len(vocabulary))]; r.IntN(12) {
			case 0:
				b = append(append(append(b, `""`...), v...), `""`...)
			case 1:
				b = append(append(b, v...), ',')
			default:
				b = append(b, v...)
			}
		}
		return append(b, '"')
	case integer:
		if f.typ == "long" { // seconds, mostly
			return strconv.AppendInt(b, 1_200_000_000+r.Int64N(int64(f.values)), 10)
		}
		return strconv.AppendInt(b, r.Int64N(int64(f.values)), 10)
	case money:
		return strconv.AppendFloat(b, float64(r.IntN(f.values))/100, 'f', 2, 64)
	case boolean:
		return strconv.AppendBool(b, r.IntN(2) == 0)
	}
	panic(fmt.Sprintf("field %s has no kind", f.name))
}

// category appends category number k.
func category(b []byte, k int) []byte {
	b = append(b, vocabulary[k%len(vocabulary)]...)
	return strconv.AppendInt(b, int64(k/len(vocabulary)), 10)
}
