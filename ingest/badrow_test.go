package ingest_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bespoke"
	"bespoke/ingest"
	"bespoke/schema"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestBadRows reads testdata/bad/*.txt: the first line is the kind of dataset,
// then rows, each with the wanted reason below it behind "> ", or "> ok".
func TestBadRows(t *testing.T) {
	t.Parallel()
	schemas := map[string]*schema.Schema{
		"INTERACTIONS": interactions(t),
		"ITEMS":        items(t),
		"ACTIONS": mustParse(t, "Actions", `{"name":"ACTION_ID","type":"string"},{"name":"VALUE","type":["null","long"]},
			{"name":"REPEAT_FREQUENCY","type":["long","null"]},{"name":"EXPIRATION_TIMESTAMP","type":["long","null"]},{"name":"COST","type":"float"}`),
		"ACTION_INTERACTIONS": mustParse(t, "ActionInteractions", `{"name":"USER_ID","type":"string"},{"name":"ACTION_ID","type":"string"},
			{"name":"EVENT_TYPE","type":"string"},{"name":"TIMESTAMP","type":"long"}`),
	}
	files, err := filepath.Glob("testdata/bad/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, name := range files {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			kind, rest, _ := strings.Cut(string(text), "\n")
			var header []string
			for _, c := range schemas[kind].Columns {
				header = append(header, c.Name)
			}
			var out strings.Builder
			fmt.Fprintln(&out, kind)
			for line := range strings.Lines(rest) {
				if strings.HasPrefix(line, "> ") {
					continue
				}
				row := strings.NewReplacer(`<CR>`, "\r", `<FF>`, "\xff", `<E9>`, "\xe9", `<80>`, "\x80", `<81>`, "\x81", `<NUL>`, "\x00", `<256>`, strings.Repeat("ü", 256),
					`<1000>`, strings.Repeat("漢", 1000)).Replace(strings.TrimSuffix(line, "\n"))
				src := objects{"a": strings.Join(header, ",") + "\n" + row + "\n"}
				res, err := ingest.Run(t.Context(), config(t, bespoke.DatasetType(kind), schemas[kind], src))
				fmt.Fprintf(&out, "%s> %s\n", line, outcome(t, res, err))
			}
			if *update {
				if err := os.WriteFile(name, []byte(out.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if out.String() != string(text) {
				t.Errorf("differs from %s, now is:\n%s", name, out.String())
			}
		})
	}
}

// outcome describes the import of one row.
func outcome(t *testing.T, res ingest.Result, err error) string {
	if err == nil {
		rows := read(t, res)
		if len(rows) != 1 {
			return fmt.Sprintf("%d rows", len(rows))
		}
		return "ok: " + strings.NewReplacer(strings.Repeat("ü", 256), "<256>", strings.Repeat("漢", 1000), "<1000>", "\r", "<CR>", "\x00", "<NUL>").Replace(rows[0])
	}
	e, ok := errors.AsType[*bespoke.Error](err)
	if !ok || e.Code != bespoke.InvalidInput || len(res.Bad) != 1 {
		t.Errorf("error %v, bad rows %v", err, res.Bad)
		return "?"
	}
	s, found := strings.CutSuffix(e.Msg, ". 1 of 1 row is bad.")
	if !found {
		s, found = strings.CutSuffix(e.Msg, ". 1 of 1 rows is bad.")
	}
	if !found {
		t.Errorf("message %q", e.Msg)
	}
	return strings.TrimPrefix(s, "s3://b/a ")
}

// Lines and counts are exact and in input order with many splits, objects and
// workers, and the report is cut at its limit.
func TestBadRowsOrder(t *testing.T) {
	t.Parallel()
	const header = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\n"
	var want []string
	rows, bad := 0, 0
	object := func(name string, n int) string {
		var b strings.Builder
		b.WriteString(header)
		line := 1
		for i := range n {
			line++
			switch {
			case i%977 == 5:
				b.WriteString("u,i,,,bad\n")
			case i%1013 == 7:
				b.WriteString("u,\"i,,,\n")
			case i%911 == 3:
				b.WriteString("\n") // no row
				continue
			default:
				fmt.Fprintf(&b, "user%d,item%d,,,%d\n", i, i, i)
				rows++
				continue
			}
			rows++
			bad++
			want = append(want, fmt.Sprintf("s3://b/%s line %d", name, line))
		}
		return b.String()
	}
	src := objects{"a": object("a", 10), "b": object("b", 800_000), "c": object("c", 3), "d": gzipped(t, object("d", 600_000)), "da": zstandard(t, object("da", 20))}
	for i := range 50 {
		name := fmt.Sprintf("e%02d", i)
		src[name] = object(name, 100)
	}
	cfg := config(t, bespoke.Interactions, interactions(t), src)
	cfg.MaxReported = bad * 9 / 10
	res, err := ingest.Run(t.Context(), cfg)
	if err == nil {
		t.Fatal("no error")
	}
	if left, _ := os.ReadDir(cfg.Dir); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	if c := res.Counts; c.Rows != int64(rows) || c.Rejected != int64(bad) {
		t.Errorf("counts %+v, want %d rows, %d bad", c, rows, bad)
	}
	if len(res.Bad) != cfg.MaxReported {
		t.Fatalf("%d bad rows reported, want %d", len(res.Bad), cfg.MaxReported)
	}
	for i, b := range res.Bad {
		if got := fmt.Sprintf("%s line %d", b.Object, b.Line); got != want[i] {
			t.Fatalf("bad row %d is %s, want %s", i, got, want[i])
		}
	}
	start := want[0] + `, column TIMESTAMP, value "bad": expected a whole number`
	if msg := err.Error(); !strings.HasPrefix(msg, "InvalidInputException: "+start) || !strings.Contains(msg, " of 1,4") {
		t.Errorf("message %q, want %q", msg, start)
	}
}
