package insight

import (
	"bytes"
	"hash/maphash"
	"math"
	"strings"
	"time"

	"bespoke/schema"
)

// maxDistinct is how many values of a column are told apart.
const maxDistinct = 10_000

// farPast is a time before which a timestamp is taken for a mistake: 1990.
const farPast = 631_152_000

// tally is what is known of one column.
type tally struct {
	missing int64 // null, or an empty string
	filled  int64

	values map[uint64]struct{} // hashes of categories or event types; nil where not counted
	pipes  bool                // a value is several categories
	more   bool                // there are more than maxDistinct

	low, high  float64 // of numbers, valid once filled
	mean, sum2 float64 // sum2 is of squared distances from the mean
	past       int64   // times before farPast
	future     int64   // times more than a day from now
	horizon    float64 // that is, after this
}

func newTally(c schema.Column) tally {
	t := tally{low: math.Inf(1), high: math.Inf(-1), horizon: float64(time.Now().Add(24 * time.Hour).Unix())}
	if c.Categorical || c.Name == "EVENT_TYPE" {
		t.values = map[uint64]struct{}{}
		t.pipes = c.Categorical
	}
	return t
}

func (t *tally) text(seed maphash.Seed, v []byte) {
	if len(v) == 0 {
		t.missing++
		return
	}
	t.filled++
	for t.values != nil && !t.more {
		end := -1
		if t.pipes {
			end = bytes.IndexByte(v, '|')
		}
		if end < 0 {
			t.value(maphash.Bytes(seed, v))
			return
		}
		t.value(maphash.Bytes(seed, v[:end]))
		v = v[end+1:]
	}
}

func (t *tally) value(hash uint64) {
	if _, known := t.values[hash]; known {
		return
	}
	if t.more = len(t.values) == maxDistinct; !t.more {
		t.values[hash] = struct{}{}
	}
}

// number adds v to the moments.
// Source: Welford, Technometrics 4 (1962).
func (t *tally) number(v float64) {
	t.filled++
	t.low, t.high = min(t.low, v), max(t.high, v)
	d := v - t.mean
	t.mean += d / float64(t.filled)
	t.sum2 += d * (v - t.mean)
	if v < farPast {
		t.past++
	}
	if v > t.horizon {
		t.future++
	}
}

// merge adds what another worker has seen of the column.
// Source: Chan, Golub and LeVeque, COMPSTAT 1982.
func (t *tally) merge(o *tally) {
	if n := t.filled + o.filled; n > 0 {
		d := o.mean - t.mean
		t.sum2 += o.sum2 + d*d*float64(t.filled)*float64(o.filled)/float64(n)
		t.mean += d * float64(o.filled) / float64(n)
	}
	t.missing += o.missing
	t.filled += o.filled
	t.low, t.high = min(t.low, o.low), max(t.high, o.high)
	t.past += o.past
	t.future += o.future
	t.more = t.more || o.more
	for h := range o.values {
		if !t.more {
			t.value(h)
		}
	}
}

// share returns how much of the column has a value, from 0 to 1.
func (t *tally) share() float64 { return float64(t.filled) / float64(t.filled+t.missing) }

// deviations returns how many standard deviations v is from the mean, 0 where
// all values are the same.
func (t *tally) deviations(v float64) float64 {
	if t.sum2 <= 0 {
		return 0
	}
	return math.Abs(v-t.mean) / math.Sqrt(t.sum2/float64(t.filled))
}

// isTime reports whether the column holds times, in seconds since 1970.
func isTime(c schema.Column) bool { return strings.HasSuffix(c.Name, "TIMESTAMP") }
