package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"bespoke"
	"bespoke/ingest"
	"bespoke/lake"
	"bespoke/schema"
)

// objects is a Source over memory.
type objects map[string]string

func (o objects) Open(_ context.Context, obj bespoke.Object, offset, length int64) (io.ReadCloser, error) {
	text, ok := o[obj.Key]
	if !ok {
		return nil, fmt.Errorf("%s: no such object", obj)
	}
	return io.NopCloser(strings.NewReader(text[offset:min(offset+length, int64(len(text)))])), nil
}

// list returns the objects by key.
func (o objects) list() []bespoke.Object {
	var l []bespoke.Object
	for k, v := range o {
		l = append(l, bespoke.Object{Bucket: "b", Key: k, ETag: "e", Size: int64(len(v))})
	}
	slices.SortFunc(l, func(a, b bespoke.Object) int { return strings.Compare(a.Key, b.Key) })
	return l
}

func mustParse(t testing.TB, name, fields string) *schema.Schema {
	t.Helper()
	s, err := schema.Parse(`{"type":"record","name":"` + name + `","namespace":"com.amazonaws.personalize.schema","fields":[` + fields + `],"version":"1.0"}`)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func interactions(t testing.TB) *schema.Schema {
	return mustParse(t, "Interactions", `{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},
		{"name":"EVENT_TYPE","type":["null","string"]},{"name":"EVENT_VALUE","type":["float","null"]},{"name":"TIMESTAMP","type":"long"}`)
}

func items(t testing.TB) *schema.Schema {
	return mustParse(t, "Items", `{"name":"ITEM_ID","type":"string"},{"name":"GENRES","type":["null","string"],"categorical":true},
		{"name":"PRICE","type":["null","double"]},{"name":"STOCK","type":["null","int"]},{"name":"NEW","type":["null","boolean"]},
		{"name":"ABOUT","type":["null","string"],"textual":true},{"name":"CREATION_TIMESTAMP","type":["null","long"]}`)
}

// arrowOf returns the table's schema as the lake has it.
func arrowOf(s *schema.Schema) *arrow.Schema {
	types := map[schema.Type]arrow.DataType{
		schema.String: arrow.BinaryTypes.String, schema.Int: arrow.PrimitiveTypes.Int32, schema.Long: arrow.PrimitiveTypes.Int64,
		schema.Float: arrow.PrimitiveTypes.Float32, schema.Double: arrow.PrimitiveTypes.Float64, schema.Boolean: arrow.FixedWidthTypes.Boolean,
	}
	var fields []arrow.Field
	for i, c := range append(slices.Clone(s.Columns),
		schema.Column{Name: lake.OriginColumn, Type: schema.String}, schema.Column{Name: lake.ArrivedColumn, Type: schema.Long},
		schema.Column{Name: lake.SessionColumn, Type: schema.String, Nullable: true}) {
		fields = append(fields, arrow.Field{Name: c.Name, Type: types[c.Type], Nullable: c.Nullable,
			Metadata: arrow.NewMetadata([]string{"PARQUET:field_id"}, []string{fmt.Sprint(i + 1)})})
	}
	return arrow.NewSchema(fields, nil)
}

// arrived is when the imports of the tests were asked for.
var arrived = time.UnixMilli(1_700_000_000_123)

func config(t testing.TB, typ bespoke.DatasetType, s *schema.Schema, src objects) ingest.Config {
	return ingest.Config{
		Schema: s, Arrow: arrowOf(s), Type: typ, Arrived: arrived, Objects: src.list(), Source: src,
		Dir: t.TempDir(), TempDir: t.TempDir(), Workers: 3,
	}
}

// read returns the rows of the files that are not dead, as text, in the files'
// order, without the table's own columns, which must say bulk and arrived.
func read(t testing.TB, res ingest.Result) []string {
	t.Helper()
	dead := map[lake.Position]bool{}
	if res.Dead != nil {
		for p := range res.Dead {
			dead[p] = true
		}
	}
	var rows []string
	for _, f := range res.Files {
		n := int64(0)
		for rec := range records(t, f.Path) {
			for i := range int(rec.NumRows()) {
				var cells []string
				for c := range int(rec.NumCols()) {
					cell := rec.Column(c).ValueStr(i)
					if rec.Column(c).IsNull(i) {
						cell = "null"
					}
					cells = append(cells, cell)
				}
				last := len(cells) - 2
				if o, at := cells[last], cells[last+1]; o != lake.Bulk || at != fmt.Sprint(arrived.UnixMilli()) {
					t.Fatalf("origin %q, arrived at %s", o, at)
				}
				if !dead[lake.Position{Path: f.Path, Row: n}] {
					rows = append(rows, strings.Join(cells[:last], " | "))
				}
				n++
			}
		}
		if n != f.Rows {
			t.Fatalf("%s has %d rows, said to be %d", f.Path, n, f.Rows)
		}
		if st, err := os.Stat(f.Path); err != nil || st.Size() != f.Bytes {
			t.Fatalf("%s: %v, %v, want %d bytes", f.Path, st, err, f.Bytes)
		}
	}
	return rows
}

// records yields the content of a Parquet file.
func records(t testing.TB, path string) func(func(arrow.RecordBatch) bool) {
	return func(yield func(arrow.RecordBatch) bool) {
		pf, err := file.OpenParquetFile(path, false)
		if err != nil {
			t.Fatal(err)
		}
		defer pf.Close()
		fr, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{BatchSize: 1000}, memory.DefaultAllocator)
		if err != nil {
			t.Fatal(err)
		}
		rr, err := fr.GetRecordReader(context.Background(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer rr.Release()
		for rr.Next() {
			if !yield(rr.RecordBatch()) {
				return
			}
		}
		if err := rr.Err(); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	}
}

// A file is read whatever its line ends, byte order mark, order of columns and
// quotes; and duplicates count once.
func TestRun(t *testing.T) {
	t.Parallel()
	src := objects{
		"a.csv": "\ufeffUSER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\nu1,i1,click,.50,878887116\r\n22,377,click,,878887116\n\n" +
			"\"q,1\",\"a\\\"b\\\\\",\"\",1e3,0\n22,377,click,,878887116",
		"b.csv": "timestamp,extra,ITEM_ID,USER_ID,\"EVENT_VALUE\",EVENT_TYPE\r\n5,x,i,u,15,\r\n",
	}
	res, err := ingest.Run(t.Context(), config(t, bespoke.Interactions, interactions(t), src))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`22 | 377 | click | null | 878887116`,
		`q,1 | a"b\ |  | 1000 | 0`,
		`u | i | null | 15 | 5`,
		`u1 | i1 | click | 0.5 | 878887116`,
	}
	got := read(t, res)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("rows:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if want := (ingest.Counts{Rows: 5, Accepted: 4, Duplicate: 1}); res.Counts != want {
		t.Errorf("counts %+v, want %+v", res.Counts, want)
	}
	warnings := []string{
		"A byte order mark stands before the header; it was ignored.",
		"Column extra is not in the schema and was ignored.",
		"Column names in the header are in quotes; Amazon Personalize takes them without only.",
	}
	if !slices.Equal(res.Warnings, warnings) {
		t.Errorf("warnings %q", res.Warnings)
	}
}

// All types of value come through, and as null where the cell is empty.
func TestRunTypes(t *testing.T) {
	t.Parallel()
	src := objects{"a": "ITEM_ID,GENRES,PRICE,STOCK,NEW,ABOUT,CREATION_TIMESTAMP\n" +
		"a,,,,,,\n" +
		"b,x|y,0.1,-2147483648,TRUE,\"long, \"\"text\"\"\",99999999999\n" +
		"c,Übergröße,-1.7976931348623157e308,2147483647,False,\"\",0\n" +
		"a,new,-0.0,+7,true,x,1\n"}
	res, err := ingest.Run(t.Context(), config(t, bespoke.Items, items(t), src))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`b | x|y | 0.1 | -2147483648 | true | long, "text" | 99999999999`,
		`c | Übergröße | -1.7976931348623157e+308 | 2147483647 | false |  | 0`,
		`a | new | 0 | 7 | true | x | 1`,
	}
	if got := read(t, res); !slices.Equal(got, want) {
		t.Errorf("rows:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if want := (ingest.Counts{Rows: 4, Accepted: 3, Duplicate: 1}); res.Counts != want {
		t.Errorf("counts %+v, want %+v", res.Counts, want)
	}
}

// An empty set of rows is a result, not an error.
func TestRunNoRows(t *testing.T) {
	t.Parallel()
	res, err := ingest.Run(t.Context(), config(t, bespoke.Interactions, interactions(t), objects{"a": "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP"}))
	if err != nil || len(res.Files) != 0 || res.Counts != (ingest.Counts{}) || res.Dead != nil {
		t.Errorf("result %+v, %v", res, err)
	}
}

// A source that fails, a cancelled context and a folder that is not there end
// the import with that cause, and leave no files.
func TestRunErrors(t *testing.T) {
	t.Parallel()
	good := objects{"a": "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP\nu,i,,,1\n"}
	f := func(name string, change func(*ingest.Config), want string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config(t, bespoke.Interactions, interactions(t), good)
			change(&cfg)
			_, err := ingest.Run(t.Context(), cfg)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %s", err, want)
			}
			if _, ok := errors.AsType[*bespoke.Error](err); ok {
				t.Errorf("error %v would fail the job for good", err)
			}
			if left, _ := os.ReadDir(cfg.Dir); len(left) > 0 {
				t.Errorf("left %v", left)
			}
		})
	}
	f("missing object", func(c *ingest.Config) { c.Objects = append(c.Objects, bespoke.Object{Bucket: "b", Key: "no", Size: 9}) }, "s3://b/no: no such object")
	f("short object", func(c *ingest.Config) { c.Objects[0].Size++ }, "read s3://b/a: it ended early")
	f("no folder", func(c *ingest.Config) { c.Dir += "/none" }, "/none/")
	f("no source", func(c *ingest.Config) { c.Source = nil }, "Source is missing")
	f("no existing rows", func(c *ingest.Config) { c.Mode = bespoke.Incremental }, "Existing is missing")
}

// hanging is a Source whose objects never come.
type hanging struct{ opened chan struct{} }

func (h hanging) Open(ctx context.Context, _ bespoke.Object, _, _ int64) (io.ReadCloser, error) {
	h.opened <- struct{}{}
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestRunCancel(t *testing.T) {
	t.Parallel()
	cfg := config(t, bespoke.Interactions, interactions(t), objects{"a": "x"})
	h := hanging{make(chan struct{}, 10)}
	cfg.Source = h
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-h.opened
		cancel()
	}()
	if _, err := ingest.Run(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
