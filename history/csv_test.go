package history_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"bespoke/history"
)

func TestReadCSV(t *testing.T) {
	t.Parallel()
	var b history.Builder
	err := history.ReadCSV(&b, strings.NewReader("\ufeffTIMESTAMP,USER_ID,EXTRA,ITEM_ID,EVENT_TYPE,EVENT_VALUE\n7,u,x,\"i,1\",watch,0.5\n9,v,x,i2,,\n"))
	if err != nil {
		t.Fatal(err)
	}
	h := b.History()
	if h.Len() != 2 || h.Items.ID(0) != "i,1" || h.Time[1] != 9 || h.Value[0] != 0.5 || !math.IsNaN(float64(h.Value[1])) || h.EventTypes[h.Event[0]] != "watch" {
		t.Errorf("read %+v", h)
	}
	if h.Context[0].Name != "EXTRA" || h.ContextOf(1)["EXTRA"] != "x" {
		t.Errorf("read the context %+v", h.Context)
	}
	const header = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_VALUE\n"
	for text, want := range map[string]string{
		"":                                "it is empty",
		"USER_ID,ITEM_ID\nu,i\n":          "line 1 has no column TIMESTAMP; it names USER_ID, ITEM_ID",
		header + "u,i,1,\nu,i,x,\n":       `line 3: TIMESTAMP "x" is no integer`,
		header + "u,,1,\n":                `line 2: ITEM_ID "" is empty`,
		header + "u,i,1,inf\n":            `line 2: EVENT_VALUE "inf" is no number`,
		header + "u,i\n":                  "line 2",
		"USER_ID,ITEM_ID,TIMESTAMP,X,X\n": "line 1 names the column \"X\" twice",
	} {
		if err := history.ReadCSV(new(history.Builder), strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("reading %q: %v, want %q", text, err, want)
		}
	}
}

// What context columns are for is guessed; the columns that steer the service are
// none.
func TestGuessContext(t *testing.T) {
	t.Parallel()
	text := strings.Builder{}
	text.WriteString("USER_ID,ITEM_ID,TIMESTAMP,IMPRESSION,RECOMMENDATION_ID,TEMPERATURE,DEVICE,NOTE,TAGS,NONE\n")
	for i := range 40 {
		fmt.Fprintf(&text, "u,i,%d,a|b,rid,%.1f,%s,note %d,%d|x,\n", i, float64(i)/4, []string{"phone", "", "tv"}[i%3], i, i)
	}
	var b history.Builder
	if err := history.ReadCSV(&b, strings.NewReader(text.String())); err != nil {
		t.Fatal(err)
	}
	h := b.History()
	h.GuessContext()
	check(t, h)
	h = h.Select(func(row int) bool { return row > 1 })
	var got []string
	for i := range h.Context {
		got = append(got, h.Context[i].Name+"="+h.Context[i].Text(2))
	}
	if want := "DEVICE= TAGS=4|x TEMPERATURE=1"; strings.Join(got, " ") != want || h.Context[2].Number == nil || len(h.ContextOf(2)) != 2 {
		t.Errorf("context %q, want %s", got, want)
	}
}

func TestReadMetadataCSV(t *testing.T) {
	t.Parallel()
	m, err := history.ReadMetadataCSV(strings.NewReader("ITEM_ID,YEAR,GENRES,TITLE\na,1999,x|y,One\nb,,x,Two\na,2001,y,Three\n"), "ITEM_ID")
	if err != nil {
		t.Fatal(err)
	}
	year, _ := m.Column("YEAR")
	genres, _ := m.Column("GENRES")
	title, _ := m.Column("TITLE")
	if of := m.Of("a"); of["YEAR"] != "2001" || of["TITLE"] != "Three" || len(m.Of("b")) != 2 || m.Of("c") != nil {
		t.Errorf("values %v, %v", of, m.Of("b"))
	}
	if m.IDs.Len() != 2 || year.Number[0] != 2001 || !math.IsNaN(year.Number[1]) || !genres.Categorical && !genres.Textual || !title.Textual || title.Text[0] != "Three" {
		t.Errorf("read %+v", m)
	}
	if _, err := history.ReadMetadataCSV(strings.NewReader("USER_ID\nu\n"), "ITEM_ID"); err == nil {
		t.Error("a file without the column of IDs is read")
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE\nu,i,1,e,0.5\n")
	f.Add("ITEM_ID,USER_ID,TIMESTAMP\n\"a\"\"\",b,-9223372036854775808\n")
	f.Fuzz(func(t *testing.T, text string) {
		var b history.Builder
		if history.ReadCSV(&b, strings.NewReader(text)) == nil {
			check(t, b.History())
		}
	})
}
