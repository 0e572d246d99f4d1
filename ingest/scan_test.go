package ingest

import (
	"bytes"
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

// reference reads CSV by the rules, one character after the other and with no
// regard to speed. All faults are "bad".
func reference(data string, cols int) []scanned {
	out := []scanned{}
	for n, line := range strings.Split(data, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			continue
		}
		var fields []string
		var nulls []bool
		bad := false
		for at, done := 0, false; !done && !bad; {
			value, quoted, closed := "", false, false
			if at < len(line) && line[at] == '"' {
				quoted = true
				at++
			}
			for {
				if at == len(line) {
					done = true
					bad = bad || quoted && !closed
					break
				}
				c := line[at]
				at++
				var after byte
				if at < len(line) {
					after = line[at]
				}
				if c == ',' && (!quoted || closed) {
					break
				}
				switch {
				case closed:
					bad = true // text behind the closing quote
				case quoted && c == '\\' && (after == '"' || after == '\\'), quoted && c == '"' && after == '"':
					value += string(after)
					at++
				case quoted && c == '"':
					closed = true
				case !quoted && (c == '"' || c == '\r'):
					bad = true
				default:
					value += line[at-1 : at]
				}
			}
			fields = append(fields, value)
			nulls = append(nulls, value == "" && !quoted)
		}
		r := scanned{line: int64(n + 1), fault: "bad"}
		if !bad && len(fields) == cols {
			r = scanned{line: int64(n + 1), fields: fmt.Sprintf("%q", fields), nulls: fmt.Sprint(nulls)}
		}
		out = append(out, r)
	}
	return out
}

// byLine reads the text line by line with encoding/csv, all faults being
// "bad". It returns nil where a line has something that the two understand
// differently.
func byLine(data string, cols int) []scanned {
	out := []scanned{}
	line := int64(0)
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

// blunt returns rows as the readers of the tests find them.
func blunt(rows []scanned, nulls bool) []scanned {
	rows = slices.Clone(rows)
	for i := range rows {
		if !nulls {
			rows[i].nulls = ""
		}
		if rows[i].fault != "" {
			rows[i].fault = "bad"
		}
	}
	return rows
}

// compareScan compares the rows of a text with those of the two other readers.
func compareScan(t *testing.T, data string, cols int) {
	t.Helper()
	got := scanText(t, data, cols, nil)
	if want := reference(data, cols); !slices.Equal(blunt(got, true), want) {
		t.Errorf("%q:\ngot  %v\nwant %v", data, got, want)
	}
	if want := byLine(data, cols); want != nil && !slices.Equal(blunt(got, false), want) {
		t.Errorf("%q:\ngot          %v\nencoding/csv %v", data, got, want)
	}
}

// FuzzScan compares the splitting of records with a reader that goes character
// by character, and with encoding/csv where that has the same rules.
func FuzzScan(f *testing.F) {
	for _, s := range []string{
		"a,b\nc,d\n", "a,b", "", "\n\n", ",\n,\n", "a,b,c\nd\n", "\"a,\",\"b\"\"\"\r\nc,d\r\n", "\"a\\\"b\",\\\n", "a\rb,c\n",
		"\"a,b\nc\",d\n", "a\"b,c\n", "\"a\"b,c\n", "\xff,\x00\n", "aaaaaaaa,bbbbbbb\ncccccccc,ddddddd\r\n", "\"\",\n,\"\"\n", "\"a\\\\\",b\n",
	} {
		f.Add(s, uint8(1))
	}
	f.Fuzz(func(t *testing.T, data string, cols uint8) { compareScan(t, data, int(cols)%5+1) })
}

// TestScanMutated compares the readers on good text of which some characters
// were changed.
func TestScanMutated(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	}()
	r := rand.New(rand.NewPCG(seed, 1))
	cells := []string{"", "a", "user-123", "1700000000", `""`, `"q"`, `"a,b"`, `"say \"hi\""`, `"say ""hi"""`, `"\\"`, `"a\b"`, "ü", "a b", `\`, strings.Repeat("long", 20)}
	ends := []string{"\n", "\n", "\r\n", "\n\n"}
	const special = "\",\\\n\r a\xff"
	for range 400 {
		cols := 1 + r.IntN(5)
		var b strings.Builder
		for range r.IntN(30) {
			for c := range cols {
				if c > 0 {
					b.WriteByte(',')
				}
				b.WriteString(cells[r.IntN(len(cells))])
			}
			b.WriteString(ends[r.IntN(len(ends))])
		}
		data := []byte(b.String())
		for n := r.IntN(8); n > 0 && len(data) > 0; n-- {
			at := r.IntN(len(data))
			switch c := special[r.IntN(len(special))]; r.IntN(3) {
			case 0:
				data[at] = c
			case 1:
				data = slices.Insert(data, at, c)
			default:
				data = slices.Delete(data, at, at+1)
			}
		}
		compareScan(t, string(data), cols)
	}
}

// More records than a batch takes, with all kinds of row at its border.
func TestScanBatches(t *testing.T) {
	t.Parallel()
	for _, special := range []string{"a,b\n", "a,b\r\n", "\"a\",b\n", "\n", "\r\n", "a\n", "\"a\n"} {
		for _, at := range []int{batchRows - 2, batchRows - 1, batchRows, batchRows + 1} {
			data := strings.Repeat("1,2\n", at) + special + strings.Repeat("3,4\n", batchRows)
			got := scanText(t, data, 2, nil)
			want := strings.Count(data, "\n")
			if strings.TrimSpace(special) == "" {
				want--
			}
			if len(got) != want {
				t.Errorf("%q at row %d: %d records, want %d", special, at, len(got), want)
			}
			last := scanned{0, int64(strings.Count(data, "\n")), `["3" "4"]`, "[false false]", ""}
			if got[len(got)-1] != last {
				t.Errorf("%q at row %d: last %v, want %v", special, at, got[len(got)-1], last)
			}
		}
	}
}

// endless is a Source of one object that begins with a header and goes on
// without line ends.
type endless struct{ begin string }

func (e endless) Open(_ context.Context, _ bespoke.Object, offset, length int64) (io.ReadCloser, error) {
	b := bytes.Repeat([]byte("x"), int(length))
	if offset < int64(len(e.begin)) {
		copy(b, e.begin[offset:])
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

// A record that does not end in 16 MiB is refused, rather than held in memory,
// also where a few bytes decompress to it.
func TestRecordTooLong(t *testing.T) {
	t.Parallel()
	const size = 40 << 20
	s := stringColumns(2)
	src := endless{header(2)}
	o := bespoke.Object{Bucket: "b", Key: "0", Size: size}
	lay, err := readLayout(t.Context(), src, o, s, false)
	if err != nil {
		t.Fatal(err)
	}
	p := newPlan([]bespoke.Object{o}, splitBytes, func(int) bool { return false })
	f := &fetching{plan: p, splits: newSplits(p.objects, len(p.tasks), 100), layouts: []*layout{lay}, source: src, schema: s, progress: &Progress{}}
	f.buffers(1)
	if err := (&loader{fetching: f}).load(t.Context()); err == nil || !strings.Contains(err.Error(), "longer than 16 MiB") {
		t.Errorf("error %v", err)
	}
	for _, data := range []string{gzipped(t, header(2)+strings.Repeat("x", size)), zstandard(t, header(2)+strings.Repeat("x", size))} {
		if _, err := scanObjects(t, texts{data: []string{data}}, s, splitBytes, nil); err == nil || !strings.Contains(err.Error(), "longer than 16 MiB") {
			t.Errorf("compressed: error %v", err)
		}
	}
}
