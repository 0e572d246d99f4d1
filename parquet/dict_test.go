package parquet

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"testing"
)

// Looking up many strings at once finds what looking up one by one finds, for
// strings that differ in few bits and for words that share a slot.
func TestDictFindAll(t *testing.T) {
	t.Parallel()
	word := func(v string) Word {
		var b [16]byte
		copy(b[:], v)
		b[15] = byte(len(v))
		w := Word{A: binary.LittleEndian.Uint64(b[:]), B: binary.LittleEndian.Uint64(b[8:])}
		h := fnv.New64a()
		h.Write([]byte(v))
		w.Hash = h.Sum64() % 251 << 56 // crowded
		if len(v) == 0 {
			w.B |= Single << 56
		}
		return w
	}
	d := newDict(1 << 30)
	known := map[string]uint32{}
	r := rand.New(rand.NewPCG(5, 5))
	for range 200 {
		var texts []string
		var words []Word
		for range r.IntN(2048) {
			v := fmt.Sprintf("item-%d", r.IntN(3000))[:r.IntN(6)]
			if r.IntN(2) == 0 {
				v = fmt.Sprintf("item-%d", r.IntN(3000))
			}
			texts, words = append(texts, v), append(words, word(v))
		}
		out := make([]uint32, 2048)
		alone := map[uint32]bool{}
		for _, i := range d.FindAll(words, out, nil) {
			alone[i] = true
		}
		for i, v := range texts {
			k, ok := known[v]
			if !alone[uint32(i)] && (!ok || out[i] != k || v == "") {
				t.Fatalf("FindAll took %q for %d, want %d, %v", v, out[i], k, ok)
			}
			if got, found := d.Find(&words[i], []byte(v)); found != ok || ok && got != k {
				t.Fatalf("Find(%q) = %d, %v, want %d, %v", v, got, found, k, ok)
			}
		}
		for i, v := range texts {
			if _, ok := known[v]; ok {
				continue
			}
			known[v] = d.Add(&words[i], []byte(v))
			if got := string(d.text(known[v])); got != v {
				t.Fatalf("text of %q is %q", v, got)
			}
		}
	}
	if d.Len() != len(known) {
		t.Errorf("%d strings, want %d", d.Len(), len(known))
	}
}
