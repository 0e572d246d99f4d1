package attribution_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"bespoke"
	"bespoke/attribution"
	"bespoke/schema"
)

func TestParse(t *testing.T) {
	t.Parallel()
	f := func(text string, want attribution.Expression) {
		t.Helper()
		if got, err := attribution.Parse(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	f("SAMPLECOUNT()", attribution.Expression{Function: "samplecount"})
	f(" samplecount ( ) ", attribution.Expression{Function: "samplecount"})
	f("SUM(Interactions.EVENT_VALUE)", attribution.Expression{Function: "sum", Of: bespoke.Interactions, Column: "EVENT_VALUE"})
	f("Sum( ITEMS . price2 )", attribution.Expression{Function: "sum", Of: bespoke.Items, Column: "price2"})
	fails := func(text, want string) {
		t.Helper()
		_, err := attribution.Parse(text)
		e, ok := errors.AsType[*bespoke.Error](err)
		if !ok || e.Code != bespoke.InvalidInput || !strings.Contains(e.Msg, want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	fails("", "at character 1: expected SUM or SAMPLECOUNT, found the end")
	fails("AVG(Items.PRICE)", `at character 1: expected SUM or SAMPLECOUNT, found "AVG"`)
	fails("SUM Items", `at character 5: expected (, found "I"`)
	fails("SUM()", `at character 5: expected the dataset type Interactions or Items, found ")"`)
	fails("SUM(Users.AGE)", `at character 5: expected the dataset type Interactions or Items, found "Users"`)
	fails("SUM(Items)", `at character 10: expected ., found ")"`)
	fails("SUM(Items.)", `at character 11: expected the name of a column, found ")"`)
	fails("SUM(Items.PRICE", "at character 16: expected ), found the end")
	fails("SUM(Items.PRICE) + 1", `at character 18: expected the end, found "+ 1"`)
	fails("SAMPLECOUNT(Items.PRICE)", `at character 13: expected ), found "I"`)
	fails("SUM(Items.ÄPFEL)", `at character 11: expected the name of a column, found "Ä"`)
}

func FuzzParse(f *testing.F) {
	f.Add("SUM(Items.PRICE)")
	f.Add("sum(é")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := attribution.Parse(text)
		if _, ok := errors.AsType[*bespoke.Error](err); err != nil && !ok || err == nil && e.Function == "" {
			t.Errorf("%q: %+v, %v", text, e, err)
		}
	})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	sc, err := schema.Parse(`{"type":"record","name":"Items","fields":[{"name":"ITEM_ID","type":"string"},{"name":"PRICE","type":["null","float"]},{"name":"STOCK","type":"int"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	of := func(column string) attribution.Expression {
		return attribution.Expression{Function: attribution.Sum, Of: bespoke.Items, Column: column}
	}
	if err := errors.Join(of("PRICE").Check(sc), of("STOCK").Check(sc), attribution.Expression{Function: attribution.SampleCount}.Check(nil)); err != nil {
		t.Error(err)
	}
	for text, err := range map[string]error{
		"has no column price. Its columns with numbers are: PRICE, STOCK": of("price").Check(sc),
		"ITEM_ID (string) of the ITEMS dataset cannot be summed":          of("ITEM_ID").Check(sc),
		"no dataset of type ITEMS":                                        of("PRICE").Check(nil),
	} {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%v, want %s", err, text)
		}
	}
}

func metrics(t *testing.T) (out []attribution.Metric) {
	t.Helper()
	for _, m := range []bespoke.Metric{
		{Name: "watches", EventType: "WATCH", Expression: "SAMPLECOUNT()"},
		{Name: "minutes", EventType: "WATCH", Expression: "SUM(Interactions.EVENT_VALUE)"},
		{Name: "clicks, all", EventType: "CLICK", Expression: "SAMPLECOUNT()"},
	} {
		e, err := attribution.Parse(m.Expression)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, attribution.Metric{Name: m.Name, EventType: m.EventType, Expression: e})
	}
	return out
}

// TestReport is worked out by hand.
func TestReport(t *testing.T) {
	t.Parallel()
	list := metrics(t)
	tally := attribution.NewTally(attribution.Config{
		Metrics: list, After: 1_666_000_000, MaxSources: 3, Sources: []string{"known"},
		Recommended: func(id string) (string, bool) { return "arn:of:" + id, id == "RID-1" },
	})
	add := func(e attribution.Event, value float64) {
		t.Helper()
		err := tally.Add(e, func(m int) (float64, bool) {
			if list[m].Function == attribution.SampleCount {
				return 1, true
			}
			return value, value >= 0
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	const window = 1_666_925_100 // a multiple of 900
	add(attribution.Event{Type: "WATCH", Time: window + 899, Source: "known", RecommendationID: "RID-1"}, 2.5)
	add(attribution.Event{Type: "WATCH", Time: window, Source: "known"}, 0.5)
	add(attribution.Event{Type: "WATCH", Time: window + 1, Source: "known"}, -1) // no value
	add(attribution.Event{Type: "CLICK", Time: window + 900, RecommendationID: "RID-1"}, 0)
	add(attribution.Event{Type: "CLICK", Time: window + 900, RecommendationID: "RID-2"}, 0)
	add(attribution.Event{Type: "CLICK", Time: window + 901, Source: "third"}, 0)
	add(attribution.Event{Type: "CLICK", Time: window + 902, Source: "fourth"}, 0)
	add(attribution.Event{Type: "CLICK", Time: window + 902, Source: "fifth"}, 0)
	add(attribution.Event{Type: "WATCH", Time: 1_665_999_999, Source: "old"}, 1)
	add(attribution.Event{Type: "BUY", Time: window}, 1)
	var b strings.Builder
	if err := attribution.WriteReport(&b, list, tally.Totals()); err != nil {
		t.Fatal(err)
	}
	const want = `METRIC_NAME,EVENT_TYPE,VALUE,MATH_FUNCTION,EVENT_ATTRIBUTION_SOURCE,TIMESTAMP
"clicks, all",CLICK,2.0,samplecount,OTHER_SOURCES,1666926000
"clicks, all",CLICK,1.0,samplecount,SOURCE_NAME_UNDEFINED,1666926000
"clicks, all",CLICK,1.0,samplecount,arn:of:RID-1,1666926000
"clicks, all",CLICK,1.0,samplecount,third,1666926000
watches,WATCH,3.0,samplecount,known,1666925100
minutes,WATCH,3.0,sum,known,1666925100
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &b, want)
	}
	if got := attribution.ReportName(bespoke.Full, time.Unix(1_666_925_124, 5)); got != "AggregatedAttributionMetrics - FULL - 1666925124.csv" {
		t.Error(got)
	}
}

// TestSpilled has far more sums than fit in memory, and the same outcome.
func TestSpilled(t *testing.T) {
	t.Parallel()
	run := func(limit int) (out []attribution.Total) {
		t.Helper()
		tally := attribution.NewTally(attribution.Config{Metrics: metrics(t), TempDir: t.TempDir(), MaxTotals: limit})
		r := rand.New(rand.NewPCG(1, 2))
		for range 20_000 {
			e := attribution.Event{Type: []string{"WATCH", "CLICK"}[r.IntN(2)], Time: r.Int64N(40 * 900), Source: fmt.Sprint("s", r.IntN(10))}
			if err := tally.Add(e, func(int) (float64, bool) { return 1, true }); err != nil {
				t.Fatal(err)
			}
		}
		for total, err := range tally.Totals() {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, total)
		}
		if err := tally.Close(); err != nil {
			t.Fatal(err)
		}
		return out
	}
	all, few := run(0), run(37)
	if !slices.Equal(all, few) || len(all) != 40*10*3 {
		t.Errorf("%d sums in memory, %d merged", len(all), len(few))
	}
}
