package train_test

import (
	"testing"

	"bespoke"
	"bespoke/train"
)

// TestMetadataNumbers: a number reads as it was written, whatever the type of its
// column holds of it.
func TestMetadataNumbers(t *testing.T) {
	t.Parallel()
	const priced = `{"type":"record","name":"Items","fields":[{"name":"ITEM_ID","type":"string"},{"name":"FLOAT","type":["null","float"]},
		{"name":"DOUBLE","type":["null","double"]},{"name":"INT","type":["null","int"]},{"name":"LONG","type":["null","long"]}]}`
	rows := map[string][4]string{
		"a": {"19.99", "19.99", "-7", "1700000000123"},
		"b": {"0.7", "1e-7", "2147483647", "9007199254740991"},
		"c": {"3", "", "", "0"},
		"d": {"", "16777217.5", "0", ""},
		"e": {"-1.5e-38", "0.1", "1", "1"},
	}
	var lines []string
	for id, r := range rows {
		lines = append(lines, id+","+r[0]+","+r[1]+","+r[2]+","+r[3])
	}
	m, err := train.Metadata(t.Context(), source(t, bespoke.Items, priced, lines), bespoke.Items)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{"1e-7": "0.0000001", "-1.5e-38": "-0.000000000000000000000000000000000000015"}
	for id, r := range rows {
		got := m.Of(id)
		for i, column := range []string{"FLOAT", "DOUBLE", "INT", "LONG"} {
			want := r[i]
			if text, ok := shown[want]; ok {
				want = text
			}
			if got[column] != want {
				t.Errorf("%s of %s is %q, want %q", column, id, got[column], want)
			}
		}
	}
}
