package ingest

import "context"

// Users are numbers of users in a dataset of interactions.
type Users struct {
	All      int64 // that occur in a good row
	Repeated int64 // of these, in at least two rows that differ
}

// countUsers counts the users of a log whose keys are a user's hash and the
// row's fingerprint, partition by partition. Different users agree in 64 bits
// with a probability of 1 in 10,000 among 50 million of them. Memory grows with
// the number of users.
func countUsers(ctx context.Context, log *keyLog) (Users, error) {
	var u Users
	var c comparison    // with the first row of each user
	var repeated []bool // which of them have another row
	for p := range partitions {
		if err := ctx.Err(); err != nil {
			return u, err
		}
		c.keys, repeated = c.keys[:0], repeated[:0]
		slots := c.table(min(log.count(p), tableKeys))
		for block, err := range log.blocks(p) {
			if err != nil {
				return u, err
			}
			mask := uint64(len(slots) - 1)
			for _, k := range block {
				i := k.high & mask // the partition is in the high bits
				for slots[i] != 0 && c.keys[slots[i]-1].high != k.high {
					i = (i + 1) & mask
				}
				switch n := slots[i]; {
				case n == 0:
					c.keys, repeated = append(c.keys, k), append(repeated, false)
					slots[i] = uint32(len(c.keys))
					u.All++
				case !repeated[n-1] && c.keys[n-1].low != k.low:
					repeated[n-1] = true
					u.Repeated++
				}
			}
			slots = c.room(slots)
		}
	}
	return u, nil
}
