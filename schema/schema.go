// Package schema turns the Avro JSON that describes a dataset into columns, and
// knows what Amazon Personalize asks of them: which are required for which type
// of dataset in which domain, which names are reserved and with what type, and
// when one schema may replace another.
//
// Start at [Parse]. [Schema.Check] holds a parsed schema against a dataset type
// and domain by the tables in reserved.go. The package checks descriptions, never
// data: what a value may look like is the business of the import.
//
// Source: the pages "Creating schema JSON files", "Custom datasets and schemas",
// "ECOMMERCE datasets and schemas" and "VIDEO_ON_DEMAND datasets and schemas" of
// the Amazon Personalize developer guide, and its quotas page for the limits.
package schema

import (
	"strings"

	"bespoke"
)

// MaxText is how many characters a schema's text may have.
const MaxText = 20_000

// MaxName is how many characters a column's name may have, as the API model
// bounds the column names that training is told about.
const MaxName = 150

// Type is what a column's values are.
type Type uint8

// The column types; the zero Type is none of them. Int has 32 bits and Long 64,
// both signed; Float has 32 and Double 64.
const (
	String Type = iota + 1
	Int
	Long
	Float
	Double
	Boolean
)

var typeNames = [...]string{String: "string", Int: "int", Long: "long", Float: "float", Double: "double", Boolean: "boolean"}

// String returns the type's name in Avro, such as "long".
func (t Type) String() string {
	if t < String || t > Boolean {
		return "invalid"
	}
	return typeNames[t]
}

// Number reports whether values of the type are numbers.
func (t Type) Number() bool { return t >= Int && t <= Double }

// Column is one field of a schema. At most one of Categorical and Textual is
// set, and they and ItemName only on strings.
type Column struct {
	Name        string
	Type        Type
	Nullable    bool // the value may be absent
	Categorical bool // several values are joined by "|"
	Textual     bool // free text, cut at a length rather than refused
	ItemName    bool // the text that names the item to people
}

// String returns the column's name and type as messages show them.
func (c Column) String() string {
	t := c.Type.String()
	if c.Nullable {
		t += " or null"
	}
	return c.Name + " (" + strings.Join(append([]string{t}, c.attributes()...), ", ") + ")"
}

func (c Column) attributes() []string {
	var a []string
	if c.Categorical {
		a = append(a, "categorical")
	}
	if c.Textual {
		a = append(a, "textual")
	}
	if c.ItemName {
		a = append(a, "itemName")
	}
	return a
}

// Schema is a parsed schema. Columns are in the order of its text, which need not
// be the order of a CSV file: files are matched by name. A Schema is not to be
// changed once parsed and may be shared.
type Schema struct {
	Name      string // of the Avro record: Interactions, Users, ...
	Namespace string // "" where the text has none
	Columns   []Column
}

// Column returns the column of that name, compared exactly.
func (s *Schema) Column(name string) (Column, bool) {
	for _, c := range s.Columns {
		if c.Name == name {
			return c, true
		}
	}
	return Column{}, false
}

// recordNames are the names that a schema must bear, by dataset type.
var recordNames = []struct {
	name string
	typ  bespoke.DatasetType
}{
	{"Interactions", bespoke.Interactions},
	{"Users", bespoke.Users},
	{"Items", bespoke.Items},
	{"Actions", bespoke.Actions},
	{"ActionInteractions", bespoke.ActionInteractions},
}

// DatasetType returns the type of dataset that the schema's name says it is for,
// and false where the name is none of the five. Letter case does not count: AWS's
// own notebooks write both "Items" and "items".
func (s *Schema) DatasetType() (bespoke.DatasetType, bool) {
	for _, r := range recordNames {
		if strings.EqualFold(s.Name, r.name) {
			return r.typ, true
		}
	}
	return "", false
}

// recordName is the name that a schema for datasets of type t must bear.
func recordName(t bespoke.DatasetType) string {
	for _, r := range recordNames {
		if r.typ == t {
			return r.name
		}
	}
	return ""
}

func refuse(format string, args ...any) *bespoke.Error {
	return bespoke.Errorf(bespoke.InvalidInput, format, args...)
}
