package schema_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hamba/avro/v2"

	"bespoke"
	"bespoke/schema"
)

// record returns the text of a schema with these fields.
func record(name string, fields ...string) string {
	return `{"type":"record","name":"` + name + `","namespace":"com.amazonaws.personalize.schema","fields":[` +
		strings.Join(fields, ",") + `],"version":"1.0"}`
}

// refused fails the test unless err is an InvalidInput that says want.
func refused(t *testing.T, err error, want string) {
	t.Helper()
	e, ok := errors.AsType[*bespoke.Error](err)
	switch {
	case !ok || e.Code != bespoke.InvalidInput:
		t.Errorf("error = %v, want InvalidInput with %q", err, want)
	case !strings.Contains(e.Msg, want):
		t.Errorf("message:\n%s\nwant in it:\n%s", e.Msg, want)
	case !strings.HasSuffix(e.Msg, ".") || strings.HasSuffix(e.Msg, ".."):
		t.Errorf("message does not end as a sentence: %s", e.Msg)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	s, err := schema.Parse(record("Items",
		`{"name":"ITEM_ID","type":"string"}`,
		`{"name":"GENRES","type":["null","string"],"categorical":true}`,
		`{"name":"ABOUT","type":["string","null"],"textual":true,"itemName":true,"doc":"kept"}`,
		`{"name":"PRICE","type":["float"]}`,
		`{"name":"YEAR","type":"int","categorical":false}`,
		`{"name":"NEW","type":"boolean"}`,
		`{"name":"CREATION_TIMESTAMP","type":"long","default":0}`,
		`{"name":"MARGIN","type":["double","null"]}`))
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "Items" || s.Namespace != "com.amazonaws.personalize.schema" {
		t.Errorf("name %q, namespace %q", s.Name, s.Namespace)
	}
	want := []schema.Column{
		{Name: "ITEM_ID", Type: schema.String},
		{Name: "GENRES", Type: schema.String, Nullable: true, Categorical: true},
		{Name: "ABOUT", Type: schema.String, Nullable: true, Textual: true, ItemName: true},
		{Name: "PRICE", Type: schema.Float},
		{Name: "YEAR", Type: schema.Int},
		{Name: "NEW", Type: schema.Boolean},
		{Name: "CREATION_TIMESTAMP", Type: schema.Long},
		{Name: "MARGIN", Type: schema.Double, Nullable: true},
	}
	if fmt.Sprint(s.Columns) != fmt.Sprint(want) {
		t.Errorf("columns:\n%v\nwant:\n%v", s.Columns, want)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	id := `{"name":"ITEM_ID","type":"string"}`
	f := func(text, want string) {
		t.Helper()
		s, err := schema.Parse(text)
		if err == nil {
			t.Errorf("%s: parsed as %v, want an error with %q", text, s, want)
			return
		}
		refused(t, err, want)
	}
	f("", "line 1, column 1")
	f("null", "it is null")
	f("[]", "JSON array")
	f(`"string"`, "JSON string")
	f(strings.Repeat(" ", schema.MaxText+1), "20001 characters, at most 20000")
	f("{\n\"type\": \"record\",\n}", "line 3, column 1: invalid character '}' looking for beginning of object key string. Remove the comma before it.")
	f(record("Items", id+","), "Remove the comma before it")
	f(record("Items", id)+"x", "after top-level value")
	f(`{"Type":"record","name":"Items","fields":[`+id+`]}`, `"type" must be "record", it is missing`)
	f(`{"type":"enum","name":"Items","symbols":["A"]}`, `it is "enum"`)
	f(`{"type":"record","fields":[`+id+`]}`, `"name" must be a name such as "Interactions"`)
	f(`{"type":"record","name":"9","fields":[`+id+`]}`, `it is "9"`)
	f(`{"type":"record","name":"Items","namespace":1,"fields":[`+id+`]}`, `"namespace" must be a string`)
	f(`{"type":"record","name":"Items"}`, `"fields" must be a list of at least one field, it is missing`)
	f(`{"type":"record","name":"Items","fields":[]}`, "it is []")
	f(`{"type":"record","name":"Items","fields":{}}`, "it is {}")
	f(record("Items", id, `"X"`), "field 2: must be an object")
	f(record("Items", `{"type":"string"}`), `field 1: "name" must be letters`)
	f(record("Items", `{"name":"ITEM-ID","type":"string"}`), `it is "ITEM-ID"`)
	f(record("Items", `{"name":"`+strings.Repeat("A", 151)+`","type":"string"}`), "151 characters, at most 150")
	f(record("Items", `{"name":"A"}`), "A: type missing is not allowed")
	f(record("Items", `{"name":"A","type":"bytes"}`), `A: type "bytes" is not allowed. Allowed are "string"`)
	f(record("Items", `{"name":"A","type":"null"}`), "no values but null")
	f(record("Items", `{"name":"A","type":["null"]}`), "no values but null")
	f(record("Items", `{"name":"A","type":[]}`), "type [] is not allowed")
	f(record("Items", `{"name":"A","type":["int","string"]}`), `type ["int","string"] is not allowed`)
	f(record("Items", `{"name":"A","type":["null","null"]}`), "is not allowed")
	f(record("Items", `{"name":"A","type":["int","null","null"]}`), "is not allowed")
	f(record("Items", `{"name":"A","type":{"type":"array","items":"string"}}`), `type {"type":"array","items":"string"} is not allowed`)
	f(record("Items", `{"name":"A","type":{"type":"record","name":"R","fields":[]}}`), "is not allowed")
	f(record("Items", `{"name":"A","type":"int","categorical":true}`), "only a string may be categorical, this is of type int")
	f(record("Items", `{"name":"A","type":["null","long"],"textual":true}`), "only a string may be textual")
	f(record("Items", `{"name":"A","type":"string","categorical":"true"}`), `"categorical" must be true or false without quotes, it is "true"`)
	f(record("Items", `{"name":"A","type":"string","categorical":true,"textual":true}`), "categorical or textual, not both")
	f(record("Items", `{"name":"GENRES_FIELD_1","type":"string"}`, `{"name":"GENRESFIELD1","type":"string"}`), "fields GENRES_FIELD_1 and GENRESFIELD1 have the same letters and digits")
	f(record("Items", id, `{"name":"item_id","type":"string"}`), "fields ITEM_ID and item_id")
	f(record("Items", id, `{"name":"_Origin","type":"string"}`), "_Origin is kept for the service")
}

// What Parse takes is Avro, and it takes no column for something else: another
// parser of Avro agrees.
func FuzzParse(f *testing.F) {
	for _, n := range notebooks(f) {
		f.Add(string(n.Schema))
	}
	f.Add(record("Items", `{"name":"A","type":["null","string"],"textual":true}`))
	f.Add(record("Items", `{"name":"A","type":{"type":"array","items":"string"}}`))
	f.Add(record("Items", `{"name":"A","type":"long",}`))
	f.Add(`{"type":"record","name":"R","fields":[{"name":"R","type":"R"}]}`)
	f.Add(`{"type":"record","name":"R","type":"enum","fields":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := schema.Parse(text)
		if err != nil {
			refused(t, err, "")
			return
		}
		for _, typ := range []bespoke.DatasetType{bespoke.Interactions, bespoke.Users, bespoke.Items, bespoke.Actions, bespoke.ActionInteractions} {
			for _, d := range []bespoke.Domain{bespoke.Custom, bespoke.Ecommerce, bespoke.VideoOnDemand} {
				if err := s.Check(typ, d); err != nil {
					refused(t, err, "")
				}
			}
		}
		if strings.Contains(text, "default") || strings.Contains(text, "alias") || strings.Contains(text, "doc") || strings.Contains(text, "order") || strings.Contains(text, "namespace") {
			return // parts that say nothing about columns, which Parse leaves alone
		}
		a, err := avro.ParseBytesWithCache([]byte(text), "", &avro.SchemaCache{})
		if err != nil {
			t.Fatalf("accepted %q, which is not Avro: %v", text, err)
		}
		for i, field := range a.(*avro.RecordSchema).Fields() {
			c, typ := s.Columns[i], field.Type()
			nullable := false
			if u, ok := typ.(*avro.UnionSchema); ok {
				nullable = u.Contains(avro.Null)
				for _, m := range u.Types() {
					if m.Type() != avro.Null {
						typ = m
					}
				}
			}
			if field.Name() != c.Name || string(typ.Type()) != c.Type.String() || nullable != c.Nullable {
				t.Fatalf("column %d of %q is %v, Avro has %s of type %s", i, text, c, field.Name(), field.Type())
			}
		}
	})
}
