package affinity

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"

	"bespoke/history"
	"bespoke/recipe"
)

const (
	// prior is how many expected interactions an item and a value are given for
	// nothing: it draws the lift of rare pairs to none.
	prior = 10
	// slight is the least lift, either way, that is kept.
	slight = 0.1
	// entries bounds the lifts that a table keeps, 8 bytes each, but for 64 of each value.
	entries = 4 << 20
)

// count makes a table; of returns the values of an interaction.
func count(ctx context.Context, v *Values, h *history.History, items, workers int, of func(row int) []uint32) (*Table, error) {
	n := v.Len()
	c := counts{h: h, all: make([]float64, items), common: make([]uint32, items), longest: max(64, entries/max(n, 1))}
	start := make([]int, n+1) // of each value's rows
	for row, it := range h.Item {
		values := of(row)
		for _, value := range values {
			start[value+1]++
		}
		if len(values) > 0 {
			c.all[it] += c.weight(row)
			c.total += c.weight(row)
		}
	}
	for value := range n {
		start[value+1] += start[value]
	}
	rows, next := make([]uint32, start[n]), slices.Clone(start)
	for row := range h.Item {
		for _, value := range of(row) {
			rows[next[value]] = uint32(row)
			next[value]++
		}
	}
	for i := range c.common {
		c.common[i] = uint32(i)
	}
	slices.SortFunc(c.common, func(a, b uint32) int { return cmp.Or(cmp.Compare(c.all[b], c.all[a]), cmp.Compare(a, b)) })
	found := make([][]lifted, n)
	pool := sync.Pool{New: func() any { return new(make([]float64, items)) }}
	err := recipe.Blocks(ctx, workers, n, 8, func(from, to int) {
		together := pool.Get().(*[]float64)
		defer pool.Put(together)
		for value := from; value < to; value++ {
			found[value] = c.lifts(rows[start[value]:start[value+1]], *together)
		}
	})
	t := &Table{Values: v, start: make([]int, n+1)}
	for value, row := range found {
		for _, l := range row {
			t.item, t.lift = append(t.item, l.item), append(t.lift, l.lift)
		}
		t.start[value+1] = len(t.item)
	}
	return t, err
}

// counts are how often items were taken where a column says something.
type counts struct {
	h       *history.History
	all     []float64 // of each item
	total   float64
	common  []uint32 // items, the most frequent first
	longest int      // of a value's lifts
}

func (c *counts) weight(row int) float64 {
	if c.h.Weight == nil {
		return 1
	}
	return float64(c.h.Weight[row])
}

type lifted struct {
	item uint32
	lift float32
}

// lifts returns the lifts that a value with these rows gives items, by item.
// together has a number for each item and is zero before and after.
func (c *counts) lifts(rows []uint32, together []float64) (out []lifted) {
	sum := 0.0
	for _, row := range rows {
		together[c.h.Item[row]] += c.weight(int(row))
		sum += c.weight(int(row))
	}
	share := sum / max(c.total, 1e-9)
	add := func(it uint32, n float64) {
		if l := math.Log((n + prior) / (share*c.all[it] + prior)); math.Abs(l) >= slight {
			out = append(out, lifted{it, float32(l)})
		}
	}
	// Those that never come together although they are common count too.
	for _, it := range c.common {
		if math.Log(share*c.all[it]/prior+1) < slight {
			break
		}
		if together[it] == 0 {
			add(it, 0)
		}
	}
	for _, row := range rows {
		if it := c.h.Item[row]; together[it] > 0 {
			add(it, together[it])
			together[it] = 0
		}
	}
	if len(out) > c.longest {
		slices.SortFunc(out, func(a, b lifted) int {
			return cmp.Or(cmp.Compare(abs(b.lift), abs(a.lift)), cmp.Compare(a.item, b.item))
		})
		out = out[:c.longest]
	}
	slices.SortFunc(out, func(a, b lifted) int { return cmp.Compare(a.item, b.item) })
	return out
}

func abs(x float32) float32 { return max(x, -x) }
