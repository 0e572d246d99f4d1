package ingest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"bespoke"
)

// memory is a Source over one text, for any object.
type memory string

func (m memory) Open(_ context.Context, _ bespoke.Object, offset, length int64) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(string(m[offset : offset+length]))), nil
}

// scanned is one row of a text, or what is wrong with it.
type scanned struct {
	line   uint32
	fields string // each quoted
	nulls  string // for each field, whether it is null
	fault  string
}

// scanAll returns the rows of a text that is read in parts that begin at the
// given offsets.
func scanAll(t testing.TB, data string, cols int, cuts []int64) []scanned {
	t.Helper()
	p := &plan{objects: []bespoke.Object{{Bucket: "b", Key: "k", Size: int64(len(data))}}}
	cuts = append(cuts, int64(len(data)))
	for i, c := range cuts[:len(cuts)-1] {
		p.splits = append(p.splits, split{[]part{{0, c, cuts[i+1]}}})
	}
	f := newFetcher(p, memory(data), &Progress{}, 1)
	var out []scanned
	before := uint32(0)
	for i := range p.splits {
		l := <-f.free
		if err := f.load(t.Context(), l, i); err != nil {
			t.Fatal(err)
		}
		s := scanner{buf: l.buf, next: l.parts[0].start, end: l.parts[0].end, cols: cols, line: 1}
		s.report = func(line uint32, _ int, _ []byte, reason string) {
			out = append(out, scanned{line: before + line, fault: reason})
		}
		var b batch
		for s.fill(&b) {
			for r := range b.n {
				var fields []string
				var nulls []bool
				for c := range cols {
					start, end := b.at(r, c)
					fields = append(fields, string(b.buf[start:end]))
					nulls = append(nulls, start == end && b.isNull(r, c))
				}
				out = append(out, scanned{before + b.lines[r], fmt.Sprintf("%q", fields), fmt.Sprint(nulls), ""})
			}
		}
		before += s.line - 1
		f.free <- l
	}
	slices.SortFunc(out, func(a, b scanned) int { return cmp.Compare(a.line, b.line) })
	return out
}

// byLine reads the text line by line with encoding/csv, all faults being
// "bad". It returns nil where a line has something that the two understand
// differently.
func byLine(data string, cols int) []scanned {
	out := []scanned{}
	line := uint32(0)
	for text := range strings.Lines(data) {
		line++
		text = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
		if text == "" {
			continue
		}
		if strings.ContainsAny(text, "\\\r") {
			return nil
		}
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord = -1
		rec, err := r.Read()
		if err != nil || len(rec) != cols {
			out = append(out, scanned{line: line, fault: "bad"})
			continue
		}
		out = append(out, scanned{line: line, fields: fmt.Sprintf("%q", rec)})
	}
	return out
}

// FuzzScan compares the splitting of records with encoding/csv where the two
// agree on the rules, and the text read as a whole with the text cut anywhere.
func FuzzScan(f *testing.F) {
	for _, s := range []string{
		"a,b\nc,d\n", "a,b", "", "\n\n", ",\n,\n", "a,b,c\nd\n", "\"a,\",\"b\"\"\"\r\nc,d\r\n", "\"a\\\"b\",\\\n", "a\rb,c\n",
		"\"a,b\nc\",d\n", "a\"b,c\n", "\"a\"b,c\n", "\xff,\x00\n", "aaaaaaaa,bbbbbbb\ncccccccc,ddddddd\r\n", "\"\",\n,\"\"\n", "\"a\\\\\",b\n",
	} {
		f.Add(s, uint64(1), uint8(2))
	}
	f.Fuzz(func(t *testing.T, data string, seed uint64, cols uint8) {
		n := int(cols)%5 + 1
		whole := scanAll(t, data, n, []int64{0})
		if want := byLine(data, n); want != nil {
			got := slices.Clone(whole)
			for i := range got {
				got[i].nulls = ""
				if got[i].fault != "" {
					got[i].fault = "bad"
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %v\nencoding/csv %v", got, want)
			}
		}
		r := rand.New(rand.NewPCG(seed, 0))
		cuts := []int64{0}
		for range r.IntN(6) {
			cuts = append(cuts, r.Int64N(int64(len(data)+1)))
		}
		slices.Sort(cuts)
		if got := scanAll(t, data, n, cuts); !slices.Equal(got, whole) {
			t.Errorf("cut at %d: %v\nwhole: %v", cuts, got, whole)
		}
	})
}

// Generated text with long records, read in cuts that often fall inside of
// them and beyond what is fetched behind a part.
func TestScanCuts(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	alphabet := []string{"a", "bc", ",", ",", "\"", "\\", "\n", "\r\n", " ", "é", "12345678", strings.Repeat("x", 3000)}
	for range 300 {
		var b bytes.Buffer
		for range r.IntN(200) {
			b.WriteString(alphabet[r.IntN(len(alphabet)-r.IntN(2))])
		}
		data := b.String()
		whole := scanAll(t, data, 3, []int64{0})
		for range 10 {
			cuts := []int64{0}
			for range r.IntN(10) {
				cuts = append(cuts, r.Int64N(int64(len(data)+1)))
			}
			slices.Sort(cuts)
			if got := scanAll(t, data, 3, cuts); !slices.Equal(got, whole) {
				t.Fatalf("cut at %d: %v\nwhole: %v", cuts, got, whole)
			}
		}
	}
}

// More records than a batch takes, with all kinds of row at its border.
func TestScanBatches(t *testing.T) {
	t.Parallel()
	for _, special := range []string{"a,b\n", "a,b\r\n", "\"a\",b\n", "\n", "\r\n", "a\n", "\"a\n"} {
		for _, at := range []int{batchRows - 2, batchRows - 1, batchRows, batchRows + 1} {
			data := strings.Repeat("1,2\n", at) + special + strings.Repeat("3,4\n", batchRows)
			got := scanAll(t, data, 2, []int64{0})
			want := strings.Count(data, "\n")
			if strings.TrimSpace(special) == "" {
				want--
			}
			if len(got) != want {
				t.Errorf("%q at row %d: %d records, want %d", special, at, len(got), want)
			}
			last := scanned{uint32(strings.Count(data, "\n")), `["3" "4"]`, "[false false]", ""}
			if got[len(got)-1] != last {
				t.Errorf("%q at row %d: last %v, want %v", special, at, got[len(got)-1], last)
			}
		}
	}
}

// A record that does not end in 16 MiB is refused, rather than held in memory.
func TestRecordTooLong(t *testing.T) {
	t.Parallel()
	data := memory("a,b\n" + strings.Repeat("x", 40<<20))
	p := newPlan([]bespoke.Object{{Bucket: "b", Key: "k", Size: int64(len(data))}}, splitBytes)
	f := newFetcher(p, data, &Progress{}, 1)
	err := f.load(t.Context(), <-f.free, 0)
	if err == nil || !strings.Contains(err.Error(), "longer than 16 MiB") {
		t.Errorf("error %v", err)
	}
}
