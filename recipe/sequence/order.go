package sequence

import (
	"cmp"
	"context"
	"slices"

	"bespoke/recipe"
)

// Order puts the heaviest entries of each row first, those of one weight by
// item.
func (c *Counts) Order(ctx context.Context, workers int) error {
	type entry struct {
		item   uint32
		weight float32
	}
	return recipe.Blocks(ctx, workers, len(c.Start)-1, 64, func(from, to int) {
		var row []entry
		for i := from; i < to; i++ {
			items, weights := c.Row(uint32(i))
			row = row[:0]
			for e, j := range items {
				row = append(row, entry{j, weights[e]})
			}
			slices.SortFunc(row, func(a, b entry) int {
				return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.item, b.item))
			})
			for e, x := range row {
				items[e], weights[e] = x.item, x.weight
			}
		}
	})
}
