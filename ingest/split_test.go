package ingest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// cutAtRandom returns ascending offsets within size, from 0 on.
func cutAtRandom(r *rand.Rand, size, most int) []int64 {
	cuts := []int64{0}
	for range r.IntN(most) {
		cuts = append(cuts, r.Int64N(int64(size)+1))
	}
	slices.Sort(cuts)
	return cuts
}

// sameSplit reads data, a whole object, in all ways: cut anywhere, in splits of
// any size, in chunks of any size, compressed by any means; alone and with
// others. All rows, faults and lines must be the same.
func sameSplit(t *testing.T, data string, cols int, seed uint64) {
	t.Helper()
	s := stringColumns(cols)
	r := rand.New(rand.NewPCG(seed, 0))
	whole, err := scanObjects(t, texts{data: []string{data}}, s, int64(len(data))+1, nil)
	f := func(how string, src texts, object int, size int64, cuts []int64) {
		t.Helper()
		all, err2 := scanObjects(t, src, s, size, cuts)
		if err != nil || err2 != nil {
			if err == nil || err2 == nil {
				t.Errorf("%s: error %v\nwhole: %v", how, err2, err)
			}
			return
		}
		var got []scanned
		for _, row := range all {
			if row.object == object {
				row.object = 0
				got = append(got, row)
			}
		}
		if !slices.Equal(got, whole) {
			t.Errorf("%s: %v\nwhole: %v", how, got, whole)
		}
	}
	chunk := 1 + r.IntN(40)
	if packingOf([]byte(data)) == packingNone && formatOf([]byte(data)) != formatParquet && data != "" {
		cuts := cutAtRandom(r, len(data), 6)
		f(fmt.Sprintf("cut at %d", cuts), texts{[]string{data}, chunk}, 0, int64(len(data)), cuts)
	}
	size := 1 + r.Int64N(int64(len(data))+1)
	f(fmt.Sprintf("splits of %d", size), texts{[]string{data}, chunk}, 0, size, nil)
	z := inMembers(r, data, func(s string) string { return gzipped(t, s) })
	f(fmt.Sprintf("gzip in splits of %d", size), texts{[]string{z}, chunk}, 0, size, nil)
	f("gzip", texts{[]string{z}, 0}, 0, splitBytes, nil)
	zs := inMembers(r, data, func(s string) string { return zstandard(t, s) })
	f(fmt.Sprintf("zstd in splits of %d", size), texts{[]string{zs}, chunk}, 0, size, nil)
	if err == nil {
		other := header(cols) + strings.Repeat(",", cols-1) + "\n"
		if cols == 1 {
			other = header(cols) + "x\n"
		}
		f(fmt.Sprintf("among others in splits of %d", size), texts{[]string{other, z, other, data, zs, gzipped(t, other)}, chunk}, 1+2*r.IntN(2), size, nil)
	}
}

// FuzzSplit has objects of any text read in all ways.
func FuzzSplit(f *testing.F) {
	for _, rows := range []string{
		"a,b\nc,d\n", "a,b", "", "\n\n", "\"a,\",\"b\"\"\"\r\nc,d\r\n", "\"a\\\"b\",\\\n", "a\rb,c\n", "\"a,b\nc\",d\n", "\"\\\",\n\"\n",
	} {
		f.Add(header(2)+rows, uint8(1), uint64(1))
		f.Add(strings.ReplaceAll(header(2)+rows, "\n", "\r"), uint8(1), uint64(2))
		f.Add(strings.ReplaceAll(header(2)+rows, "\n", "\r\n"), uint8(1), uint64(3))
	}
	f.Add("\ufeff"+`{"C0":"a","C1":"\u00e9\n"}`+"\n"+`{"C0":1e3, "c1" : null}`+"\r\n\n"+`{"x":[{}],"C0":["a"]}`+"\n{", uint8(1), uint64(4))
	f.Fuzz(func(t *testing.T, data string, cols uint8, seed uint64) {
		if len(data) < 1<<16 {
			sameSplit(t, data, int(cols)%5+1, seed)
		}
	})
}

// Generated text with long records, read in cuts that often fall inside of
// them and beyond what is fetched behind a part.
func TestSplit(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	}()
	r := rand.New(rand.NewPCG(seed, 7))
	alphabet := []string{"a", "bc", ",", ",", "\"", "\\", "\n", "\r\n", " ", "é", "12345678", strings.Repeat("x", 3000)}
	for range 40 {
		var b bytes.Buffer
		for range r.IntN(200) {
			b.WriteString(alphabet[r.IntN(len(alphabet)-r.IntN(2))])
		}
		sameSplit(t, header(3)+b.String(), 3, r.Uint64())
		sameSplit(t, strings.NewReplacer("\r\n", "\r", "\n", "\r").Replace(header(3)+b.String()), 3, r.Uint64())
		var j strings.Builder
		for line := range strings.Lines(b.String()) {
			fmt.Fprintf(&j, `{"C0":%q,"c1":"\u00fc%d","C2":null}`+"\n", line, r.Int())
			if r.IntN(9) == 0 {
				j.WriteString(line)
			}
		}
		sameSplit(t, j.String(), 3, r.Uint64())
	}
}
