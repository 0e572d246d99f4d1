package ingest

import (
	"context"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// verdict is what comparing the rows found.
type verdict struct {
	duplicate atomic.Int64 // new rows that must not be visible
	replaced  atomic.Int64 // existing rows that must not be visible any more
}

// compare finds the rows of the log that must not be visible and gives them to
// dead. Of rows with the same key the last one stays if lastWins, else the
// first, by their ordinals as order has them. New rows are those whose ordinal
// is order.first or more. Partitions are
// compared independently, as many at once as there are workers.
func compare(ctx context.Context, log *keyLog, workers int, lastWins bool, order ordinals, dead *deadRows) (*verdict, error) {
	v := &verdict{}
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range workers {
		g.Go(func() error {
			c := comparison{order: order}
			for {
				p := int(next.Add(1)) - 1
				if p >= partitions {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				losers, err := c.partition(log, p, lastWins)
				if err != nil {
					return err
				}
				old := 0
				for _, o := range losers {
					if o < order.first {
						old++
					}
				}
				v.replaced.Add(int64(old))
				v.duplicate.Add(int64(len(losers) - old))
				dead.add(losers)
			}
		})
	}
	return v, g.Wait()
}

// comparison is the memory in which one worker compares partitions.
type comparison struct {
	order  ordinals
	keys   []key
	slots  []uint32 // open addressing: numbers of keys plus one
	losers []uint64
}

// partition returns the ordinals of the partition's rows that another row with
// the same key beats.
func (c *comparison) partition(log *keyLog, p int, lastWins bool) ([]uint64, error) {
	var err error
	if c.keys, err = log.take(p, c.keys[:0]); err != nil {
		return nil, err
	}
	if c.order.rank != nil {
		for i, k := range c.keys {
			c.keys[i].low = k.low&^ordinalMask | c.order.of(k.ordinal())
		}
	}
	slots := c.table(len(c.keys))
	c.losers = c.losers[:0]
	mask := uint64(len(slots) - 1)
	for n, k := range c.keys {
		i := k.high & mask // the partition is in the high bits
		for ; ; i++ {
			s := slots[i&mask]
			if s == 0 {
				slots[i&mask] = uint32(n) + 1
				break
			}
			o := c.keys[s-1]
			if !o.same(k) {
				continue
			}
			if (k.ordinal() > o.ordinal()) == lastWins { // k stays
				slots[i&mask] = uint32(n) + 1
				c.losers = append(c.losers, o.ordinal())
			} else {
				c.losers = append(c.losers, k.ordinal())
			}
			break
		}
	}
	slices.Sort(c.losers)
	return c.losers, nil
}

// table returns empty slots, a power of two, for n keys.
func (c *comparison) table(n int) []uint32 {
	size := 16
	for size < 2*n {
		size *= 2
	}
	if len(c.slots) < size {
		c.slots = make([]uint32, size)
	}
	slots := c.slots[:size]
	clear(slots)
	return slots
}
