package ingest_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"bespoke"
	"bespoke/ingest"
)

// witness is an Observer that writes down what it sees.
type witness struct {
	mu   *sync.Mutex
	seen *[]string
}

func (w witness) add(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*w.seen = append(*w.seen, fmt.Sprintf(format, args...))
}

func (w witness) Null(column int)                  { w.add("%d null", column) }
func (w witness) Text(column int, value []byte)    { w.add("%d %q", column, value) }
func (w witness) Number(column int, value float64) { w.add("%d %g", column, value) }

// A check finds the bad rows and duplicates that an import finds, but shows the
// values of good rows only, and goes on where there are bad ones.
func TestCheckOnly(t *testing.T) {
	t.Parallel()
	src := objects{"a": "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\n" +
		"u1,i1,click,,5\n" +
		",i0,click,1,6\n" + // bad, with a null where none may be
		"u1,i1,click,,5\n" +
		"u2,i0,,x,7\n" + // bad number
		"\"u\"\"3\",i2,\"\",2.5,8\n" +
		"u4,i4\n" + // no record
		"u1,i2,,0.5,9\n"}
	cfg := config(t, bespoke.Interactions, interactions(t), src)
	cfg.CheckOnly, cfg.Arrow, cfg.Dir = true, nil, ""
	var seen []string
	w := witness{new(sync.Mutex), &seen}
	cfg.Observe = func() ingest.Observer { return w }
	res, err := ingest.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if want := (ingest.Counts{Rows: 7, Accepted: 3, Duplicate: 1, Rejected: 3}); res.Counts != want {
		t.Errorf("counts %+v, want %+v", res.Counts, want)
	}
	if want := (ingest.Users{All: 2, Repeated: 1}); res.Users != want {
		t.Errorf("users %+v, want %+v", res.Users, want)
	}
	var lines []int64
	for _, b := range res.Bad {
		lines = append(lines, b.Line)
	}
	if !slices.Equal(lines, []int64{3, 5, 7}) || res.Files != nil || res.Dead != nil {
		t.Errorf("bad lines %v, files %v", lines, res.Files)
	}
	want := []string{`0 "u1"`, `0 "u1"`, `0 "u\"3"`, `0 "u1"`, `1 "i1"`, `1 "i1"`, `1 "i2"`, `1 "i2"`,
		`2 "click"`, `2 "click"`, `2 ""`, `2 null`, `3 null`, `3 null`, `3 2.5`, `3 0.5`, `4 5`, `4 5`, `4 8`, `4 9`}
	if !slices.Equal(seen, want) {
		t.Errorf("saw  %q\nwant %q", seen, want)
	}
}

// Users and duplicates are exact also where their keys have been spilled to
// disk, and no data file is written anywhere.
func TestCheckOnlyMany(t *testing.T) {
	t.Parallel()
	const users, twice = 2_000_000, 500_000
	var b strings.Builder
	b.WriteString("USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\n")
	for i := range users {
		fmt.Fprintf(&b, "%d,i,,,%d\n", i, i)
		switch {
		case i < twice:
			fmt.Fprintf(&b, "%d,j,,,%d\n", i, i)
		case i < twice+1000:
			fmt.Fprintf(&b, "%d,i,,,%d\n", i, i) // the same again is no second interaction
		}
	}
	cfg := config(t, bespoke.Interactions, interactions(t), objects{"a": b.String()})
	cfg.CheckOnly, cfg.Memory = true, 1 // the least
	res, err := ingest.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if want := (ingest.Users{All: users, Repeated: twice}); res.Users != want {
		t.Errorf("users %+v, want %+v", res.Users, want)
	}
	if want := (ingest.Counts{Rows: users + twice + 1000, Accepted: users + twice, Duplicate: 1000}); res.Counts != want {
		t.Errorf("counts %+v, want %+v", res.Counts, want)
	}
	if left, _ := os.ReadDir(cfg.Dir); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

// What a check cannot do is refused.
func TestCheckOnlyConfig(t *testing.T) {
	t.Parallel()
	f := func(want string, change func(*ingest.Config)) {
		t.Helper()
		cfg := config(t, bespoke.Items, items(t), objects{})
		change(&cfg)
		if _, err := ingest.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	f("CheckOnly is for FULL", func(c *ingest.Config) { c.CheckOnly, c.Mode = true, bespoke.Incremental })
	f("Observe is for CheckOnly", func(c *ingest.Config) { c.Observe = func() ingest.Observer { return nil } })
}
