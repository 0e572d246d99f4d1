package export_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"bespoke"
	"bespoke/export"
	"bespoke/ingest"
	"bespoke/lake"
	"bespoke/schema"
)

// shelf is where parts go.
type shelf struct {
	staged, complete map[int]string
	fails            func(part int) error
}

type part struct {
	s *shelf
	n int
}

func (p part) Complete(context.Context) (bespoke.Object, error) {
	if p.s.fails != nil {
		if err := p.s.fails(-p.n - 1); err != nil {
			return bespoke.Object{}, err
		}
	}
	p.s.complete[p.n] = p.s.staged[p.n]
	delete(p.s.staged, p.n)
	return bespoke.Object{}, nil
}

func (p part) Abort(context.Context) error {
	delete(p.s.staged, p.n)
	return nil
}

func (s *shelf) stage(_ context.Context, n int, r io.Reader) (export.Staged, error) {
	if s.fails != nil {
		if err := s.fails(n); err != nil {
			return nil, err
		}
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	s.staged[n] = string(text)
	return part{s, n}, nil
}

func newShelf() *shelf { return &shelf{staged: map[int]string{}, complete: map[int]string{}} }

var everyType, _ = schema.Parse(`{"type":"record","name":"Items","fields":[{"name":"ITEM_ID","type":"string"},
	{"name":"NAME","type":["null","string"],"categorical":true},{"name":"TEXT","type":["null","string"],"textual":true},
	{"name":"YEAR","type":["null","int"]},{"name":"CREATION_TIMESTAMP","type":["null","long"]},{"name":"SHARE","type":["null","float"]},
	{"name":"PRICE","type":["null","double"]},{"name":"NEW","type":["null","boolean"]}]}`)

var types = map[schema.Type]arrow.DataType{
	schema.String: arrow.BinaryTypes.String, schema.Int: arrow.PrimitiveTypes.Int32, schema.Long: arrow.PrimitiveTypes.Int64,
	schema.Float: arrow.PrimitiveTypes.Float32, schema.Double: arrow.PrimitiveTypes.Float64, schema.Boolean: arrow.FixedWidthTypes.Boolean,
}

func names(s *schema.Schema) (out []string) {
	for _, c := range s.Columns {
		out = append(out, c.Name)
	}
	return out
}

// rows makes a batch of random rows of every type, with their text.
func rows(r *rand.Rand, n int) (lake.Batch, []string) {
	var fields []arrow.Field
	for _, c := range everyType.Columns {
		fields = append(fields, arrow.Field{Name: c.Name, Type: types[c.Type], Nullable: c.Nullable})
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	defer b.Release()
	pieces := []string{"a", `"`, `\`, ",", "ü", "日本", "🎬", " ", "|", "\t", "\r", `\"`, `""`, "n", "'", ";", "null", "\u2028"}
	text := func(least int) string {
		var s strings.Builder
		for range least + r.IntN(6) {
			s.WriteString(pieces[r.IntN(len(pieces))])
		}
		return s.String()
	}
	for i := range n {
		b.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("%d%s", i, text(1)))
		if i%5 == 4 {
			for _, f := range b.Fields()[1:] {
				f.AppendNull()
			}
			continue
		}
		b.Field(1).(*array.StringBuilder).Append(text(0))
		long := text(0)
		if i == 0 {
			long = strings.Repeat("lang, \"ü\\", 2000)
		}
		b.Field(2).(*array.StringBuilder).Append(long)
		b.Field(3).(*array.Int32Builder).Append(int32(r.Uint32()))
		b.Field(4).(*array.Int64Builder).Append(r.Int64N(1e11))
		float := math.Float32frombits(r.Uint32())
		double := math.Float64frombits(r.Uint64())
		switch {
		case i%3 == 0:
			float, double = float32(r.IntN(1000))/100, float64(r.IntN(1000))/100
		case float != float || double != double || math.IsInf(float64(float), 0) || math.IsInf(double, 0):
			float, double = math.SmallestNonzeroFloat32, math.MaxFloat64
		}
		b.Field(5).(*array.Float32Builder).Append(float)
		b.Field(6).(*array.Float64Builder).Append(double)
		b.Field(7).(*array.BooleanBuilder).Append(r.IntN(2) == 0)
	}
	rec := b.NewRecordBatch()
	return lake.Batch{Record: rec}, cells(rec, nil)
}

// cells returns the rows of a record as text that tells all values apart.
func cells(rec arrow.RecordBatch, dead lake.Bitmap) (out []string) {
	for i := range int(rec.NumRows()) {
		if dead.Has(i) {
			continue
		}
		var row []string
		for c := range everyType.Columns {
			v := "null"
			switch a := rec.Column(c).(type) {
			case *array.Float32:
				if a.IsValid(i) {
					v = fmt.Sprint(math.Float32bits(a.Value(i)))
				}
			case *array.Float64:
				if a.IsValid(i) {
					v = fmt.Sprint(math.Float64bits(a.Value(i)))
				}
			case *array.String:
				if a.IsValid(i) {
					v = fmt.Sprintf("%q", a.Value(i))
				}
			default:
				if a.IsValid(i) {
					v = a.ValueStr(i)
				}
			}
			row = append(row, v)
		}
		out = append(out, strings.Join(row, " "))
	}
	return out
}

func (s *shelf) Open(_ context.Context, o bespoke.Object, offset, n int64) (io.ReadCloser, error) {
	text := s.complete[int(o.Key[0])]
	if n < 0 {
		n = int64(len(text)) - offset
	}
	return io.NopCloser(strings.NewReader(text[offset : offset+n])), nil
}

// TestRoundTrip exports rows of every type in many parts, imports the parts, and
// finds the same rows.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	batch, want := rows(rand.New(rand.NewPCG(1, 2)), 3000)
	s := newShelf()
	w, err := export.Run(t.Context(), export.Config{
		Columns: names(everyType), PartBytes: 60_000, Stage: s.stage,
		Rows: func(yield func(lake.Batch, error) bool) { yield(batch, nil) },
	})
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	var objects []bespoke.Object
	for n := range len(s.complete) {
		size += len(s.complete[n])
		objects = append(objects, bespoke.Object{Bucket: "b", Key: string(rune(n)), ETag: "e", Size: int64(len(s.complete[n]))})
		if len(s.complete[n]) > 100_000 || !strings.HasPrefix(s.complete[n], "ITEM_ID,NAME,TEXT,YEAR,CREATION_TIMESTAMP,SHARE,PRICE,NEW\n") {
			t.Errorf("part %d has %d bytes and begins with %.80q", n, len(s.complete[n]), s.complete[n])
		}
	}
	if len(objects) < 3 || w != (bespoke.Written{Rows: 3000, Bytes: int64(size), Parts: int64(len(objects))}) {
		t.Fatalf("%d parts; written %+v", len(objects), w)
	}
	l, err := lake.Open(t.Context(), lake.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	job := bespoke.Scope{Partition: "aws", Region: "us-east-1", Account: "000000000000"}.ImportJob("again")
	table, err := l.Create(t.Context(), bespoke.Scope{}.Dataset("shop", bespoke.Items), everyType)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := table.NewDataDir(job)
	if err != nil {
		t.Fatal(err)
	}
	res, err := ingest.Run(t.Context(), ingest.Config{
		Schema: everyType, Arrow: table.Arrow(), Type: bespoke.Items, Arrived: time.Now(), Objects: objects, Source: s,
		Dir: dir, TempDir: t.TempDir(), Workers: 2,
	})
	if err != nil {
		t.Fatalf("%v: %+v", err, res.Bad)
	}
	if _, err := table.Commit(t.Context(), lake.Commit{Job: job, Mode: bespoke.Full, Origin: lake.Bulk, Files: res.Files, Dead: res.Dead}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for b, err := range table.Scan(t.Context(), names(everyType), "") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, cells(b.Record, b.Dead)...)
	}
	slices.Sort(got)
	slices.Sort(want)
	if len(got) != len(want) {
		t.Fatalf("%d rows came back, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

// TestDeadAndEmpty leaves dead rows out, and writes a header where there are no
// rows at all.
func TestDeadAndEmpty(t *testing.T) {
	t.Parallel()
	batch, _ := rows(rand.New(rand.NewPCG(1, 2)), 2)
	batch.Dead = lake.Bitmap{3}
	s := newShelf()
	w, err := export.Run(t.Context(), export.Config{Columns: []string{"A", "B"}, PartBytes: 1, Stage: s.stage,
		Rows: func(yield func(lake.Batch, error) bool) { yield(batch, nil) }})
	if err != nil || w.Rows != 0 || len(s.complete) != 1 || s.complete[0] != "A,B\n" {
		t.Errorf("%+v, %v, %v", w, err, s.complete)
	}
}

// TestFails gives up at every possible point and expects no part to appear.
func TestFails(t *testing.T) {
	t.Parallel()
	batch, _ := rows(rand.New(rand.NewPCG(1, 2)), 50)
	broken := errors.New("broken")
	config := func(s *shelf) export.Config {
		return export.Config{Columns: names(everyType), PartBytes: 3000, Stage: s.stage,
			Rows: func(yield func(lake.Batch, error) bool) { yield(batch, nil) }}
	}
	try := func(name string, change func(s *shelf, c *export.Config)) {
		t.Helper()
		s := newShelf()
		c := config(s)
		change(s, &c)
		_, err := export.Run(t.Context(), c)
		if !errors.Is(err, broken) || len(s.staged)+len(s.complete) > 0 {
			t.Errorf("%s: %v; %d parts are staged, %d complete", name, err, len(s.staged), len(s.complete))
		}
	}
	for n := range 3 {
		try(fmt.Sprint("stage ", n), func(s *shelf, _ *export.Config) {
			s.fails = func(part int) error {
				if part == n {
					return broken
				}
				return nil
			}
		})
	}
	try("rows", func(_ *shelf, c *export.Config) {
		c.Rows = func(yield func(lake.Batch, error) bool) { _ = yield(batch, nil) && yield(lake.Batch{}, broken) }
	})
	try("before", func(_ *shelf, c *export.Config) {
		c.Before = func(context.Context, int) error { return broken }
	})
	try("complete", func(s *shelf, _ *export.Config) {
		s.fails = func(part int) error {
			if part == -1 {
				return broken
			}
			return nil
		}
	})
}

// BenchmarkRun writes rows of every type to nowhere.
func BenchmarkRun(b *testing.B) {
	batch, _ := rows(rand.New(rand.NewPCG(1, 2)), 30_000)
	many := iter.Seq2[lake.Batch, error](func(yield func(lake.Batch, error) bool) {
		for range 10 {
			if !yield(batch, nil) {
				return
			}
		}
	})
	b.ReportAllocs()
	for b.Loop() {
		w, err := export.Run(b.Context(), export.Config{Columns: names(everyType), PartBytes: 8 << 20, Rows: many,
			Stage: func(_ context.Context, n int, r io.Reader) (export.Staged, error) {
				_, err := io.Copy(io.Discard, struct{ io.Reader }{r})
				return part{&shelf{staged: map[int]string{}, complete: map[int]string{}}, n}, err
			}})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(w.Bytes)
	}
}
