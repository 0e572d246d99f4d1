package ingest_test

import (
	"compress/gzip"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bespoke"
	"bespoke/ingest"
)

// rejected reads a file of rejects, its header left out.
func rejected(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil || len(rows) == 0 || !slices.Equal(rows[0], []string{"object", "line", "column", "reason", "row"}) {
		t.Fatalf("rows %q, %v", rows, err)
	}
	return rows[1:]
}

func skipping(t *testing.T, cfg ingest.Config, share float64) ingest.Config {
	cfg.MaxBadShare, cfg.Rejects = share, filepath.Join(t.TempDir(), "job.csv.gz")
	return cfg
}

// Bad rows of every kind are left out, wherever in a batch they are and
// whatever columns they have; the good ones come through unchanged.
func TestSkipBadRows(t *testing.T) {
	t.Parallel()
	src := objects{"a": "ITEM_ID,GENRES,PRICE,STOCK,NEW,ABOUT,CREATION_TIMESTAMP\n" +
		",g,1,1,true,x,1\n" + // no ID
		"a,g|h,1.5,2,false,\"one, two\",3\n" +
		"b,,,,,,\n" +
		"c,g,x,,,y,5\n" + // bad number behind good ones
		"\"d,\"\"1\\\\\",\"\",,1,maybe,\"\",7\n" + // bad boolean, with quotes
		"e,,2,,true,,8\n" +
		"f,g,1\n" + // no record
		"g,g\"h,,,,,\n" + // bare quote
		"h,z,,3,,last,1700000000123\n" + // milliseconds
		"e,k,,4,,text,9\n"}
	cfg := skipping(t, config(t, bespoke.Items, items(t), src), 0.6)
	res, err := ingest.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`a | g|h | 1.5 | 2 | false | one, two | 3`,
		`b | null | null | null | null | null | null`,
		`e | k | null | 4 | null | text | 9`,
	}
	if got := read(t, res); !slices.Equal(got, want) {
		t.Errorf("rows:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if want := (ingest.Counts{Rows: 10, Accepted: 3, Duplicate: 1, Rejected: 6}); res.Counts != want {
		t.Errorf("counts %+v, want %+v", res.Counts, want)
	}
	if w := []string{"6 bad rows were left out, of 10 in all; 6 can be downloaded with the reasons."}; !slices.Equal(res.Warnings, w) {
		t.Errorf("warnings %q", res.Warnings)
	}
	var got []string
	for i, r := range rejected(t, cfg.Rejects) {
		got = append(got, strings.Join([]string{r[0], r[1], r[2], r[4]}, " "))
		if b := res.Bad[i]; fmt.Sprint(b.Line) != r[1] || b.Column != r[2] || b.Reason != r[3] {
			t.Errorf("row %q is reported as %s", r, b)
		}
	}
	wantRejects := []string{
		`s3://b/a 2 ITEM_ID ,g,1,1,true,x,1`,
		`s3://b/a 5 PRICE c,g,x,,,y,5`,
		`s3://b/a 6 NEW "d,\"1\\","",,1,maybe,"",7`,
		`s3://b/a 8  f,g,1`,
		`s3://b/a 9 GENRES g,g"h,,,,,`,
		`s3://b/a 10 CREATION_TIMESTAMP h,z,,3,,last,1700000000123`,
	}
	if !slices.Equal(got, wantRejects) {
		t.Errorf("rejects:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(wantRejects, "\n"))
	}
}

// Above the share the import fails, says so, and leaves the file of rejects but
// no data.
func TestSkipTooMany(t *testing.T) {
	t.Parallel()
	src := objects{"a": "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\nu,i,,,1\nu,i,,,2\nu,i,,,x\n"}
	cfg := skipping(t, config(t, bespoke.Interactions, interactions(t), src), 0.333)
	res, err := ingest.Run(t.Context(), cfg)
	if err == nil || !strings.HasSuffix(err.Error(), " 1 of 3 rows is bad. At most 33.3 % may be.") || res.Files != nil {
		t.Errorf("error %v, files %v", err, res.Files)
	}
	if left, _ := os.ReadDir(cfg.Dir); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	if r := rejected(t, cfg.Rejects); len(r) != 1 || r[0][4] != "u,i,,,x" {
		t.Errorf("rejects %q", r)
	}
}

// Over many batches, splits, objects and workers, and with and without a
// dictionary, what remains is what an import of the good rows alone gives.
func TestSkipMany(t *testing.T) {
	t.Parallel()
	var all, good objects = objects{}, objects{}
	bad := 0
	for k, n := range []int{10, 500_000, 3000} {
		const header = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\n"
		var a, g strings.Builder
		a.WriteString(header)
		g.WriteString(header)
		for i := range n {
			value := ""
			if i%3 == 0 {
				value = fmt.Sprint(i%100) + ".5"
			}
			row := fmt.Sprintf("user%d,item%d,e%d,%s,%d\n", i, i%1000, i%5, value, i/2)
			switch {
			case i%97 == 5 || i >= 4096 && i < 8192: // a batch at least is all bad
				row = strings.Replace(row, "item", ",", 1)
				bad++
			case i%89 == 7:
				row = fmt.Sprintf("user%d,,e1,,1\n", i)
				bad++
			case i%83 == 9:
				row = fmt.Sprintf("other%d,item,e1,,-1\n", i)
				bad++
			default:
				g.WriteString(row)
			}
			a.WriteString(row)
		}
		all[fmt.Sprint(k)], good[fmt.Sprint(k)] = a.String(), g.String()
	}
	cfg := skipping(t, config(t, bespoke.Interactions, interactions(t), all), 1)
	res, err := ingest.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	want, err := ingest.Run(t.Context(), config(t, bespoke.Interactions, interactions(t), good))
	if err != nil {
		t.Fatal(err)
	}
	if c := res.Counts; c.Rejected != int64(bad) || c.Accepted != want.Counts.Accepted || c.Duplicate != want.Counts.Duplicate || c.Rows != c.Accepted+c.Duplicate+c.Rejected {
		t.Errorf("counts %+v, want %+v and %d bad", c, want.Counts, bad)
	}
	a, b := read(t, res), read(t, want)
	slices.Sort(a)
	slices.Sort(b)
	if !slices.Equal(a, b) {
		t.Errorf("%d rows differ from the %d good ones", len(a), len(b))
	}
	rows := rejected(t, cfg.Rejects)
	if len(rows) != bad {
		t.Fatalf("%d rejects, want %d", len(rows), bad)
	}
	for i, r := range res.Bad {
		if got := rows[i]; got[0] != r.Object.String() || got[1] != fmt.Sprint(r.Line) {
			t.Fatalf("reject %d is %q, reported as %s", i, got, r)
		}
	}
}
