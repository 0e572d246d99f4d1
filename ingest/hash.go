package ingest

import "bespoke/parquet"

// seeds are the random multipliers of one job's hashes: those of strings and
// those that values are mixed with into a row's fingerprint. Nobody can choose
// values that collide without knowing them. Equal within a job only.
type seeds struct {
	parquet.Seeds
	mix parquet.Seeds
}

func newSeeds() seeds { return seeds{parquet.NewSeeds(), parquet.NewSeeds()} }

// pad is how many readable bytes must follow a value that is hashed.
const pad = parquet.Pad

// prints are the fingerprints of a batch's rows under way: 128 bits each, into
// which column after column is mixed.
type prints struct {
	a, b [batchRows]uint64
}

// start begins the fingerprints of n rows.
func (p *prints) start(n int) {
	clear(p.a[:n])
	clear(p.b[:n])
}

// drop leaves bad rows out of the first n and returns how many remain.
func (p *prints) drop(n int, bad []bool) int {
	k := 0
	for r := range n {
		if !bad[r] {
			p.a[k], p.b[k] = p.a[r], p.b[r]
			k++
		}
	}
	return k
}

// nullMark and numberMark tell a null and a number from strings.
const (
	nullMark   = 0x9E3779B97F4A7C15
	numberMark = 0xC2B2AE3D27D4EB4F
)

// mix mixes the two hashes of row r's next value into its fingerprint.
func (p *prints) mix(s *seeds, r int, x, y uint64) {
	p.a[r] = parquet.Fold(p.a[r]^x^s.mix[0], s.mix[1])
	p.b[r] = parquet.Fold(p.b[r]^y^s.mix[2], s.mix[3])
}

// number mixes in a number, given as its 64 bits.
func (p *prints) number(s *seeds, r int, v uint64) { p.mix(s, r, v, v^numberMark) }

// null mixes in a null.
func (p *prints) null(s *seeds, r int) { p.mix(s, r, nullMark, nullMark) }
