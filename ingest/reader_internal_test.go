package ingest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"bespoke"
	"bespoke/schema"
)

// scanned is one row of an object, or what is wrong with it.
type scanned struct {
	object int
	line   int64
	fields string // each quoted
	nulls  string // for each field, whether it is null
	fault  string
}

// texts is a Source over objects in memory, of which each is read in chunks of
// at most so many bytes, 0 for any number.
type texts struct {
	data  []string
	chunk int
}

func (s texts) Open(_ context.Context, o bespoke.Object, offset, length int64) (io.ReadCloser, error) {
	var n int
	fmt.Sscan(o.Key, &n)
	r := io.Reader(strings.NewReader(s.data[n][offset : offset+length]))
	if s.chunk > 0 {
		r = &chunks{r, s.chunk}
	}
	return io.NopCloser(r), nil
}

// chunks reads few bytes at a time, and ends along with the last of them.
type chunks struct {
	r io.Reader
	n int
}

func (c *chunks) Read(b []byte) (int, error) {
	return c.r.Read(b[:min(c.n, len(b))])
}

func (s texts) objects() []bespoke.Object {
	var objects []bespoke.Object
	for i, d := range s.data {
		objects = append(objects, bespoke.Object{Bucket: "b", Key: fmt.Sprint(i), Size: int64(len(d))})
	}
	return objects
}

// strings returns a schema of n columns of strings that may be null.
func stringColumns(n int) *schema.Schema {
	s := &schema.Schema{}
	for i := range n {
		s.Columns = append(s.Columns, schema.Column{Name: fmt.Sprintf("C%d", i), Type: schema.String, Nullable: true})
	}
	return s
}

// scanObjects returns the rows of all objects, in order, read in splits of about
// size bytes by two loaders. Object 0 is cut where cuts say instead, if there
// are any, in ascending order from 0 on.
func scanObjects(t testing.TB, src texts, s *schema.Schema, size int64, cuts []int64) ([]scanned, error) {
	t.Helper()
	objects := src.objects()
	layouts := make([]*layout, len(objects))
	for i, o := range objects {
		if o.Size > size || i == 0 && cuts != nil {
			var err error
			if layouts[i], err = readLayout(t.Context(), src, o, s, false); err != nil {
				return nil, err
			}
		}
	}
	p := newPlan(objects, size, func(i int) bool { return layouts[i].packing != packingNone || layouts[i].format == formatParquet })
	if cuts != nil {
		p.tasks = nil
		for i, c := range cuts {
			p.tasks = append(p.tasks, task{[]part{{0, c, append(cuts, objects[0].Size)[i+1]}}})
		}
	}
	f := &fetching{
		plan: p, splits: newSplits(objects, len(p.tasks), 1<<20), layouts: layouts, source: src, schema: s,
		progress: &Progress{}, note: func([]string) {},
	}
	f.buffers(3)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	errs := make(chan error, 2)
	for range 2 {
		go func() { errs <- (&loader{fetching: f}).load(ctx) }()
	}
	type found struct {
		scanned
		at place
	}
	var all []found
	w := &worker{json: newJSONRows(s)}
	var at place
	report := func(line uint32, _ int, _ []byte, reason string) {
		at.line = line
		all = append(all, found{scanned{fault: reason}, at})
	}
	w.scan.report, w.json.report, w.parquet.report = report, report, report
	var b batch
	for ended := 0; ended < 2; {
		var l *loaded
		select {
		case err := <-errs:
			if err != nil {
				return nil, err
			}
			ended++
			continue
		case l = <-f.out:
		}
		for _, p := range l.parts {
			at = place{split: l.split, part: p.index}
			r, err := w.records(ctx, l, p)
			if err != nil {
				return nil, err
			}
			for more := true; more; {
				if more, err = r.fill(&b); err != nil {
					return nil, err
				}
				for r := range b.n {
					var fields []string
					var nulls []bool
					for c := range b.cols {
						start, end := b.at(r, c)
						fields = append(fields, string(b.buf[start:end]))
						nulls = append(nulls, start == end && b.isNull(r, c))
					}
					at.line = b.lines[r]
					all = append(all, found{scanned{fields: fmt.Sprintf("%q", fields), nulls: fmt.Sprint(nulls)}, at})
				}
			}
			l.lines = int64(w.text.line) - 1
		}
		f.free <- l
	}
	f.splits.settle()
	out := []scanned{}
	for _, r := range all {
		o, line := f.splits.find(r.at)
		fmt.Sscan(o.Key, &r.object)
		r.scanned.line = line
		out = append(out, r.scanned)
	}
	slices.SortFunc(out, func(a, b scanned) int { return cmp.Or(cmp.Compare(a.object, b.object), cmp.Compare(a.line, b.line)) })
	return out, nil
}

// header returns the header row of so many columns.
func header(cols int) string {
	return strings.Join(schemaLayout(formatCSV, stringColumns(cols)).names, ",") + "\n"
}

// scanText returns the rows of CSV that has no header, read as a whole or cut at
// the given offsets.
func scanText(t testing.TB, data string, cols int, cuts []int64) []scanned {
	t.Helper()
	h := header(cols)
	for i, c := range cuts {
		if i > 0 {
			cuts[i] = c + int64(len(h))
		}
	}
	rows, err := scanObjects(t, texts{data: []string{h + data}}, stringColumns(cols), splitBytes, cuts)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		rows[i].line--
	}
	return rows
}

func gzipped(t testing.TB, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstandard(t testing.TB, s string) string {
	t.Helper()
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	return string(z.EncodeAll([]byte(s), nil))
}

// inMembers compresses s in several members or frames.
func inMembers(r *rand.Rand, s string, pack func(string) string) string {
	var b strings.Builder
	for range r.IntN(4) {
		n := r.IntN(len(s) + 1)
		b.WriteString(pack(s[:n]))
		s = s[n:]
	}
	return b.String() + pack(s)
}
