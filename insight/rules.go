package insight

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"bespoke"
	"bespoke/ingest"
	"bespoke/schema"
)

// The thresholds.
const (
	minInteractions = 1000
	minUsers        = 25   // with two interactions or more
	minUserShare    = 0.01 // of users that have so many
	someUserShare   = 0.5  // above which nothing is said of them
	minFilled       = 0.70
	minFilledText   = 0.85
	maxCategories   = 1000
	maxEventTypes   = 10
	outlierDevs     = 10   // standard deviations from the mean
	outlierRows     = 1000 // fewer values say nothing about outliers
)

// Insights returns what is to be said about the dataset, of which r is the
// result of the check. It is called once the check has ended.
func (s *Survey) Insights(r ingest.Result) []Insight {
	out := []Insight{}
	add := func(code, column, format string, args ...any) {
		out = append(out, Insight{code, column, fmt.Sprintf(format, args...)})
	}
	if s.kind == bespoke.Interactions {
		audience(r, add)
	}
	for i, t := range s.totals() {
		if t.filled+t.missing > 0 {
			s.column(s.columns[i], &t, add)
		}
	}
	return out
}

type adder func(code, column, format string, args ...any)

// audience looks at how many interactions there are, and by how many users.
func audience(r ingest.Result, add adder) {
	if n := r.Counts.Accepted; n < minInteractions {
		add("TOO_FEW_INTERACTIONS", "", "There are %s interactions; training needs at least %s. Collect more, or import more history.", group(n), group(minInteractions))
	}
	u := r.Users
	if u.All == 0 {
		return
	}
	if u.Repeated < minUsers {
		add("TOO_FEW_USERS", "", "%s of %s users have two interactions or more; training needs at least %d such users.", group(u.Repeated), group(u.All), minUsers)
	}
	share := float64(u.Repeated) / float64(u.All)
	switch {
	case share < minUserShare:
		add("USERS_WITH_ONE_INTERACTION", "USER_ID", "%s of users have fewer than two interactions; training needs at least %s with two or more. "+
			"Check that USER_ID is the same at each visit of a user.", percent(1-share), percent(minUserShare))
	case share < someUserShare:
		add("USERS_WITH_ONE_INTERACTION", "USER_ID", "%s of users have fewer than two interactions, from which little can be learned. "+
			"Check that USER_ID is the same at each visit of a user.", percent(1-share))
	}
}

// column looks at one column.
func (s *Survey) column(c schema.Column, t *tally, add adder) {
	want := minFilled
	if c.Textual {
		want = minFilledText
	}
	switch {
	case t.filled == 0:
		add("EMPTY_COLUMN", c.Name, "The column has no value in any row. Leave it out of the schema, or fill it.")
		return
	case t.share() < want:
		add("SPARSE_COLUMN", c.Name, "%s of rows have a value; below %s a column helps little.", percent(t.share()), percent(want))
	}
	switch n := t.distinct(); {
	case c.Name == "EVENT_TYPE" && n > maxEventTypes:
		add("TOO_MANY_EVENT_TYPES", c.Name, "There are %s event types; more than %d are seldom told apart well. Join those that mean the same.", t.count(), maxEventTypes)
	case c.Name != "EVENT_TYPE" && n > maxCategories:
		add("TOO_MANY_CATEGORIES", c.Name, "There are %s categories; more than %s are too fine to learn from. Group them, or make the column no categorical one.", t.count(), group(maxCategories))
	}
	switch {
	case isTime(c):
		times(c, t, add)
	case c.Type != schema.String && c.Type != schema.Boolean && t.filled >= outlierRows:
		if d := t.deviations(t.high); d >= outlierDevs {
			add("OUTLIERS", c.Name, "The largest value %g is %.0f standard deviations above the mean %.4g. Check it and others like it.", t.high, d, t.mean)
		}
		if d := t.deviations(t.low); d >= outlierDevs {
			add("OUTLIERS", c.Name, "The smallest value %g is %.0f standard deviations below the mean %.4g. Check it and others like it.", t.low, d, t.mean)
		}
	}
}

// times looks at a column of times.
func times(c schema.Column, t *tally, add adder) {
	if t.low == t.high && t.filled > 1 {
		add("SAME_TIMESTAMP", c.Name, "All %s values are the same, %s: the order of events is lost. Give each row its own time.", group(t.filled), date(t.low))
	}
	if t.past > 0 {
		add("TIMESTAMPS_IN_PAST", c.Name, "%s values are before 1990, the earliest %s. Check that they are seconds since 1970.", group(t.past), date(t.low))
	}
	if t.future > 0 && (c.Name == "TIMESTAMP" || c.Name == "CREATION_TIMESTAMP") {
		add("TIMESTAMPS_IN_FUTURE", c.Name, "%s values are more than a day from now, the latest %s. Check that they are seconds since 1970, in UTC.", group(t.future), date(t.high))
	}
}

// distinct returns how many distinct values there are, or maxDistinct+1.
func (t *tally) distinct() int {
	if t.more {
		return maxDistinct + 1
	}
	return len(t.values)
}

// count says how many distinct values there are.
func (t *tally) count() string {
	if t.more {
		return "more than " + group(maxDistinct)
	}
	return group(int64(len(t.values)))
}

func date(seconds float64) string { return time.Unix(int64(seconds), 0).UTC().Format(time.RFC3339) }

// percent writes a share with one decimal at most.
func percent(share float64) string {
	return strconv.FormatFloat(math.Round(1000*share)/10, 'f', -1, 64) + " %"
}

// group writes n with commas.
func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
