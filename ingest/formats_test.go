package ingest_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"bespoke"
	"bespoke/ingest"
)

func gzipped(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstandard(t testing.TB, s string, opts ...zstd.EOption) string {
	t.Helper()
	z, err := zstd.NewWriter(nil, append(opts, zstd.WithEncoderConcurrency(1))...)
	if err != nil {
		t.Fatal(err)
	}
	return string(z.EncodeAll([]byte(s), nil))
}

// someItems are rows of items in CSV, with a header.
func someItems(r *rand.Rand, n, from int) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"ITEM_ID", "GENRES", "PRICE", "STOCK", "NEW", "ABOUT", "CREATION_TIMESTAMP"})
	maybe := func(s string) string {
		if r.IntN(4) == 0 {
			return ""
		}
		return s
	}
	for i := range n {
		_ = w.Write([]string{
			fmt.Sprintf("item-%d", from+i), maybe(fmt.Sprintf("genre %d|Ü%d", r.IntN(9), r.IntN(9))), maybe(strconv.FormatFloat(float64(r.IntN(10000))/100, 'g', -1, 64)),
			maybe(strconv.Itoa(r.IntN(1000) - 500)), maybe(strconv.FormatBool(r.IntN(2) == 0)), maybe(`quoted "text", ` + strings.Repeat("long ", r.IntN(20))),
			maybe(strconv.Itoa(1_700_000_000 + r.IntN(1000))),
		})
	}
	w.Flush()
	return b.String()
}

// asJSON writes CSV as JSON Lines: some values as strings, some nulls by leaving
// the key out.
func asJSON(t testing.TB, r *rand.Rand, text string) string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, row := range rows[1:] {
		o := map[string]any{}
		for i, name := range rows[0] {
			if r.IntN(2) == 0 {
				name = strings.ToLower(name)
			}
			switch cell := row[i]; {
			case cell == "":
				if r.IntN(2) == 0 {
					o[name] = nil
				}
			case rows[0][i] == "GENRES" && r.IntN(2) == 0:
				o[name] = strings.Split(cell, "|")
			case json.Valid([]byte(cell)) && r.IntN(2) == 0:
				o[name] = json.RawMessage(cell)
			default:
				o[name] = cell
			}
		}
		line, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(line)
		b.WriteString([]string{"\n", "\r\n", "\n\n"}[r.IntN(3)])
	}
	return b.String()
}

// One import may mix all formats, small and large objects of each; the rows are
// those of CSV, and the last of equal IDs wins whatever format it is in.
func TestFormats(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	plain, mixed := objects{}, objects{}
	add := func(name, text, converted string) {
		plain[name], mixed[name] = text, converted
	}
	next := 0
	some := func(n int) string {
		next += n / 2 // half of the IDs come again in the next object
		return someItems(r, n, next)
	}
	for i := range 3 {
		text := some(200)
		add(fmt.Sprintf("%d0", i), text, text)
		text = some(200)
		add(fmt.Sprintf("%d1", i), text, gzipped(t, text))
		text = some(200)
		add(fmt.Sprintf("%d2", i), text, zstandard(t, text))
		text = some(200)
		add(fmt.Sprintf("%d3", i), text, asJSON(t, r, text))
		text = some(200)
		add(fmt.Sprintf("%d4", i), text, zstandard(t, asJSON(t, r, text)))
		text = some(200)
		add(fmt.Sprintf("%d5", i), text, asParquet(t, text, r.IntN(4)))
		text = some(200)
		add(fmt.Sprintf("%d6", i), text, strings.ReplaceAll(text, "\n", "\r"))
	}
	for i, f := range []func(string) string{
		func(s string) string { return gzipped(t, s) },
		func(s string) string { return asJSON(t, r, s) },
		func(s string) string { return gzipped(t, asJSON(t, r, s)) },
		func(s string) string { return asParquet(t, s, 0) },
		func(s string) string { return strings.ReplaceAll(s, "\n", "\r") },
	} {
		text := some(1000)
		if i == 0 {
			text = some(150_000) // more than a split when decompressed
		}
		add(fmt.Sprintf("3%d", i), text, f(text))
	}
	want, err := ingest.Run(t.Context(), config(t, bespoke.Items, items(t), plain))
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(t, bespoke.Items, items(t), mixed)
	if err := ingest.Header(t.Context(), mixed, mixed.list(), cfg.Schema, false); err != nil {
		t.Error(err)
	}
	got, err := ingest.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if got.Counts != want.Counts || got.Counts.Duplicate == 0 {
		t.Errorf("counts %+v, want %+v", got.Counts, want.Counts)
	}
	a, b := read(t, got), read(t, want)
	slices.Sort(a)
	slices.Sort(b)
	if !slices.Equal(a, b) {
		for i := range a {
			if a[i] != b[i] {
				t.Fatalf("row %s, want %s", a[i], b[i])
			}
		}
		t.Errorf("%d rows, want %d", len(a), len(b))
	}
}

// Bad rows are reported and left out by their places, in all formats.
func TestFormatsBadRows(t *testing.T) {
	t.Parallel()
	const header = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\n"
	src := objects{
		"a.csv.gz":  gzipped(t, header+"u,i,,,1\n\nu,i,,,bad\nu,\"i\n"),
		"b.json":    "\ufeff" + `{"USER_ID":"u","ITEM_ID":"i","TIMESTAMP":1700000000123}` + "\n\n" + `{"USER_ID":"u"` + "\n" + `{"USER_ID":"u\n2","ITEM_ID":"i","EVENT_VALUE":1.5,"TIMESTAMP":"x\"y"}` + "\n" + `{"TIMESTAMP":1,"ITEM_ID":1}`,
		"c.parquet": asParquet(t, header+"u,i,,,1\nu,,,,1\nu,i,"+strings.Repeat("x", 1001)+",,2\nu,EVENT_TYPE,,1.5,1\n", 3),
		"d.csv":     header + "u,i,,,-1\n",
	}
	cfg := config(t, bespoke.Interactions, interactions(t), src)
	cfg.MaxBadShare, cfg.Rejects = 1, t.TempDir()+"/rejects.csv.gz"
	res, err := ingest.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if c := res.Counts; c.Rows != 12 || c.Rejected != 10 || c.Accepted != 1 || c.Duplicate != 1 {
		t.Errorf("counts %+v", c)
	}
	want := []struct{ place, row string }{
		{"a.csv.gz 4 TIMESTAMP", "u,i,,,bad"},
		{"a.csv.gz 5 ITEM_ID", `u,"i`},
		{"b.json 1 TIMESTAMP", `{"USER_ID":"u","ITEM_ID":"i","TIMESTAMP":1700000000123}`},
		{"b.json 3 ", `{"USER_ID":"u"`},
		{"b.json 4 TIMESTAMP", `{"USER_ID":"u\n2","ITEM_ID":"i","EVENT_VALUE":1.5,"TIMESTAMP":"x\"y"}`},
		{"b.json 5 USER_ID", `{"ITEM_ID":1,"TIMESTAMP":1}`},
		{"c.parquet 2 ITEM_ID", `{"USER_ID":"u","TIMESTAMP":1}`},
		{"c.parquet 3 EVENT_TYPE", `{"USER_ID":"u","ITEM_ID":"i","EVENT_TYPE":"` + strings.Repeat("x", 1001) + `","TIMESTAMP":2}`},
		{"c.parquet 4 ITEM_ID", `{"USER_ID":"u","ITEM_ID":"EVENT_TYPE","EVENT_VALUE":1.5,"TIMESTAMP":1}`},
		{"d.csv 2 TIMESTAMP", "u,i,,,-1"},
	}
	rows := rejected(t, cfg.Rejects)
	if len(res.Bad) != len(want) || len(rows) != len(want) {
		t.Fatalf("%d bad rows reported and %d kept, want %d", len(res.Bad), len(rows), len(want))
	}
	for i, w := range want {
		b := res.Bad[i]
		if got := fmt.Sprintf("%s %d %s", b.Object.Key, b.Line, b.Column); got != w.place {
			t.Errorf("bad row %d is at %s, want %s: %s", i, got, w.place, b)
		}
		got := rows[i]
		if got[0] != b.Object.String() || got[1] != fmt.Sprint(b.Line) || got[2] != b.Column || got[3] != b.Reason || got[4] != w.row {
			t.Errorf("reject %d is %q, want row %s", i, got, w.row)
		}
	}
}

// Keys that no object has are missed by the create call, and others are told
// of.
func TestJSONKeys(t *testing.T) {
	t.Parallel()
	src := objects{"a": `{"USER_ID":"u","extra":{"deep":[1,{}]},"TIMESTAMP":1}` + "\n" + `{"timestamp":2,"USER_ID":"u"}`}
	err := ingest.Header(t.Context(), src, src.list(), interactions(t), false)
	if err == nil || err.Error() != "InvalidInputException: Input csv is missing the following columns: [ITEM_ID] (s3://b/a)" {
		t.Errorf("error %v", err)
	}
	src["a"] += "\n" + `{"item_id":"i","USER_ID":"u","TIMESTAMP":3,"extra":null}`
	if err := ingest.Header(t.Context(), src, src.list(), interactions(t), false); err != nil {
		t.Error(err)
	}
	cfg := config(t, bespoke.Interactions, interactions(t), src)
	cfg.MaxBadShare, cfg.Rejects = 1, t.TempDir()+"/rejects.csv.gz"
	res, err := ingest.Run(t.Context(), cfg)
	if err != nil || res.Counts.Accepted != 1 || res.Counts.Rejected != 2 {
		t.Errorf("%+v, %v", res.Counts, err)
	}
	if want := "Column extra is not in the schema and was ignored."; len(res.Warnings) == 0 || res.Warnings[0] != want {
		t.Errorf("warnings %q", res.Warnings)
	}
}
