package history_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"

	"bespoke/history"
	"bespoke/lake"
)

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
