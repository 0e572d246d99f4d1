package insight_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"bespoke"
	"bespoke/ingest"
	"bespoke/insight"
	"bespoke/schema"
)

// text is a Source of one object.
type text string

func (s text) Open(_ context.Context, _ bespoke.Object, offset, length int64) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(string(s[offset : offset+length]))), nil
}

// survey returns the insights into a CSV text, as "CODE COLUMN: message".
func survey(t *testing.T, name, fields, csv string) []string {
	t.Helper()
	s, err := schema.Parse(`{"type":"record","name":"` + name + `","namespace":"com.amazonaws.personalize.schema","fields":[` + fields + `],"version":"1.0"}`)
	if err != nil {
		t.Fatal(err)
	}
	kind, _ := s.DatasetType()
	survey := insight.NewSurvey(kind, s)
	r, err := ingest.Run(t.Context(), ingest.Config{
		Schema: s, Type: kind, Objects: []bespoke.Object{{Key: "a.csv", Size: int64(len(csv))}}, Source: text(csv),
		TempDir: t.TempDir(), Workers: 2, CheckOnly: true, Observe: survey.Observer,
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, i := range survey.Insights(r) {
		out = append(out, fmt.Sprintf("%s %s: %s", i.Code, i.Column, i.Message))
	}
	return out
}

const interactionFields = `{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},
	{"name":"EVENT_TYPE","type":["null","string"]},{"name":"EVENT_VALUE","type":["null","float"]},{"name":"TIMESTAMP","type":"long"}`

const itemFields = `{"name":"ITEM_ID","type":"string"},{"name":"GENRES","type":["null","string"],"categorical":true},
	{"name":"PRICE","type":["null","double"]},{"name":"ABOUT","type":["null","string"],"textual":true},{"name":"CREATION_TIMESTAMP","type":["null","long"]}`

func rows(header string, n int, row func(i int) string) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	for i := range n {
		b.WriteString(row(i) + "\n")
	}
	return b.String()
}

func same(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("insights:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

const interactionHeader = "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP"

// A dataset at the thresholds has no insights.
func TestNothingToSay(t *testing.T) {
	t.Parallel()
	same(t, survey(t, "Interactions", interactionFields, rows(interactionHeader, 1000, func(i int) string {
		value := ""
		if i%10 < 7 {
			value = "1.5"
		}
		return fmt.Sprintf("u%d,i%d,e%d,%s,%d", i%25, i, i%10, value, 1_700_000_000+i)
	})), nil)
	same(t, survey(t, "Items", itemFields, rows("ITEM_ID,GENRES,PRICE,ABOUT,CREATION_TIMESTAMP", 1000, func(i int) string {
		about := ""
		if i%100 < 85 {
			about = "text"
		}
		return fmt.Sprintf("i%d,g%d|g%d,%d,%s,%d", i, i, (i+1)%1000, i%50, about, 1_700_000_000+i)
	})), nil)
}

// Few interactions of users who come once, and times that cannot be.
func TestInteractions(t *testing.T) {
	t.Parallel()
	same(t, survey(t, "Interactions", interactionFields, rows(interactionHeader, 200, func(i int) string {
		return fmt.Sprintf("u%d,i,e%d,,5", max(i, 1), i%11)
	})), []string{
		"TOO_FEW_INTERACTIONS : There are 200 interactions; training needs at least 1,000. Collect more, or import more history.",
		"TOO_FEW_USERS : 1 of 199 users have two interactions or more; training needs at least 25 such users.",
		"USERS_WITH_ONE_INTERACTION USER_ID: 99.5 % of users have fewer than two interactions; training needs at least 1 % with two or more. " +
			"Check that USER_ID is the same at each visit of a user.",
		"TOO_MANY_EVENT_TYPES EVENT_TYPE: There are 11 event types; more than 10 are seldom told apart well. Join those that mean the same.",
		"EMPTY_COLUMN EVENT_VALUE: The column has no value in any row. Leave it out of the schema, or fill it.",
		"SAME_TIMESTAMP TIMESTAMP: All 200 values are the same, 1970-01-01T00:00:05Z: the order of events is lost. Give each row its own time.",
		"TIMESTAMPS_IN_PAST TIMESTAMP: 200 values are before 1990, the earliest 1970-01-01T00:00:05Z. Check that they are seconds since 1970.",
	})
}

// Sparse columns, categories without end, outliers and a future date.
func TestItems(t *testing.T) {
	t.Parallel()
	future := time.Now().AddDate(1, 0, 0).UTC().Truncate(time.Second)
	same(t, survey(t, "Items", itemFields, rows("ITEM_ID,GENRES,PRICE,ABOUT,CREATION_TIMESTAMP", 10_500, func(i int) string {
		price, about, at := fmt.Sprint(i%2), "", int64(1_700_000_000+i)
		if i == 17 {
			price, at = "1e9", future.Unix()
		}
		if i%100 < 84 {
			about = `"a text"`
		} else if i%2 == 0 {
			about = `""` // empty, though not null
		}
		genres := ""
		if i%2 == 0 {
			genres = fmt.Sprintf("g%d|h%d", i, i)
		}
		return fmt.Sprintf("i%d,%s,%s,%s,%d", i, genres, price, about, at)
	})), []string{
		"SPARSE_COLUMN GENRES: 50 % of rows have a value; below 70 % a column helps little.",
		"TOO_MANY_CATEGORIES GENRES: There are more than 10,000 categories; more than 1,000 are too fine to learn from. Group them, or make the column no categorical one.",
		"OUTLIERS PRICE: The largest value 1e+09 is 102 standard deviations above the mean 9.524e+04. Check it and others like it.",
		"SPARSE_COLUMN ABOUT: 84 % of rows have a value; below 85 % a column helps little.",
		"TIMESTAMPS_IN_FUTURE CREATION_TIMESTAMP: 1 values are more than a day from now, the latest " + future.Format(time.RFC3339) +
			". Check that they are seconds since 1970, in UTC.",
	})
}
