package recipe

import (
	"slices"

	"bespoke/history"
)

// PruneUsers leaves out users whose number of interactions is below the low or
// above the high percentile of all users' numbers; both are given as 0 to 1.
func PruneUsers(h *history.History, low, high float64) *history.History {
	return prune(h, h.User, h.Users.Len(), low, high)
}

// PruneItems does so by the items' numbers of interactions.
func PruneItems(h *history.History, low, high float64) *history.History {
	return prune(h, h.Item, h.Items.Len(), low, high)
}

func prune(h *history.History, column []uint32, n int, low, high float64) *history.History {
	if low <= 0 && high >= 1 || h.Len() == 0 {
		return h
	}
	count := make([]int, n)
	for _, x := range column {
		count[x]++
	}
	sorted := slices.DeleteFunc(slices.Clone(count), func(c int) bool { return c == 0 })
	slices.Sort(sorted)
	last := float64(len(sorted) - 1)
	from, to := sorted[int(low*last+0.5)], sorted[int(high*last+0.5)]
	return h.Select(func(row int) bool {
		c := count[column[row]]
		return c >= from && c <= to
	})
}
