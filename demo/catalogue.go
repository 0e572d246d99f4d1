package demo

import (
	"fmt"
	"slices"
)

// maxParts is how long a series can get.
const maxParts = 5

// catalogue makes n items: single films and series, numbered in the order in
// which they are invented, so that the parts of a series have neighbouring IDs.
func catalogue(r random, n int) []Item {
	items := make([]Item, 0, n)
	taken := map[string]bool{}
	for len(items) < n {
		g := r.IntN(len(genres))
		title := newTitle(r, g, taken)
		parts := 1
		if r.percent(16) {
			parts = min(r.between(2, maxParts), n-len(items))
		}
		items = append(items, work(r, g, title, parts, len(items))...)
	}
	ranks := r.Perm(n)
	for i := range items {
		it := &items[i]
		it.ID = fmt.Sprintf("v%04d", i+1)
		// Zipf's law, flattened at the top.
		it.appeal = 1_000_000/(ranks[i]+12) + 500
		if it.Part > 1 { // a series' parts share one audience
			it.appeal = items[i-1].appeal
		}
	}
	relate(r, items)
	return items
}

// work makes the parts of one series, or a single film. first is the index
// that its first item will have.
func work(r random, g int, title string, parts, first int) []Item {
	kinds := []string{genres[g].name}
	if r.percent(45) {
		kinds = append(kinds, genres[pick(r, genres[g].near)].name)
	}
	minutes := r.between(84, 148)
	// Half of the catalogue is older than the history, up to ten years.
	released := opening + int64(r.between(-520, 0))*week
	if r.percent(50) {
		released = opening + int64(r.IntN(weeks))*week
	}
	var items []Item
	for part := range parts {
		it := Item{
			Title:    title,
			Genres:   kinds,
			Minutes:  minutes + r.between(-9, 9),
			Cents:    199 + 100*r.IntN(14),
			Released: released,
			genre:    g,
			next:     -1,
		}
		it.Description = blurb(r, g, part+1)
		if parts > 1 {
			it.Series, it.Part = title, part+1
			if part > 0 {
				it.Title = fmt.Sprintf("%s %s: %s", title, roman[part], sequelName(r, g))
			}
			if part+1 < parts {
				it.next = first + part + 1
			}
		}
		items = append(items, it)
		// The next part follows within a year, or is not out yet.
		released += int64(r.between(8, 52)) * week
		if released > closing-4*week {
			items[part].next = -1
			break
		}
	}
	return items
}

// relate gives each item up to three others of its main genre, or of a related
// one, that its viewers turn to next. Relations go one way.
func relate(r random, items []Item) {
	byGenre := make([][]int, len(genres))
	for i, it := range items {
		byGenre[it.genre] = append(byGenre[it.genre], i)
	}
	for i := range items {
		it := &items[i]
		for range 3 {
			g := it.genre
			if r.percent(25) {
				g = pick(r, genres[g].near)
			}
			if len(byGenre[g]) == 0 { // a small catalogue may lack a genre
				continue
			}
			other := pick(r, byGenre[g])
			if other != i && items[other].Part <= 1 && !slices.Contains(it.related, other) {
				it.related = append(it.related, other)
			}
		}
	}
}

// shelf is one genre's items in one week, ready for a weighted choice.
type shelf struct {
	items []int
	sums  []int
}

// stock returns the shelves by week and genre. A shelf holds what is out by
// the week's first day; what is new draws up to seven times as many viewers as
// it will later, half as many more every six weeks.
func stock(items []Item) [weeks][]shelf {
	var all [weeks][]shelf
	for w := range all {
		day := opening + int64(w)*week
		all[w] = make([]shelf, len(genres))
		for i, it := range items {
			if it.Released > day {
				continue
			}
			age := int((day - it.Released) / week)
			sh := &all[w][it.genre]
			sh.items = append(sh.items, i)
			sh.sums = append(sh.sums, it.appeal*(8+(48>>min(age/6, 10)))/8)
		}
		for g := range all[w] {
			runningTotals(all[w][g].sums)
		}
	}
	return all
}
