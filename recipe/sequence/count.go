// Package sequence counts which item follows which. Its transitions are the
// part of the personalization recipes that knows about order and recency.
package sequence

import (
	"cmp"
	"context"
	"math"
	"slices"

	"bespoke/history"
	"bespoke/recipe"
)

// Config says what counts as following.
type Config struct {
	// Window is how many items after another count, Decay how fast their
	// weight falls: the d-th counts exp(-(d-1)/Decay).
	Window int
	Decay  float64
	// Back is the share of its weight at which the reverse order counts too.
	Back float64
	// Entries bounds the entries that are kept, over all items.
	Entries int
	Workers int
}

// Weights returns the weight of each distance, those below 1/1000 left out.
func (c Config) Weights() []float32 {
	var w []float32
	for d := range c.Window {
		x := math.Exp(-float64(d) / c.Decay)
		if x < 1e-3 {
			break
		}
		w = append(w, float32(x))
	}
	return w
}

// Counts is a sparse matrix: row i has the items that follow item i, with their
// weights.
type Counts struct {
	Start  []int
	Item   []uint32
	Weight []float32
}

// Row returns the items that follow an item, and their weights.
func (c *Counts) Row(item uint32) ([]uint32, []float32) {
	from, to := c.Start[item], c.Start[item+1]
	return c.Item[from:to], c.Weight[from:to]
}

// Count counts, over all sequences, how often items follow items, each time as
// much as the interaction weighs that follows. only, if not nil, says which rows
// are wanted; the others stay empty. Rows ascend by item; those that would
// exceed an even share of cfg.Entries keep their heaviest entries. It takes 4
// bytes for each item and worker and 8 for each interaction beside the result.
func Count(ctx context.Context, s *history.Sequences, items int, only []bool, cfg Config) (*Counts, error) {
	places := newPlaces(s, items)
	weights := cfg.Weights()
	longest := max(64, cfg.Entries/max(items, 1))
	type row struct {
		item   []uint32
		weight []float32
	}
	rows := make([]row, items)
	sums := make(chan []float32, max(cfg.Workers, 1)) // dense rows of zeros
	for range cap(sums) {
		sums <- nil
	}
	err := recipe.Blocks(ctx, cfg.Workers, items, 16, func(from, to int) {
		sum := <-sums
		if sum == nil {
			sum = make([]float32, items)
		}
		var touched []uint32
		for i := from; i < to; i++ {
			if only != nil && !only[i] {
				continue
			}
			touched = places.add(s, uint32(i), weights, float32(cfg.Back), sum, touched[:0])
			if len(touched) > longest {
				slices.SortFunc(touched, func(a, b uint32) int {
					return cmp.Or(cmp.Compare(sum[b], sum[a]), cmp.Compare(a, b))
				})
				for _, j := range touched[longest:] {
					sum[j] = 0
				}
				touched = touched[:longest]
			}
			touched = ascending(touched, sum)
			r := row{slices.Clone(touched), make([]float32, len(touched))}
			for e, j := range touched {
				r.weight[e], sum[j] = sum[j], 0
			}
			rows[i] = r
		}
		sums <- sum
	})
	if err != nil {
		return nil, err
	}
	c := &Counts{Start: make([]int, items+1)}
	for i, r := range rows {
		c.Start[i+1] = c.Start[i] + len(r.item)
	}
	c.Item, c.Weight = make([]uint32, c.Start[items]), make([]float32, c.Start[items])
	for i, r := range rows {
		copy(c.Item[c.Start[i]:], r.item)
		copy(c.Weight[c.Start[i]:], r.weight)
		rows[i] = row{}
	}
	return c, nil
}

// ascending sorts the items that have sums. Where they are many among all it is
// quicker to look at each sum.
func ascending(touched []uint32, sum []float32) []uint32 {
	if len(touched) < len(sum)/16 {
		slices.Sort(touched)
		return touched
	}
	touched = touched[:0]
	for j, x := range sum {
		if x != 0 {
			touched = append(touched, uint32(j))
		}
	}
	return touched
}

// places is where each item occurs in the sequences.
type places struct {
	start []int    // of each item's part of at
	at    []uint32 // indices of Sequences.Item
	user  []uint32 // by index of Sequences.Item
}

func newPlaces(s *history.Sequences, items int) places {
	p := places{start: make([]int, items+1), at: make([]uint32, len(s.Item)), user: make([]uint32, len(s.Item))}
	for _, it := range s.Item {
		p.start[it+1]++
	}
	for it := range items {
		p.start[it+1] += p.start[it]
	}
	next := slices.Clone(p.start)
	for i, it := range s.Item {
		p.at[next[it]] = uint32(i)
		next[it]++
	}
	for u := range s.Users() {
		for i := s.Start[u]; i < s.Start[u+1]; i++ {
			p.user[i] = uint32(u)
		}
	}
	return p
}

// add adds the row of one item to sum, which is zero before, and returns the
// items that it touched.
func (p places) add(s *history.Sequences, item uint32, weights []float32, back float32, sum []float32, touched []uint32) []uint32 {
	for _, at := range p.at[p.start[item]:p.start[item+1]] {
		from, to := s.Start[p.user[at]], s.Start[p.user[at]+1]
		if s.Weight != nil {
			touched = weighted(s, int(at), from, to, weights, back, sum, touched)
			continue
		}
		after := s.Item[at+1 : to]
		for d, j := range after[:min(len(after), len(weights))] {
			if sum[j] == 0 {
				touched = append(touched, j)
			}
			sum[j] += weights[d]
		}
		if back == 0 {
			continue
		}
		for d := range min(len(weights), int(at)-from) {
			j := s.Item[int(at)-1-d]
			if sum[j] == 0 {
				touched = append(touched, j)
			}
			sum[j] += back * weights[d]
		}
	}
	return touched
}

// weighted adds what follows one interaction, and what is before it, where
// interactions weigh unlike. Those that weigh nothing are not followed to.
func weighted(s *history.Sequences, at, from, to int, weights []float32, back float32, sum []float32, touched []uint32) []uint32 {
	count := func(i int, w float32) {
		if w *= s.Weight[i]; w == 0 {
			return
		}
		j := s.Item[i]
		if sum[j] == 0 {
			touched = append(touched, j)
		}
		sum[j] += w
	}
	for d := range min(len(weights), to-at-1) {
		count(at+1+d, weights[d])
	}
	for d := range min(len(weights), at-from) {
		count(at-1-d, back*weights[d])
	}
	return touched
}
