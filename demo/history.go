package demo

import "slices"

// visitor walks one user through the shop.
type visitor struct {
	shop    *Shop
	shelves [weeks][]shelf
	user    int
	rnd     random

	mood int          // the genre that the user is after just now
	last int          // index of the item watched last, -1 before the first
	seen map[int]bool // watched
}

// hours says when people watch: the weight of each hour of the day.
var hours = runningTotals([]int{3, 1, 1, 1, 1, 1, 2, 3, 4, 4, 4, 5, 7, 7, 6, 6, 7, 9, 13, 19, 24, 23, 15, 7})

// history returns n events of the user in order of time, at most one a second.
// They come in visits of up to eight events, most of them in the evening.
func (v *visitor) history(n int) []Interaction {
	v.mood, v.last, v.seen = v.shop.Users[v.user].tastes[0], -1, map[int]bool{}
	events := make([]Interaction, 0, n)
	visits := v.visits(1 + n/5)
	now := visits[0]
	for len(events) < n {
		if len(visits) > 0 { // after the last visit the user just stays on
			now = max(now, visits[0])
			visits = visits[1:]
		}
		v.drift()
		for range v.rnd.between(2, 5) {
			item := v.choose(now)
			now += int64(v.rnd.between(20, 400))
			events = append(events, Interaction{User: v.user, Item: item, Time: now})
			if !v.rnd.percent(70) {
				continue
			}
			now += int64(v.rnd.between(5, 60))
			share := 100
			if v.rnd.percent(35) {
				share = v.rnd.between(5, 99)
			}
			events = append(events, Interaction{User: v.user, Item: item, Watch: true, Share: share, Time: now})
			v.last, v.seen[item] = item, true
			now += int64(share * v.shop.Items[item].Minutes * 60 / 100)
		}
	}
	return events[:n]
}

// visits returns the times of n visits, in order.
func (v *visitor) visits(n int) []int64 {
	const day = 24 * 60 * 60
	joined := v.shop.Users[v.user].joined
	// The last days stay free for visits that take long.
	days := int((closing-joined)/day) - 14
	times := make([]int64, n)
	for i := range times {
		times[i] = joined + int64(v.rnd.IntN(days))*day + int64(v.rnd.weighted(hours))*3600 + int64(v.rnd.IntN(3600))
	}
	slices.Sort(times)
	return times
}

// drift changes the user's mood between two visits: mostly not at all, now and
// then to a genre related to the present one, or back to an old love.
func (v *visitor) drift() {
	switch p := v.rnd.IntN(100); {
	case p < 72:
	case p < 86:
		v.mood = pick(v.rnd, genres[v.mood].near)
	default:
		// The first taste weighs three, the second two, the third one.
		v.mood = v.shop.Users[v.user].tastes[[]int{0, 0, 0, 1, 1, 2}[v.rnd.IntN(6)]]
	}
}

// choose returns the item that the user opens at time now.
func (v *visitor) choose(now int64) int {
	if v.last >= 0 {
		last := v.shop.Items[v.last]
		// On with the series, if the next part is out.
		if last.next >= 0 && !v.seen[last.next] && v.shop.Items[last.next].Released <= now && v.rnd.percent(60) {
			return last.next
		}
		if len(last.related) > 0 && v.rnd.percent(30) {
			other := pick(v.rnd, last.related)
			if !v.seen[other] && v.shop.Items[other].Released <= now {
				return other
			}
		}
	}
	w := min(int((now-opening)/week), weeks-1)
	sh := v.shelves[w][v.mood]
	for len(sh.items) == 0 { // a small catalogue may have nothing of a genre yet
		sh = v.shelves[w][v.rnd.IntN(len(genres))]
	}
	item := sh.items[v.rnd.weighted(sh.sums)]
	// Few watch a film twice: on to its next part, or look again, but not for ever.
	for range 4 {
		if !v.seen[item] {
			break
		}
		if next := v.shop.Items[item].next; next >= 0 && v.shop.Items[next].Released <= now {
			item = next
			continue
		}
		item = sh.items[v.rnd.weighted(sh.sums)]
	}
	// Nobody starts a series in the middle.
	for v.shop.Items[item].Part > 1 && !v.seen[item-1] {
		item--
	}
	return item
}
