package lake

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/zeebo/xxh3"
)

// Stats is what a table holds at one snapshot.
type Stats struct {
	Snapshot int64            // its id, 0 for a table without commits
	Rows     map[string]int64 // by origin
	// Users, Items and Actions count the different ids, nil where the table has no
	// such column.
	Users, Items, Actions *Distinct
	// First and Last are the range of TIMESTAMP; zero where there is none.
	First, Last time.Time
}

// Distinct is how many different values a column has.
type Distinct struct {
	Count int64
	// Approximate says that there were too many to be told apart one by one: the
	// standard error is then 0.8 %.
	Approximate bool
}

// Stats counts the table's newest state; see [Snapshot.Stats].
func (t *Table) Stats(ctx context.Context) (*Stats, error) {
	s, release, err := t.Hold(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	return s.Stats(ctx)
}

// countedAt returns what was counted of a snapshot last, nil if that is not known.
func (s *state) countedAt(snapshot int64) *Stats {
	s.counting.Lock()
	defer s.counting.Unlock()
	if s.stats == nil || s.stats.Snapshot != snapshot || snapshot == 0 {
		return nil
	}
	return s.stats
}

func (s *state) counted(st *Stats) {
	s.counting.Lock()
	defer s.counting.Unlock()
	s.stats = st
}

// Stats counts the snapshot. The ids are counted by reading them, in bounded memory;
// the last answer of a table is kept.
func (s *Snapshot) Stats(ctx context.Context) (*Stats, error) {
	if known := s.table.state.countedAt(s.ID); known != nil {
		return known, nil
	}
	st, err := s.count(ctx)
	if err == nil {
		s.table.state.counted(st)
	}
	return st, err
}

func (s *Snapshot) count(ctx context.Context) (*Stats, error) {
	release, err := s.Hold(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	st := &Stats{Snapshot: s.ID}
	if st.Rows, err = s.Rows(); err != nil {
		return nil, err
	}
	var columns []string
	var counters []*distinct
	targets := map[string]**Distinct{"USER_ID": &st.Users, "ITEM_ID": &st.Items, "ACTION_ID": &st.Actions}
	time64 := -1
	for _, f := range s.meta.CurrentSchema().Fields() {
		if targets[f.Name] != nil {
			columns, counters = append(columns, f.Name), append(counters, newDistinct())
		}
	}
	if _, ok := s.meta.CurrentSchema().FindFieldByName("TIMESTAMP"); ok {
		time64, columns = len(columns), append(columns, "TIMESTAMP")
	}
	low, high := int64(math.MaxInt64), int64(math.MinInt64)
	for b, err := range s.Scan(ctx, columns, "") {
		if err != nil {
			return nil, err
		}
		for c, d := range counters {
			ids, ok := b.Record.Column(c).(*array.String)
			if !ok {
				return nil, fmt.Errorf("lake: table %s: column %s is not a string", s.table.id, columns[c])
			}
			for i := range ids.Len() {
				if !b.Dead.Has(i) && ids.IsValid(i) {
					d.add(xxh3.HashString(ids.Value(i)))
				}
			}
		}
		if time64 < 0 {
			continue
		}
		at, ok := b.Record.Column(time64).(*array.Int64)
		if !ok {
			return nil, fmt.Errorf("lake: table %s: column TIMESTAMP is not a long", s.table.id)
		}
		for i := range at.Len() {
			if !b.Dead.Has(i) && at.IsValid(i) {
				low, high = min(low, at.Value(i)), max(high, at.Value(i))
			}
		}
	}
	for c, d := range counters {
		*targets[columns[c]] = d.result()
	}
	if low <= high {
		st.First, st.Last = time.Unix(low, 0).UTC(), time.Unix(high, 0).UTC()
	}
	return st, nil
}

// exactMost is how many different values are told apart exactly.
const exactMost = 1 << 20

// registerBits is the base-2 logarithm of the number of HyperLogLog registers;
// the standard error is 1.04 / sqrt(2^14).
const registerBits = 14

// distinct counts different hashes: in a set while they are few, then by
// HyperLogLog, whose registers it has filled all along. Beyond [exactMost] values
// the plain estimate needs neither of the corrections for small and large ranges.
// Source: Flajolet, Fusy, Gandouet and Meunier, AofA 2007, section 3, with 64-bit
// hashes as in Heule, Nunkesser and Hall, EDBT 2013.
type distinct struct {
	set       map[uint64]struct{} // nil once there are too many
	registers [1 << registerBits]uint8
}

func newDistinct() *distinct { return &distinct{set: map[uint64]struct{}{}} }

func (d *distinct) add(h uint64) {
	r, rest := h>>(64-registerBits), h<<registerBits|1<<(registerBits-1)
	d.registers[r] = max(d.registers[r], uint8(bits.LeadingZeros64(rest)+1))
	if d.set != nil {
		if d.set[h] = struct{}{}; len(d.set) > exactMost {
			d.set = nil
		}
	}
}

func (d *distinct) result() *Distinct {
	if d.set != nil {
		return &Distinct{Count: int64(len(d.set))}
	}
	const m = 1 << registerBits
	sum := 0.0
	for _, r := range d.registers {
		sum += math.Ldexp(1, -int(r))
	}
	alpha := 0.7213 / (1 + 1.079/m)
	return &Distinct{Count: int64(math.Round(alpha * m * m / sum)), Approximate: true}
}
