package ingest

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"bespoke/lake"
	"bespoke/parquet"
)

// Comparing keys, with the log in memory and spilled, finds what a map finds.
func TestCompare(t *testing.T) {
	t.Parallel()
	const firstNew = 100_000
	for _, memory := range []int64{1 << 30, 1 << 20, 0} {
		for _, lastWins := range []bool{true, false} {
			log := newKeyLog(t.TempDir(), memory)
			r := rand.New(rand.NewPCG(uint64(memory), 1))
			found := r.Perm(2 * firstNew)
			best := map[uint64]uint64{} // fingerprint to the ordinal that stays
			dead := map[uint64]bool{}
			fingerprints := parquet.NewSeeds()
			w := keyWriter{log: log}
			for _, o := range found {
				o := uint64(o)
				f := parquet.Fold(uint64(r.IntN(3*firstNew))^fingerprints[0], fingerprints[1])
				if err := w.one(newKey(f, f>>3, o)); err != nil {
					t.Fatal(err)
				}
				b, ok := best[f]
				switch {
				case !ok:
					best[f] = o
				case (o > b) == lastWins:
					dead[b] = true
					best[f] = o
				default:
					dead[o] = true
				}
			}
			if err := w.flush(); err != nil {
				t.Fatal(err)
			}
			if spilled := log.file != nil; spilled != (memory < 1<<30) {
				t.Errorf("memory %d: spilled %v", memory, spilled)
			}
			rows := newDeadRows([]string{"f"}, []span{{ordinal: 0, file: 0, row: 0}})
			v, err := compare(t.Context(), log, 2, lastWins, ordinals{first: firstNew}, rows)
			if err != nil {
				t.Fatal(err)
			}
			var got []uint64
			for p := range rows.positions() {
				got = append(got, uint64(p.Row))
			}
			want := slices.Sorted(maps.Keys(dead))
			if !slices.Equal(got, want) {
				t.Errorf("memory %d: %d rows dead, want %d", memory, len(got), len(want))
			}
			old, _ := slices.BinarySearch(want, firstNew)
			if v.replaced.Load() != int64(old) || v.duplicate.Load() != int64(len(want)-old) {
				t.Errorf("memory %d: %d replaced and %d duplicate, want %d and %d", memory, v.replaced.Load(), v.duplicate.Load(), old, len(want)-old)
			}
			if err := log.close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// Positions come by path and row, whatever the order of files, spans and
// additions, and again when asked for again.
func TestDeadRows(t *testing.T) {
	t.Parallel()
	d := newDeadRows([]string{"b", "a"}, []span{{1000, 1, 5}, {0, 0, 200_000}, {2000, 0, 0}, {3000, 1, 100}})
	d.add([]uint64{1, 1000, 2003})
	d.add([]uint64{0, 3001})
	d.add(nil)
	want := []lake.Position{{Path: "a", Row: 5}, {Path: "a", Row: 101}, {Path: "b", Row: 3}, {Path: "b", Row: 200_000}, {Path: "b", Row: 200_001}}
	for range 2 {
		if got := slices.Collect(d.positions()); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestBloom(t *testing.T) {
	t.Parallel()
	const n = 100_000
	s := parquet.NewSeeds()
	at := func(i uint64) (uint64, uint64) { return parquet.Fold(i^s[0], s[1]), parquet.Fold(i^s[2], s[3]) }
	b := newBloom(n, 1<<30)
	for i := range uint64(n) {
		b.add(at(i))
	}
	wrong := 0
	for i := range uint64(2 * n) {
		if x, y := at(i); b.has(x, y) != (i < n) {
			if i < n {
				t.Fatalf("%d is lost", i)
			}
			wrong++
		}
	}
	if wrong > n/50 {
		t.Errorf("%d of %d wrongly taken for members", wrong, n)
	}
	if small := newBloom(1<<40, 1<<10); len(small.words)*8 > 1<<10 {
		t.Errorf("%d words", len(small.words))
	}
}

// A partition may have many rows with few keys, or more keys than are expected.
func TestCompareSkewed(t *testing.T) {
	t.Parallel()
	const distinct, repeats = tableKeys + tableKeys/2, 300_000
	seven := uint64(0x9E3779B97F4A7C15)
	seven *= 7
	for _, lastWins := range []bool{true, false} {
		log := newKeyLog(t.TempDir(), 1<<20)
		w := keyWriter{log: log}
		add := func(k key) {
			if err := w.one(k); err != nil {
				t.Fatal(err)
			}
		}
		ordinal := uint64(0)
		for i := range uint64(distinct) {
			add(newKey(i, i*0x9E3779B97F4A7C15, ordinal))
			ordinal++
		}
		for range repeats {
			add(newKey(7, seven, ordinal))
			ordinal++
		}
		if err := w.flush(); err != nil {
			t.Fatal(err)
		}
		rows := newDeadRows([]string{"f"}, []span{{}})
		v, err := compare(t.Context(), log, 2, lastWins, ordinals{}, rows)
		if err != nil {
			t.Fatal(err)
		}
		n, kept := 0, true // the row that is to stay: the last of the repeated ones, or the first
		stays := int64(7)
		if lastWins {
			stays = distinct + repeats - 1
		}
		for p := range rows.positions() {
			n++
			kept = kept && p.Row != stays
		}
		if n != repeats || v.duplicate.Load() != repeats || !kept {
			t.Errorf("last wins %v: %d rows dead, %d counted, want %d; kept %v", lastWins, n, v.duplicate.Load(), repeats, kept)
		}
		if err := log.close(); err != nil {
			t.Error(err)
		}
	}
}
