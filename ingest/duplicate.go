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
				err := c.partition(log, p, lastWins, func(losers []uint64) {
					old, _ := slices.BinarySearch(losers, order.first)
					v.replaced.Add(int64(old))
					v.duplicate.Add(int64(len(losers) - old))
					dead.add(losers)
				})
				if err != nil {
					return err
				}
			}
		})
	}
	return v, g.Wait()
}

// comparison is the memory in which one worker compares partitions.
type comparison struct {
	order  ordinals
	keys   []key    // of the rows that no other has beaten so far
	slots  []uint32 // open addressing: numbers of keys plus one
	losers []uint64
}

const (
	// tableKeys is how many keys a table has room for at first at most: a
	// partition may have many rows but few keys.
	tableKeys = 1 << 18
	// losersAtOnce is how many ordinals are kept before they are handed over.
	losersAtOnce = 1 << 16
)

// partition hands over the ordinals of the partition's rows that another row
// with the same key beats, some at a time and then ascending. Memory grows with
// the number of different keys.
func (c *comparison) partition(log *keyLog, p int, lastWins bool, lose func(ordinals []uint64)) error {
	c.keys, c.losers = c.keys[:0], c.losers[:0]
	slots := c.table(min(log.count(p), tableKeys))
	mask := uint64(len(slots) - 1)
	for block, err := range log.blocks(p) {
		if err != nil {
			return err
		}
		for _, k := range block {
			if c.order.rank != nil {
				k.low = k.low&^ordinalMask | c.order.of(k.ordinal())
			}
			i := k.high & mask // the partition is in the high bits
			for ; ; i++ {
				s := slots[i&mask]
				if s == 0 {
					c.keys = append(c.keys, k)
					slots[i&mask] = uint32(len(c.keys))
					break
				}
				o := &c.keys[s-1]
				if !o.same(k) {
					continue
				}
				loser := k.ordinal()
				if (loser > o.ordinal()) == lastWins { // k stays
					loser, *o = o.ordinal(), k
				}
				c.losers = append(c.losers, loser)
				break
			}
		}
		slots = c.room(slots)
		mask = uint64(len(slots) - 1)
		if len(c.losers) >= losersAtOnce {
			slices.Sort(c.losers)
			lose(c.losers)
			c.losers = c.losers[:0]
		}
	}
	slices.Sort(c.losers)
	lose(c.losers)
	return nil
}

// room returns slots of c.keys with room for another block: the given ones, or
// if these are too few, more.
func (c *comparison) room(slots []uint32) []uint32 {
	if 2*len(c.keys)+2*blockKeys <= len(slots) {
		return slots
	}
	slots = c.table(2 * len(c.keys))
	mask := uint64(len(slots) - 1)
	for n, k := range c.keys { // all of them different
		i := k.high & mask
		for slots[i] != 0 {
			i = (i + 1) & mask
		}
		slots[i] = uint32(n) + 1
	}
	return slots
}

// table returns empty slots, a power of two, for n keys and those of a block.
func (c *comparison) table(n int) []uint32 {
	size := 16
	for size < 2*n+2*blockKeys {
		size *= 2
	}
	if len(c.slots) < size {
		c.slots = make([]uint32, size)
	}
	slots := c.slots[:size]
	clear(slots)
	return slots
}
