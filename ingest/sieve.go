package ingest

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/apache/arrow-go/v18/arrow/array"

	"bespoke/lake"
)

// SieveConfig says which rows are one record and which of them stays.
type SieveConfig struct {
	Columns []string // rows that agree in these are one record
	// Newest is a column of longs that is not null: of the rows of a record the
	// one with the greatest value stays, among equal values the last one added.
	// "" means that the first row stays.
	Newest  string
	Rows    int64  // about how many will be added
	TempDir string // for spilled keys; "" means the system's
	Memory  int64  // bytes, about; 0 means 64 MiB
}

// Sieve finds the rows of a table that another row makes superfluous. Rows are
// compared by 88 bits of seeded fingerprints, as imports compare them, in
// partitions that spill to disk. Not safe for concurrent use.
type Sieve struct {
	cfg    SieveConfig
	hasher hasher
	log    *keyLog
	keys   keyWriter
	added  *bloom
	paths  []string
	files  map[string]int
	spans  []span
	next   uint64 // ordinal of the next row that Add reads
	before uint64 // of the next row that Match reads
}

// NewSieve returns an empty sieve. It has to be closed.
func NewSieve(cfg SieveConfig) *Sieve {
	if cfg.Memory == 0 {
		cfg.Memory = 64 << 20
	}
	log := newKeyLog(cfg.TempDir, cfg.Memory/2)
	return &Sieve{
		cfg: cfg, log: log, keys: keyWriter{log: log}, added: newBloom(cfg.Rows, cfg.Memory/4), files: map[string]int{},
		hasher: hasher{seeds: newSeeds(), prints: new(prints)}, next: 1 << (ordinalBits - 1),
	}
}

// Close frees what the sieve has spilled.
func (s *Sieve) Close() error { return s.log.close() }

// columns are what rows given to a sieve must have.
func (s *Sieve) columns() []string {
	if s.cfg.Newest == "" {
		return s.cfg.Columns
	}
	return append(s.cfg.Columns[:len(s.cfg.Columns):len(s.cfg.Columns)], s.cfg.Newest)
}

// Add takes the rows that scan yields for the columns it is given.
func (s *Sieve) Add(scan func(columns []string) iter.Seq2[lake.Batch, error]) error {
	return s.each(scan, &s.next, func(x, y uint64) bool {
		s.added.add(x, y)
		return true
	})
}

// Match takes, after all calls of Add, those rows that may be the same record as
// an added one. They count as read before the added rows. Rows that only agree
// among themselves are not found.
func (s *Sieve) Match(scan func(columns []string) iter.Seq2[lake.Batch, error]) error {
	return s.each(scan, &s.before, s.added.has)
}

func (s *Sieve) each(scan func(columns []string) iter.Seq2[lake.Batch, error], ordinal *uint64, wanted func(x, y uint64) bool) error {
	for b, err := range scan(s.columns()) {
		if err != nil {
			return err
		}
		if err := s.batch(b, *ordinal, wanted); err != nil {
			return fmt.Errorf("compare rows of %s: %w", b.Path, err)
		}
		*ordinal += uint64(b.Record.NumRows())
	}
	return nil
}

func (s *Sieve) batch(b lake.Batch, ordinal uint64, wanted func(x, y uint64) bool) error {
	if err := s.hasher.begin(b.Record, s.cfg.Columns); err != nil {
		return err
	}
	var newest *array.Int64
	if s.cfg.Newest != "" {
		at := b.Record.Schema().FieldIndices(s.cfg.Newest)
		if len(at) != 1 {
			return fmt.Errorf("column %s occurs %d times", s.cfg.Newest, len(at))
		}
		var ok bool
		if newest, ok = b.Record.Column(at[0]).(*array.Int64); !ok || newest.NullN() > 0 {
			return fmt.Errorf("column %s is no long, or null", s.cfg.Newest)
		}
	}
	s.place(b, ordinal)
	n := int(b.Record.NumRows())
	for from := 0; from < n; from += batchRows {
		k := min(n-from, batchRows)
		s.hasher.hash(from, k)
		for i := range k {
			x, y := s.hasher.prints.a[i], s.hasher.prints.b[i]
			if b.Dead.Has(from+i) || !wanted(x, y) {
				continue
			}
			key := newKey(x, y, ordinal+uint64(from+i))
			var err error
			if newest == nil {
				err = s.keys.one(key)
			} else {
				err = s.keys.timed(key, newest.Value(from+i))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// place notes where the rows of b are.
func (s *Sieve) place(b lake.Batch, ordinal uint64) {
	file, ok := s.files[b.Path]
	if !ok {
		file = len(s.paths)
		s.files[b.Path] = file
		s.paths = append(s.paths, b.Path)
	}
	if k := len(s.spans) - 1; k >= 0 {
		last := s.spans[k]
		if last.file == file && ordinal >= last.ordinal && b.First-last.row == int64(ordinal-last.ordinal) {
			return // goes on where the last one ends
		}
	}
	if b.Record.NumRows() > 0 {
		s.spans = append(s.spans, span{ordinal, file, b.First})
	}
}

// Superfluous compares what was taken. The sieve is empty afterwards.
func (s *Sieve) Superfluous() (*Superfluous, error) {
	if err := s.keys.flush(); err != nil {
		return nil, err
	}
	out := &Superfluous{files: s.files, dead: newDeadRows(s.paths, s.spans)}
	lose := func(losers []uint64) {
		matched, _ := slices.BinarySearch(losers, 1<<(ordinalBits-1))
		out.Matched += int64(matched)
		out.Added += int64(len(losers) - matched)
		out.dead.add(losers)
	}
	var c comparison
	for p := range partitions {
		var err error
		if s.cfg.Newest == "" {
			err = c.partition(s.log, p, false, lose)
		} else {
			err = c.newest(s.log, p, lose)
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// timed adds a key with a time, as two keys that follow one another: blocks have
// room for an even number.
func (w *keyWriter) timed(k key, time int64) error {
	i := k.high >> (64 - partitionBits)
	b := append(w.blocks[i], k, key{high: uint64(time) ^ 1<<63}) // in the order of unsigned numbers
	if len(b) < blockKeys {
		w.blocks[i] = b
		return nil
	}
	return w.put(int(i), b)
}

// newest is partition for a log of keys with times: the greatest time stays, of
// several the greatest ordinal.
func (c *comparison) newest(log *keyLog, p int, lose func(ordinals []uint64)) error {
	var err error
	if c.keys, err = log.take(p, c.keys[:0]); err != nil {
		return err
	}
	if len(c.keys)%2 != 0 || len(c.keys) > math.MaxUint32 {
		return errors.New("a partition of keys with times has lost one")
	}
	slots := c.table(len(c.keys) / 2)
	c.losers = c.losers[:0]
	mask := uint64(len(slots) - 1)
	for n := 0; n < len(c.keys); n += 2 {
		k, time := c.keys[n], c.keys[n+1].high
		for i := k.high & mask; ; i++ {
			s := slots[i&mask]
			if s == 0 {
				slots[i&mask] = uint32(n) + 1
				break
			}
			o, other := c.keys[s-1], c.keys[s].high
			if !o.same(k) {
				continue
			}
			if time > other || time == other && k.ordinal() > o.ordinal() {
				slots[i&mask] = uint32(n) + 1
				c.losers = append(c.losers, o.ordinal())
			} else {
				c.losers = append(c.losers, k.ordinal())
			}
			break
		}
	}
	slices.Sort(c.losers)
	lose(c.losers)
	return nil
}

// Superfluous are the rows that a [Sieve] holds back. Safe for concurrent use.
type Superfluous struct {
	Added, Matched int64 // how many of the rows taken by Add and by Match

	files map[string]int
	dead  *deadRows
}

// Hide returns the batch with its superfluous rows marked as dead too.
func (s *Superfluous) Hide(b lake.Batch) lake.Batch {
	marks := s.Marks(b.Path, b.First, int(b.Record.NumRows()))
	if marks == nil {
		return b
	}
	for i, dead := range b.Dead {
		marks[i] |= dead
	}
	b.Dead = marks
	return b
}

// Marks returns which of the rows [first, first+rows) of a file are superfluous,
// counted from first; nil if none is.
func (s *Superfluous) Marks(path string, first int64, rows int) lake.Bitmap {
	file, ok := s.files[path]
	if !ok {
		return nil
	}
	var marks lake.Bitmap
	last := first + int64(rows)
	for row := first; row < last; {
		stretch := s.dead.stretch(file, row)
		end := min((row>>16+1)<<16, last)
		if stretch == nil {
			row = end
			continue
		}
		for ; row < end; row++ {
			if stretch[row>>6&1023]>>(row&63)&1 == 0 {
				continue
			}
			if marks == nil {
				marks = make(lake.Bitmap, (rows+63)/64)
			}
			marks.Set(int(row - first))
		}
	}
	return marks
}
