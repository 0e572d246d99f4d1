package train_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"bespoke"
	"bespoke/artifact"
	"bespoke/history"
	"bespoke/lake"
	"bespoke/recipe"
	"bespoke/recipe/catalog"
	"bespoke/recipe/recipetest"
	"bespoke/schema"
	"bespoke/train"
)

// plain is a schema with what every Interactions dataset has.
const plain = `{"type":"record","name":"Interactions","fields":[
	{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},{"name":"TIMESTAMP","type":"long"}]}`

// table makes an empty table of interactions whose files are compacted two by two.
func table(t testing.TB) *lake.Table {
	t.Helper()
	l, err := lake.Open(t.Context(), lake.Config{Dir: t.TempDir(), FanIn: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	tab, err := l.Create(t.Context(), scope.Dataset("shop", bespoke.Interactions), parsed(t))
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func parsed(t testing.TB) *schema.Schema {
	s, err := schema.Parse(plain)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// row is one interaction.
type row struct {
	user, item string
	time       int64
}

// write commits batches of rows as one file.
func write(t testing.TB, tab *lake.Table, origin string, batches func(yield func([]row) bool)) {
	t.Helper()
	commit(t, tab, bespoke.Incremental, origin, batches)
}

func commit(t testing.TB, tab *lake.Table, mode bespoke.ImportMode, origin string, batches func(yield func([]row) bool)) {
	t.Helper()
	job := scope.ImportJob(fmt.Sprint("job", rand.Uint32()))
	dir, err := tab.NewDataDir(job)
	if err != nil {
		t.Fatal(err)
	}
	w, err := tab.NewWriter(dir, origin)
	if err != nil {
		t.Fatal(err)
	}
	for rows := range batches {
		b := array.NewRecordBuilder(memory.DefaultAllocator, tab.Arrow())
		for _, r := range rows {
			for i, f := range tab.Arrow().Fields() {
				switch to := b.Field(i); f.Name {
				case "USER_ID":
					to.(*array.StringBuilder).Append(r.user)
				case "ITEM_ID":
					to.(*array.StringBuilder).Append(r.item)
				case "TIMESTAMP":
					to.(*array.Int64Builder).Append(r.time)
				case lake.OriginColumn:
					to.(*array.StringBuilder).Append(origin)
				case lake.ArrivedColumn:
					to.(*array.Int64Builder).Append(1)
				default:
					to.AppendNull()
				}
			}
		}
		if err := w.Append(b.NewRecordBatch(), nil); err != nil {
			t.Fatal(err)
		}
		b.Release()
	}
	files, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tab.Commit(t.Context(), lake.Commit{Job: job, Mode: mode, Origin: origin, Files: files}); err != nil {
		t.Fatal(err)
	}
}

func once(rows ...row) func(yield func([]row) bool) {
	return func(yield func([]row) bool) { yield(rows) }
}

// model knows the items i0 and i1, of two interactions at 1,000,001 and 1,000,002.
func model(t testing.TB) *artifact.Artifact {
	t.Helper()
	in := recipe.Input{Interactions: recipetest.History(t, "ann: i0 i1")}
	r, _ := catalog.Find("aws-popularity-count")
	m, err := r.Fit(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return artifact.New(r, m, in)
}

// read has News look at the newest state of a table.
func read(t testing.TB, n *train.News, tab *lake.Table) error {
	t.Helper()
	snap, err := tab.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n.Read(t.Context(), snap)
}

// TestNews finds what is new as it comes, in files of both origins, counts nothing
// twice where files are merged, and lets go of what an import of FULL replaces.
func TestNews(t *testing.T) {
	t.Parallel()
	tab, n := table(t), train.NewNews(model(t), 0)
	f := func(items *history.Metadata, want string) {
		t.Helper()
		if err := read(t, n, tab); err != nil {
			t.Fatal(err)
		}
		got, err := n.Items(items)
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%v, %v; want %s", got, err, want)
		}
	}
	f(nil, "[]")
	write(t, tab, lake.Bulk, once(row{"ann", "i0", 2_000_000}, row{"ann", "n1", 1_900_000}, row{"bob", "n1", 1_800_000}))
	f(nil, "[{n1 1800000 2}]")
	write(t, tab, lake.Put, once(row{"ann", "n1", 1_700_000}, row{"bob", "n2", 2_100_000}))
	f(nil, "[{n1 1700000 2} {n2 2100000 1}]")
	write(t, tab, lake.Put, once(row{"bob", "n2", 2_200_000}))
	if _, err := tab.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	f(nil, "[{n1 1700000 2} {n2 2100000 1}]")
	if n.Newest() != 2_200_000 {
		t.Errorf("the newest interaction is at %d", n.Newest())
	}
	// Of the Items dataset: known, new with a date, new without anything, and the
	// date of one that has interactions.
	f(&history.Metadata{IDs: history.NewDictionary("i1", "n3", "n4", "n2"), Columns: []history.Column{
		{Name: "CREATION_TIMESTAMP", Number: []float64{5, 1_234_567, math.NaN(), 2_000_001}},
	}}, "[{n1 1700000 2} {n2 2000001 1} {n3 1234567 0} {n4 2200000 0}]")
	write(t, tab, lake.Bulk, once(row{"ann", "n5", 2_500_000}))
	f(nil, "[{n1 1700000 2} {n2 2100000 1} {n5 2500000 1}]")
	commit(t, tab, bespoke.Full, lake.Bulk, once(row{"ann", "i0", 2_300_000}))
	f(nil, "[{n1 1700000 1} {n2 2100000 1}]") // what was put
	if n.Newest() != 2_300_000 {
		t.Errorf("the newest interaction that is left is at %d", n.Newest())
	}
}

// TestNewsLimit holds the number of items that are known and new.
func TestNewsLimit(t *testing.T) {
	t.Parallel()
	tab, n := table(t), train.NewNews(model(t), 3)
	write(t, tab, lake.Bulk, once(row{"ann", "n1", 5}))
	if err := read(t, n, tab); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Items(&history.Metadata{IDs: history.NewDictionary("n2")}); !errors.Is(err, train.ErrManyItems) {
		t.Errorf("four items where three are allowed: %v", err)
	}
	write(t, tab, lake.Bulk, once(row{"ann", "n2", 5}))
	for range 2 {
		if err := read(t, n, tab); !errors.Is(err, train.ErrManyItems) {
			t.Errorf("four items where three are allowed: %v", err)
		}
	}
	commit(t, tab, bespoke.Full, lake.Bulk, once(row{"ann", "n3", 5}))
	if err := read(t, n, tab); err != nil {
		t.Errorf("three items again: %v", err)
	}
}

// BenchmarkRefresh is what a refresh of campaigns takes for 10 million
// interactions: the first look for new items, a later one, and a list of trends.
func BenchmarkRefresh(b *testing.B) {
	const rows, batch = 10_000_000, 100_000
	tab := table(b)
	r := rand.New(rand.NewPCG(1, 1))
	write(b, tab, lake.Bulk, func(yield func([]row) bool) {
		all := make([]row, batch)
		for range rows / batch {
			for i := range all {
				all[i] = row{fmt.Sprint("user-", r.IntN(160_000)), fmt.Sprint("item-", r.IntN(60_000)), 1_700_000_000 + r.Int64N(1<<25)}
			}
			if !yield(all) {
				return
			}
		}
	})
	snap, err := tab.Snapshot(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	n := train.NewNews(model(b), 0)
	b.Run("first look", func(b *testing.B) {
		for b.Loop() {
			n = train.NewNews(model(b), 0)
			if err := n.Read(b.Context(), snap); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("later look", func(b *testing.B) {
		for b.Loop() {
			if err := n.Read(b.Context(), snap); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("trends", func(b *testing.B) {
		for b.Loop() {
			_, err := train.Refit(b.Context(), train.Spec{
				Recipe: "aws-trending-now", Workers: 2, Interactions: train.Source{Snapshot: snap, Schema: parsed(b)},
			}, time.Unix(1_700_000_000+1<<25, 0))
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
