package ingest

import "context"

// Users are numbers of users in a dataset of interactions.
type Users struct {
	All      int64 // that occur in a good row
	Repeated int64 // of these, in at least two rows that differ
}

// repeated marks in a slot that its user has at least two different rows.
const repeated = 1 << 31

// countUsers counts the users of a log whose keys are a user's hash and the
// row's fingerprint, partition by partition. Different users agree in 64 bits
// with a probability of 1 in 10,000 among 50 million of them.
func countUsers(ctx context.Context, log *keyLog) (Users, error) {
	var u Users
	var keys []key
	var slots []uint32 // open addressing: numbers of keys plus one, and repeated
	for p := range partitions {
		if err := ctx.Err(); err != nil {
			return u, err
		}
		var err error
		if keys, err = log.take(p, keys[:0]); err != nil {
			return u, err
		}
		size := 16
		for size < 2*len(keys) {
			size *= 2
		}
		if len(slots) < size {
			slots = make([]uint32, size)
		}
		table := slots[:size]
		clear(table)
		mask := uint64(size - 1)
		for n, k := range keys {
			i := k.high & mask // the partition is in the high bits
			for table[i] != 0 && keys[table[i]&^repeated-1].high != k.high {
				i = (i + 1) & mask
			}
			switch s := table[i]; {
			case s == 0:
				table[i] = uint32(n) + 1
				u.All++
			case s < repeated && keys[s-1].low != k.low:
				table[i] |= repeated
				u.Repeated++
			}
		}
	}
	return u, nil
}
