package crash_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"bespoke"
)

// union is a dataset with what its two stores should hold: what imports brought, and
// what came one by one. Rows are lines of CSV in the schema's order, as exports have
// them.
type union struct {
	typ    bespoke.DatasetType
	schema string
	header string
	arn    string
	// draw draws a row of one of a few keys. Where mark is not 0 no other row equals it.
	draw func(r *rand.Rand, mark int) string

	bulk map[string]arrival // by key
	puts []arrival
}

// arrival is a row with its place in the order in which rows reached the service.
type arrival struct {
	row string
	at  int
}

// change is a call that adds rows: of an import job, or of records.
type change struct {
	to   *union
	job  string             // ARN, "" for records
	mode bespoke.ImportMode // of the job
	rows []string
}

// leavers is how many users there are.
const leavers = 8

func newUnions() []*union {
	return []*union{{
		typ: bespoke.Interactions, schema: interactions.schema, header: "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP",
		draw: func(r *rand.Rand, mark int) string {
			at := era + r.IntN(5)
			if mark > 0 {
				at = era + 1000 + mark
			}
			return fmt.Sprintf("leaver-%d,i%d,watch,%s,%d", r.IntN(leavers), r.IntN(10), [...]string{"", "0.5", "1.5"}[r.IntN(3)], at)
		},
	}, {
		typ: bespoke.Items, schema: items.schema, header: "ITEM_ID,CATEGORY,PRICE",
		draw: func(r *rand.Rand, mark int) string {
			category := r.IntN(5)
			if mark > 0 {
				category = 1000 + mark
			}
			return fmt.Sprintf("i%d,c%d,%s", r.IntN(40), category, [...]string{"", "0.5", "1.5"}[r.IntN(3)])
		},
	}}
}

// key is what rows of one record have in common.
func (u *union) key(row string) string {
	if u.typ == bespoke.Interactions {
		return row
	}
	return strings.SplitN(row, ",", 2)[0]
}

// known returns rows that are there or were.
func (u *union) known() []string {
	var rows []string
	for _, k := range slices.Sorted(maps.Keys(u.bulk)) {
		rows = append(rows, u.bulk[k].row)
	}
	for _, p := range u.puts {
		rows = append(rows, p.row)
	}
	return rows
}

// rows draws the rows of a change. The first is like no other; some are known.
func (u *union) rows(r *rand.Rand, n, mark int) []string {
	out, known := []string{u.draw(r, mark)}, u.known()
	for len(out) < n {
		if row := u.draw(r, 0); len(known) == 0 || r.IntN(3) > 0 {
			out = append(out, row)
		} else {
			out = append(out, known[r.IntN(len(known))])
		}
	}
	return out
}

// apply makes a change, the first of whose rows has a place.
func (u *union) apply(c *change, at int) {
	if c.job != "" && (c.mode == bespoke.Full || u.bulk == nil) {
		u.bulk = map[string]arrival{}
	}
	for i, row := range c.rows {
		a := arrival{row, at + i}
		if c.job == "" {
			u.puts = append(u.puts, a)
		} else {
			u.bulk[u.key(row)] = a
		}
	}
}

// remove takes out a user and returns how many records went.
func (u *union) remove(user string) (n int) {
	if u.typ != bespoke.Interactions {
		return 0
	}
	of := func(row string) bool { return strings.HasPrefix(row, user+",") }
	n = len(u.bulk) + len(u.puts)
	maps.DeleteFunc(u.bulk, func(_ string, a arrival) bool { return of(a.row) })
	u.puts = slices.DeleteFunc(u.puts, func(a arrival) bool { return of(a.row) })
	return n - len(u.bulk) - len(u.puts)
}

// export returns what an export in a mode is to have, sorted.
func (u *union) export(mode string) []string {
	newest := map[string]arrival{}
	key := u.key
	if mode == "PUT" {
		key = func(row string) string { return row }
	}
	add := func(a arrival) {
		if was, ok := newest[key(a.row)]; !ok || a.at > was.at {
			newest[key(a.row)] = a
		}
	}
	if mode != "PUT" {
		for _, a := range u.bulk {
			add(a)
		}
	}
	if mode != "BULK" {
		for _, a := range u.puts {
			add(a)
		}
	}
	rows := []string{}
	for _, a := range newest {
		rows = append(rows, a.row)
	}
	slices.Sort(rows)
	return rows
}

// record returns a row as a record of a Put call.
func (u *union) record(row string) fields {
	cells := strings.Split(row, ",")
	number := func(cell string) any {
		v, err := strconv.ParseFloat(cell, 64)
		if err != nil {
			return nil // an empty cell
		}
		return v
	}
	if u.typ == bespoke.Interactions {
		e := fields{"itemId": cells[1], "eventType": cells[2], "sentAt": number(cells[4])}
		if v := number(cells[3]); v != nil {
			e["eventValue"] = v
		}
		return e
	}
	properties := fmt.Sprintf(`{"category": %q}`, cells[1])
	if cells[2] != "" {
		properties = fmt.Sprintf(`{"category": %q, "price": %s}`, cells[1], cells[2])
	}
	return fields{"itemId": cells[0], "properties": properties}
}

// difference describes the first few rows that only one of two sorted lists has.
func difference(got, want []string) string {
	count := map[string]int{}
	for _, row := range got {
		count[row]++
	}
	for _, row := range want {
		count[row]--
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return n == 0 })
	wrong := slices.SortedFunc(maps.Keys(count), func(a, b string) int { return cmp.Or(count[b]-count[a], strings.Compare(a, b)) })
	var text strings.Builder
	fmt.Fprintf(&text, "%d rows, want %d", len(got), len(want))
	for _, row := range wrong[:min(len(wrong), 10)] {
		fmt.Fprintf(&text, "\n%+d %s", count[row], row)
	}
	return text.String()
}
