package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"bespoke"
	"bespoke/ingest"
	"bespoke/schema"
)

// TestRule holds single values against what an import makes of the same text.
func TestRule(t *testing.T) {
	t.Parallel()
	types := map[string]bespoke.DatasetType{
		"Interactions": bespoke.Interactions, "Items": bespoke.Items, "Actions": bespoke.Actions, "ActionInteractions": bespoke.ActionInteractions,
	}
	f := func(name, column string, texts ...string) {
		t.Helper()
		other := `{"name":"ITEM_ID","type":"string"}`
		s := mustParse(t, name, other+`,`+column)
		rule := ingest.NewRule(types[name], s.Columns[1])
		for _, text := range texts {
			v, reason := rule.Parse(text)
			csv := "ITEM_ID," + s.Columns[1].Name + "\nx,\"" + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + "\"\n"
			cfg := config(t, types[name], s, objects{"s3://b/a.csv": csv})
			res, err := ingest.Run(t.Context(), cfg)
			want := ""
			if len(res.Bad) > 0 {
				want = res.Bad[0].Reason
			} else if err != nil {
				t.Fatal(err)
			}
			if reason != want {
				t.Errorf("%s %q: refused because %q, an import says %q", column, text, reason, want)
			}
			if want != "" {
				continue
			}
			got := fmt.Sprint(v.Text)
			switch v.Type {
			case schema.Int, schema.Long:
				got = fmt.Sprint(v.Int)
			case schema.Float:
				got = fmt.Sprint(float32(v.Real))
			case schema.Double:
				got = fmt.Sprint(v.Real)
			case schema.Boolean:
				got = fmt.Sprint(v.Int == 1)
			}
			if rows := read(t, res); len(rows) != 1 || rows[0] != "x | "+got {
				t.Errorf("%s %q is %q, an import has %q", column, text, got, rows)
			}
		}
	}
	f("Interactions", `{"name":"USER_ID","type":"string"}`, "u", "Ü", strings.Repeat("é", 256), strings.Repeat("é", 257), "USER_ID", "user_id", `a"b\c`)
	f("Interactions", `{"name":"TIMESTAMP","type":"long"}`, "0", "1700000000", "-1", "1700000000000", "2024-01-01", "x", "1.5", "+7", " 1")
	f("Interactions", `{"name":"EVENT_VALUE","type":["null","float"]}`, "1", "0.1", "-0", "1e40", "nan", "inf", "0x1p3", "3.4e38", ".5")
	f("Items", `{"name":"P","type":"double"}`, "0.1", "1e400", "1_0")
	f("Items", `{"name":"N","type":"int"}`, "2147483647", "2147483648", "-2147483648", "0012")
	f("Items", `{"name":"B","type":"boolean"}`, "true", "FALSE", "1")
	f("Items", `{"name":"T","type":"string","textual":true}`, "some text", strings.Repeat("字", 7001), strings.Repeat("a", 20_001))
	f("Items", `{"name":"C","type":"string","categorical":true}`, "a|b", strings.Repeat("c", 1001), "ITEM_ID", "")
	f("Actions", `{"name":"VALUE","type":"long"}`, "0", "1", "10", "11")
	f("ActionInteractions", `{"name":"EVENT_TYPE","type":"string"}`, "viewed", "NOT_TAKEN", "Not taken", "click", "")
}
