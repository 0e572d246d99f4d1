package history_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"bespoke"
	"bespoke/history"
	"bespoke/lake"
	"bespoke/schema"
)

const interactions = `{"type":"record","name":"Interactions","fields":[
	{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},
	{"name":"EVENT_TYPE","type":["null","string"]},{"name":"EVENT_VALUE","type":["null","float"]},{"name":"TIMESTAMP","type":"long"},
	{"name":"DEVICE","type":["null","string"],"categorical":true},{"name":"HOUR","type":["null","int"]},{"name":"PRICE","type":"float"}]}`

var scope = bespoke.Scope{Partition: "aws", Region: "us-east-1", Account: "000000000000"}

// table makes an empty table of interactions.
func table(t testing.TB) *lake.Table {
	t.Helper()
	l, err := lake.Open(t.Context(), lake.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s, err := schema.Parse(interactions)
	if err != nil {
		t.Fatal(err)
	}
	tab, err := l.Create(t.Context(), scope.Dataset("shop", bespoke.Interactions), s)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// records returns n random rows; those of a session have it in both columns.
func records(tab *lake.Table, r *rand.Rand, n, users, items int, origin string) arrow.RecordBatch {
	b := array.NewRecordBuilder(memory.DefaultAllocator, tab.Arrow())
	defer b.Release()
	for range n {
		user, session := fmt.Sprint("user-", r.IntN(users)), ""
		if origin == lake.Put {
			if session = fmt.Sprint("session-", r.IntN(9)); r.IntN(2) == 0 {
				user = session
			}
		}
		for i, f := range tab.Arrow().Fields() {
			switch f.Name {
			case "USER_ID":
				b.Field(i).(*array.StringBuilder).Append(user)
			case "ITEM_ID":
				b.Field(i).(*array.StringBuilder).Append(fmt.Sprint("item-", r.IntN(items)))
			case "EVENT_TYPE":
				if e := r.IntN(4); e > 0 {
					b.Field(i).(*array.StringBuilder).Append(fmt.Sprint("type-", e))
				} else {
					b.Field(i).AppendNull()
				}
			case "EVENT_VALUE":
				if r.IntN(3) == 0 {
					b.Field(i).(*array.Float32Builder).Append(float32(r.IntN(50)) / 4)
				} else {
					b.Field(i).AppendNull()
				}
			case "DEVICE":
				if d := r.IntN(5); d > 0 {
					b.Field(i).(*array.StringBuilder).Append([]string{"", "phone", "tv|remote", "tablet"}[d-1])
				} else {
					b.Field(i).AppendNull()
				}
			case "HOUR":
				if r.IntN(3) == 0 {
					b.Field(i).(*array.Int32Builder).Append(int32(r.IntN(24)))
				} else {
					b.Field(i).AppendNull()
				}
			case "PRICE":
				b.Field(i).(*array.Float32Builder).Append(float32(r.IntN(1000)) / 8)
			case "TIMESTAMP":
				b.Field(i).(*array.Int64Builder).Append(1_700_000_000 + r.Int64N(1<<25))
			case lake.OriginColumn:
				b.Field(i).(*array.StringBuilder).Append(origin)
			case lake.ArrivedColumn:
				b.Field(i).(*array.Int64Builder).Append(1_700_000_000_000)
			case lake.SessionColumn:
				if session != "" {
					b.Field(i).(*array.StringBuilder).Append(session)
				} else {
					b.Field(i).AppendNull()
				}
			default:
				panic(f.Name)
			}
		}
	}
	return b.NewRecordBatch()
}

// commit writes records and makes them part of the table, one row in each dead, none
// with 0.
func commit(t testing.TB, tab *lake.Table, name, origin string, each int, recs ...arrow.RecordBatch) {
	t.Helper()
	job := scope.ImportJob(name)
	dir, err := tab.NewDataDir(job)
	if err != nil {
		t.Fatal(err)
	}
	w, err := tab.NewWriter(dir, origin)
	if err != nil {
		t.Fatal(err)
	}
	for _, rec := range recs {
		if err := w.Append(rec, nil); err != nil {
			t.Fatal(err)
		}
	}
	files, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	finish(t, tab, job, origin, each, files)
}

func finish(t testing.TB, tab *lake.Table, job bespoke.ARN, origin string, each int, files []lake.File) {
	t.Helper()
	dead := func(yield func(lake.Position) bool) {
		for _, f := range files {
			for row := int64(0); each > 0 && row < f.Rows; row += int64(each) {
				if !yield(lake.Position{Path: f.Path, Row: row}) {
					return
				}
			}
		}
	}
	if _, err := tab.Commit(t.Context(), lake.Commit{Job: job, Mode: bespoke.Incremental, Origin: origin, Files: files, Dead: dead}); err != nil {
		t.Fatal(err)
	}
}

// foreign writes records as another engine does.
func foreign(t testing.TB, tab *lake.Table, name string, rec arrow.RecordBatch, props ...parquet.WriterProperty) {
	t.Helper()
	job := scope.ImportJob(name)
	dir, err := tab.NewDataDir(job)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "foreign.parquet")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := pqarrow.NewFileWriter(tab.Arrow(), f, parquet.NewWriterProperties(append(props, parquet.WithMaxRowGroupLength(100))...), pqarrow.DefaultWriterProps())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write(rec), w.Close()); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	finish(t, tab, job, lake.Bulk, 7, []lake.File{{Path: path, Rows: rec.NumRows(), Bytes: st.Size()}})
}

// slowly reads the same as Read by the table's general reader.
func slowly(t testing.TB, r history.Reading) *history.History {
	t.Helper()
	columns := []string{"USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE", lake.SessionColumn, "DEVICE", "HOUR", "PRICE"}
	var b history.Builder
	for batch, err := range r.Snapshot.Scan(t.Context(), columns, "") {
		if err != nil {
			t.Fatal(err)
		}
		cols := batch.Record.Columns()
		var hidden lake.Bitmap
		if r.Hidden != nil {
			hidden = r.Hidden(batch.Path, batch.First, int(batch.Record.NumRows()))
		}
		for i := range int(batch.Record.NumRows()) {
			if batch.Dead.Has(i) || hidden.Has(i) {
				continue
			}
			in := history.Interaction{User: cols[0].(*array.String).Value(i), Item: cols[1].(*array.String).Value(i), Time: cols[2].(*array.Int64).Value(i)}
			if r.EventTypes && cols[3].IsValid(i) {
				in.EventType = cols[3].(*array.String).Value(i)
			}
			if r.Values && cols[4].IsValid(i) {
				in.Value = new(cols[4].(*array.Float32).Value(i))
			}
			if r.Owner != nil && cols[5].IsValid(i) && cols[5].(*array.String).Value(i) == in.User {
				user, ok := r.Owner(in.User)
				if !ok {
					continue
				}
				in.User = user
			}
			in.Context = map[string]string{}
			for c, column := range columns[6:] {
				if slices.Contains(slices.Concat(r.Categories, r.Numbers), column) && cols[6+c].IsValid(i) {
					in.Context[column] = cols[6+c].ValueStr(i)
				}
			}
			if err := b.Add(in); err != nil {
				t.Fatal(err)
			}
		}
	}
	h := b.History()
	h.GuessContext()
	return h
}

func same(t testing.TB, got, want *history.History) {
	t.Helper()
	check(t, got)
	if !slices.Equal(got.User, want.User) || !slices.Equal(got.Item, want.Item) || !slices.Equal(got.Time, want.Time) || !slices.Equal(got.Event, want.Event) ||
		!slices.Equal(got.Users.IDs(), want.Users.IDs()) || !slices.Equal(got.Items.IDs(), want.Items.IDs()) ||
		want.Event != nil && !slices.Equal(got.EventTypes, want.EventTypes) ||
		!slices.EqualFunc(got.Value, want.Value, func(a, b float32) bool { return a == b || a != a && b != b }) {
		t.Errorf("%d rows, %d users, %d items, types %q; want %d, %d, %d, %q", got.Len(), got.Users.Len(), got.Items.Len(), got.EventTypes,
			want.Len(), want.Users.Len(), want.Items.Len(), want.EventTypes)
	}
	if len(got.Context) != len(want.Context) {
		t.Fatalf("%d context columns, want %d", len(got.Context), len(want.Context))
	}
	for i, w := range want.Context {
		g := got.Context[i]
		if g.Name != w.Name || !slices.Equal(g.Values, w.Values) || !slices.Equal(g.Code, w.Code) || (g.Number == nil) != (w.Number == nil) ||
			!slices.EqualFunc(g.Number, w.Number, func(a, b float32) bool { return a == b || a != a && b != b }) {
			t.Errorf("context column %s with values %q, want %s with %q", g.Name, g.Values, w.Name, w.Values)
		}
	}
}

// Read finds what the general reader finds, whatever the number of workers, in files
// of this program and of others, with rows that are deleted, hidden or of sessions.
func TestRead(t *testing.T) {
	t.Parallel()
	tab := table(t)
	r := rand.New(rand.NewPCG(3, 4))
	commit(t, tab, "one", lake.Bulk, 10, records(tab, r, 3000, 100, 40, lake.Bulk))
	foreign(t, tab, "two", records(tab, r, 350, 100, 40, lake.Bulk))
	foreign(t, tab, "three", records(tab, r, 250, 100, 90, lake.Bulk), parquet.WithCompression(compress.Codecs.Zstd), parquet.WithDictionaryDefault(false))
	foreign(t, tab, "four", records(tab, r, 250, 100, 90, lake.Bulk), parquet.WithDataPageVersion(parquet.DataPageV2), parquet.WithCompression(compress.Codecs.Snappy))
	commit(t, tab, "five", lake.Put, 11, records(tab, r, 500, 300, 40, lake.Put))
	snap, err := tab.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	readings := map[string]history.Reading{
		"bare": {},
		"context": {Categories: []string{"DEVICE"}, Numbers: []string{"HOUR", "PRICE"}, Owner: func(session string) (string, bool) {
			return "user", session < "session-3"
		}},
		"events": {EventTypes: true, Values: true},
		"hidden": {EventTypes: true, Hidden: func(_ string, first int64, rows int) lake.Bitmap {
			b := make(lake.Bitmap, (rows+63)/64)
			for i := range rows {
				if (first+int64(i))%3 == 0 {
					b.Set(i)
				}
			}
			return b
		}},
		"owners": {Values: true, Owner: func(session string) (string, bool) {
			return "user-" + session[len(session)-1:], session < "session-6"
		}},
	}
	for name, reading := range readings {
		for _, workers := range []int{1, 4} {
			t.Run(fmt.Sprint(name, "/", workers), func(t *testing.T) {
				t.Parallel()
				reading.Snapshot, reading.Workers = snap, workers
				got, err := history.Read(t.Context(), reading)
				if err != nil {
					t.Fatal(err)
				}
				same(t, got, slowly(t, reading))
			})
		}
	}
}

func TestReadNothing(t *testing.T) {
	t.Parallel()
	tab := table(t)
	snap, err := tab.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h, err := history.Read(t.Context(), history.Reading{Snapshot: snap, EventTypes: true, Values: true})
	if err != nil || h.Len() != 0 || h.Event != nil || h.Value != nil {
		t.Errorf("%+v, %v", h, err)
	}
}

// BenchmarkOpen opens ten million interactions of 160,000 users and 60,000 items as
// integer columns: by Read, and by the general reader with one ID at a time.
func BenchmarkOpen(b *testing.B) {
	const rows, batch = 10_000_000, 100_000
	tab := table(b)
	r := rand.New(rand.NewPCG(1, 1))
	dir, err := tab.NewDataDir(scope.ImportJob("one"))
	if err != nil {
		b.Fatal(err)
	}
	w, err := tab.NewWriter(dir, lake.Bulk)
	if err != nil {
		b.Fatal(err)
	}
	for range rows / batch {
		rec := records(tab, r, batch, 160_000, 60_000, lake.Bulk)
		if err := w.Append(rec, nil); err != nil {
			b.Fatal(err)
		}
		rec.Release()
	}
	files, err := w.Close()
	if err != nil {
		b.Fatal(err)
	}
	finish(b, tab, scope.ImportJob("one"), lake.Bulk, math.MaxInt32, files)
	snap, err := tab.Snapshot(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	f := func(name string, read func() *history.History) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if h := read(); h.Len() != rows-len(files) || h.Users.Len() != 160_000 {
					b.Fatalf("%d rows, %d users", h.Len(), h.Users.Len())
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
	f("read", func() *history.History {
		h, err := history.Read(b.Context(), history.Reading{Snapshot: snap})
		if err != nil {
			b.Fatal(err)
		}
		return h
	})
	f("general reader", func() *history.History { return slowly(b, history.Reading{Snapshot: snap}) })
}
