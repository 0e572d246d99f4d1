package dataset_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"bespoke"
	"bespoke/dataset"
	"bespoke/ingest"
	"bespoke/lake"
	"bespoke/schema"
)

var scope = bespoke.Scope{Partition: "aws", Region: "us-east-1", Account: "000000000000"}

const (
	events = `{"type":"record","name":"Interactions","fields":[{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},
		{"name":"EVENT_VALUE","type":["null","float"]},{"name":"TIMESTAMP","type":"long"}]}`
	items = `{"type":"record","name":"Items","fields":[{"name":"ITEM_ID","type":"string"},{"name":"GENRE","type":["null","string"],"categorical":true},
		{"name":"PRICE","type":["null","double"]}]}`
)

// row is one row with its place in time, as text; "" is null.
type row struct {
	cells   string // joined by commas
	arrived int64
	put     bool
	seq     int // of all rows, in the order in which they came
}

// subject is a dataset's table with the model of what it holds.
type subject struct {
	testing.TB
	table  *lake.Table
	schema *schema.Schema
	typ    bespoke.DatasetType
	bulk   []row
	puts   []row
	seq    int
	jobs   int
}

func open(t testing.TB, typ bespoke.DatasetType, text string) *subject {
	t.Helper()
	s := &subject{TB: t, typ: typ}
	l, err := lake.Open(t.Context(), lake.Config{Dir: t.TempDir()})
	s.must(err)
	t.Cleanup(func() { _ = l.Close() })
	s.schema, err = schema.Parse(text)
	s.must(err)
	s.table, err = l.Create(t.Context(), scope.Dataset("shop", typ), s.schema)
	s.must(err)
	return s
}

func (s *subject) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

type source string

func (o source) Open(_ context.Context, _ bespoke.Object, offset, n int64) (io.ReadCloser, error) {
	if n < 0 {
		n = int64(len(o)) - offset
	}
	return io.NopCloser(strings.NewReader(string(o[offset : offset+n]))), nil
}

// load imports rows at a time, as an import job does.
func (s *subject) load(mode bespoke.ImportMode, at int64, cells ...string) {
	s.Helper()
	var text bytes.Buffer
	for i, c := range s.schema.Columns {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(c.Name)
	}
	text.WriteByte('\n')
	for _, c := range cells {
		text.WriteString(c + "\n")
	}
	s.jobs++
	job := scope.ImportJob(fmt.Sprint("job", s.jobs))
	dir, err := s.table.NewDataDir(job)
	s.must(err)
	base, err := s.table.Snapshot(s.Context())
	s.must(err)
	src := source(text.String())
	res, err := ingest.Run(s.Context(), ingest.Config{
		Schema: s.schema, Arrow: s.table.Arrow(), Type: s.typ, Mode: mode, Arrived: time.UnixMilli(at), Source: src, Dir: dir, TempDir: s.TempDir(),
		Objects: []bespoke.Object{{Bucket: "b", Key: "k", ETag: "e", Size: int64(len(src))}}, Workers: 2,
		Existing: func(ctx context.Context, columns []string) iter.Seq2[lake.Batch, error] {
			return base.Scan(ctx, columns, lake.Bulk)
		},
	})
	s.must(err)
	_, err = s.table.Commit(s.Context(), lake.Commit{Job: job, Mode: mode, Origin: lake.Bulk, Base: base.ID, Files: res.Files, Dead: res.Dead})
	s.must(err)
	if mode == bespoke.Full {
		s.bulk = nil
	}
	for _, c := range cells {
		s.seq++
		s.bulk = append(s.bulk, row{c, at, false, s.seq})
	}
	s.bulk = slices.Collect(maps.Values(newest(s.bulk, s.key())))
}

// put commits individual rows, each with its time.
func (s *subject) put(rows ...row) {
	s.Helper()
	s.jobs++
	job := scope.ImportJob(fmt.Sprint("put", s.jobs))
	dir, err := s.table.NewDataDir(job)
	s.must(err)
	b := array.NewRecordBuilder(memory.DefaultAllocator, s.table.Arrow())
	defer b.Release()
	for _, r := range rows {
		for i, cell := range append(strings.Split(r.cells, ","), lake.Put, strconv.FormatInt(r.arrived, 10), "") {
			if cell == "" {
				cell = array.NullValueStr
			}
			s.must(b.Field(i).AppendValueFromString(cell))
		}
		s.seq++
		r.seq, r.put = s.seq, true
		s.puts = append(s.puts, r)
	}
	w, err := s.table.NewWriter(dir, lake.Put)
	s.must(err)
	rec := b.NewRecordBatch()
	defer rec.Release()
	s.must(w.Append(rec, nil))
	files, err := w.Close()
	s.must(err)
	_, err = s.table.Commit(s.Context(), lake.Commit{Job: job, Mode: bespoke.Incremental, Origin: lake.Put, Files: files})
	s.must(err)
}

// key says what makes rows one record.
func (s *subject) key() func(row) string {
	if s.typ.Key() == "" {
		return all
	}
	return func(r row) string { return strings.Split(r.cells, ",")[0] }
}

func all(r row) string { return r.cells }

// newest is the model: of rows with one key the newest.
func newest(rows []row, key func(row) string) map[string]row {
	out := map[string]row{}
	for _, r := range rows {
		was, ok := out[key(r)]
		put := func(r row) int { return map[bool]int{true: 1}[r.put] }
		if !ok || cmp.Or(cmp.Compare(r.arrived, was.arrived), cmp.Compare(put(r), put(was)), cmp.Compare(r.seq, was.seq)) >= 0 {
			out[key(r)] = r
		}
	}
	return out
}

// check compares a view with the model.
func (s *subject) check(origin string) {
	s.Helper()
	var rows []row
	key := s.key()
	switch origin {
	case lake.Bulk:
		rows = s.bulk
	case lake.Put:
		rows, key = s.puts, all
	default:
		rows = slices.Concat(s.bulk, s.puts)
	}
	var want []string
	for _, r := range newest(rows, key) {
		want = append(want, r.cells)
	}
	slices.Sort(want)
	snap, err := s.table.Snapshot(s.Context())
	s.must(err)
	v, err := dataset.Open(s.Context(), dataset.Config{Snapshot: snap, Type: s.typ, Schema: s.schema, Origin: origin, TempDir: s.TempDir(), Memory: 1 << 20})
	s.must(err)
	got := s.read(v)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		s.Fatalf("origin %q: got %d rows, want %d\n%s\n\n%s", origin, len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if v.Rows() != int64(len(want)) {
		s.Fatalf("origin %q: %d rows announced, %d read", origin, v.Rows(), len(got))
	}
}

func (s *subject) read(v *dataset.View) (rows []string) {
	s.Helper()
	var columns []string
	for _, c := range s.schema.Columns {
		columns = append(columns, c.Name)
	}
	for b, err := range v.Scan(s.Context(), columns) {
		s.must(err)
		for i := range int(b.Record.NumRows()) {
			if b.Dead.Has(i) {
				continue
			}
			var cells []string
			for _, c := range b.Record.Columns() {
				cell := ""
				if c.IsValid(i) {
					cell = c.ValueStr(i)
				}
				cells = append(cells, cell)
			}
			rows = append(rows, strings.Join(cells, ","))
		}
	}
	return rows
}

// TestModel runs random sequences of imports and individual records.
func TestModel(t *testing.T) {
	t.Parallel()
	for _, kind := range []struct {
		typ    bespoke.DatasetType
		schema string
		row    func(*rand.Rand) string
	}{
		{bespoke.Interactions, events, func(r *rand.Rand) string {
			return fmt.Sprintf("u%d,i%d,%s,%d", r.IntN(4), r.IntN(4), []string{"", "1.5", "2"}[r.IntN(3)], 1_700_000_000+r.IntN(3))
		}},
		{bespoke.Items, items, func(r *rand.Rand) string {
			return fmt.Sprintf("i%d,%s,%s", r.IntN(12), []string{"", "a", "b|c"}[r.IntN(3)], []string{"", "0.1", "1e+300"}[r.IntN(3)])
		}},
	} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprintf("%s/%d", kind.typ, seed), func(t *testing.T) {
				t.Parallel()
				r := rand.New(rand.NewPCG(seed, 7))
				s := open(t, kind.typ, kind.schema)
				s.check("")
				clock := int64(1_700_000_000_000)
				for range 8 {
					clock += int64(r.IntN(2)) // many at the same time
					var cells []string
					for range 1 + r.IntN(20) {
						cells = append(cells, kind.row(r))
					}
					switch n := r.IntN(5); {
					case n == 0 || n == 1 && len(s.bulk) > 0:
						s.load([]bespoke.ImportMode{bespoke.Full, bespoke.Incremental}[n], clock, cells...)
					default:
						var rows []row
						for _, c := range cells {
							rows = append(rows, row{cells: c, arrived: clock - int64(r.IntN(3))}) // not in order
						}
						s.put(rows...)
					}
					for _, origin := range []string{"", lake.Bulk, lake.Put} {
						s.check(origin)
					}
				}
			})
		}
	}
}

// TestManyRows has more rows than a batch, and more keys than fit in memory.
func TestManyRows(t *testing.T) {
	t.Parallel()
	s := open(t, bespoke.Items, items)
	var cells []string
	var rows []row
	for i := range 40_000 {
		cells = append(cells, fmt.Sprintf("i%d,bulk,1", i))
		rows = append(rows, row{cells: fmt.Sprintf("i%d,put,2", 2*i), arrived: 99 + int64(i%2)*2})
	}
	s.load(bespoke.Full, 100, cells...)
	s.put(rows...)
	s.check("")
	s.check(lake.Put)
}
