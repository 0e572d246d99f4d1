package cooccurrence

import (
	"context"
	"slices"

	"bespoke/history"
	"bespoke/recipe"
)

// longest bounds the neighbours of an item, as many as an answer can have.
// entries bounds those of all items together, 8 bytes each, but for 32 of each.
const (
	longest = 500
	entries = 64 << 20
)

// incidence is which items each user has, and which users each item, every pair
// once and ascending.
type incidence struct {
	itemsOf, usersOf [][]uint32
}

func newIncidence(h *history.History, items int) incidence {
	s := h.Sequences()
	x := incidence{itemsOf: make([][]uint32, s.Users()), usersOf: make([][]uint32, items)}
	for u := range s.Users() {
		past, _ := s.Of(uint32(u)) // the copy that Sequences made is ours
		slices.Sort(past)
		x.itemsOf[u] = slices.Compact(past)
		for _, it := range x.itemsOf[u] {
			x.usersOf[it] = append(x.usersOf[it], uint32(u))
		}
	}
	return x
}

// neighbour is an item that is like another.
type neighbour struct {
	item  uint32
	score float32
}

// row finds the neighbours of item i. sum is zero before and after.
type row func(i uint32, sum []float32) []neighbour

// neighbours runs row for all items and keeps the best of each, best first.
func neighbours(ctx context.Context, in recipe.Input, items int, row row) ([][]neighbour, error) {
	keep := min(longest, max(32, entries/max(items, 1)))
	out := make([][]neighbour, items)
	sums := make(chan []float32, max(in.Workers, 1))
	for range cap(sums) {
		sums <- nil
	}
	err := recipe.Blocks(ctx, in.Workers, items, 16, func(from, to int) {
		sum := <-sums
		if sum == nil {
			sum = make([]float32, items)
		}
		var top recipe.Top
		for i := from; i < to; i++ {
			top.Reset(keep)
			for _, n := range row(uint32(i), sum) {
				top.Add(n.item, float64(n.score))
			}
			best := top.Sorted()
			out[i] = make([]neighbour, len(best))
			for k, n := range best {
				out[i][k] = neighbour{n.Item, float32(n.Score)}
			}
		}
		sums <- sum
	})
	in.Report(recipe.Progress{Phase: "pairs", Share: 1})
	return out, err
}

// together adds 1 to sum for each user that i shares with another item, and
// returns the other items.
func (x incidence) together(i uint32, sum []float32) (touched []uint32) {
	for _, u := range x.usersOf[i] {
		for _, j := range x.itemsOf[u] {
			if j == i {
				continue
			}
			if sum[j] == 0 {
				touched = append(touched, j)
			}
			sum[j]++
		}
	}
	return touched
}
