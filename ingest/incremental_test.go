package ingest_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"bespoke"
	"bespoke/ingest"
	"bespoke/lake"
	"bespoke/schema"
)

// table is a model of a table: the results of the imports into it.
type table struct {
	files []lake.File
	dead  map[lake.Position]bool
}

func (tb *table) commit(mode bespoke.ImportMode, res ingest.Result) {
	if mode == bespoke.Full || tb.dead == nil {
		tb.files, tb.dead = nil, map[lake.Position]bool{}
	}
	tb.files = append(tb.files, res.Files...)
	if res.Dead != nil {
		for p := range res.Dead {
			tb.dead[p] = true
		}
	}
}

// scan yields the table's batches as a lake does.
func (tb *table) scan(t testing.TB) func(context.Context, []string) iter.Seq2[lake.Batch, error] {
	return func(_ context.Context, columns []string) iter.Seq2[lake.Batch, error] {
		return func(yield func(lake.Batch, error) bool) {
			for _, f := range tb.files {
				first := int64(0)
				for rec := range records(t, f.Path) {
					var fields []arrow.Field
					var cols []arrow.Array
					for _, c := range columns {
						i := rec.Schema().FieldIndices(c)[0]
						fields, cols = append(fields, rec.Schema().Field(i)), append(cols, rec.Column(i))
					}
					b := lake.Batch{Path: f.Path, First: first, Record: array.NewRecordBatch(arrow.NewSchema(fields, nil), cols, rec.NumRows())}
					for i := range int(rec.NumRows()) {
						if tb.dead[lake.Position{Path: f.Path, Row: first + int64(i)}] {
							if b.Dead == nil {
								b.Dead = make(lake.Bitmap, (rec.NumRows()+63)/64)
							}
							b.Dead.Set(i)
						}
					}
					first += rec.NumRows()
					if !yield(b, nil) {
						return
					}
				}
			}
		}
	}
}

func (tb *table) rows(t testing.TB) []string {
	all := read(t, ingest.Result{Files: tb.files, Dead: func(yield func(lake.Position) bool) {
		for p := range tb.dead {
			if !yield(p) {
				return
			}
		}
	}})
	slices.Sort(all)
	return all
}

// TestIncremental makes series of imports with many repeated rows and compares
// the table with a model: a set of interactions, or items by their key.
func TestIncremental(t *testing.T) {
	t.Parallel()
	kinds := []struct {
		typ    bespoke.DatasetType
		schema *schema.Schema
		header string
		row    func(r *rand.Rand) (key, csv, shown string)
	}{
		{bespoke.Interactions, interactions(t), "USER_ID,ITEM_ID,EVENT_TYPE,EVENT_VALUE,TIMESTAMP", func(r *rand.Rand) (string, string, string) {
			u, i, ts := r.IntN(20), r.IntN(20), r.IntN(4)
			event, shown := "", "null"
			switch r.IntN(3) {
			case 1:
				event, shown = `""`, ""
			case 2:
				event, shown = "view", "view"
			}
			value, shownValue := "", "null"
			if n := r.IntN(3); n > 0 {
				value, shownValue = fmt.Sprintf("%d.%s", n, strings.Repeat("0", r.IntN(3))), fmt.Sprint(n)
			}
			s := fmt.Sprintf("u%d | a-rather-long-item-name-%d | %s | %s | %d", u, i, shown, shownValue, ts)
			return s, fmt.Sprintf("u%d,a-rather-long-item-name-%d,%s,%s,%d", u, i, event, value, ts), s
		}},
		{bespoke.Items, items(t), "ITEM_ID,GENRES,PRICE,STOCK,NEW,ABOUT,CREATION_TIMESTAMP", func(r *rand.Rand) (string, string, string) {
			id, n := fmt.Sprintf("item-%d", r.IntN(3000)), r.IntN(1000)
			return id, fmt.Sprintf("%s,,,%d,,,", id, n), fmt.Sprintf("%s | null | null | %d | null | null | null", id, n)
		}},
	}
	for _, k := range kinds {
		t.Run(string(k.typ), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(11, uint64(len(k.typ))))
			tb := &table{}
			model := map[string]string{}
			dir := t.TempDir()
			for step := range 8 {
				mode := bespoke.Incremental
				if step%5 == 0 {
					mode = bespoke.Full
				}
				src := objects{}
				earlier := maps.Clone(model)
				if mode == bespoke.Full {
					clear(model)
					earlier = nil
				}
				rows, replaced := 0, map[string]bool{}
				for o := range 1 + r.IntN(4) {
					var b strings.Builder
					b.WriteString(k.header + "\n")
					for range r.IntN(3000) {
						key, csv, shown := k.row(r)
						b.WriteString(csv + "\n")
						if _, ok := earlier[key]; ok && k.typ.Key() != "" {
							replaced[key] = true
						}
						model[key] = shown
						rows++
					}
					src[fmt.Sprint(o)] = b.String()
				}
				cfg := config(t, k.typ, k.schema, src)
				cfg.Mode, cfg.Dir, cfg.Existing = mode, dir, tb.scan(t)
				res, err := ingest.Run(t.Context(), cfg)
				if err != nil {
					t.Fatal(err)
				}
				tb.commit(mode, res)
				want := slices.Sorted(maps.Values(model))
				if got := tb.rows(t); !slices.Equal(got, want) {
					for i := range min(len(got), len(want)) {
						if got[i] != want[i] {
							t.Fatalf("step %d: row %d of %d is %s, want %s of %d", step, i, len(got), got[i], want[i], len(want))
						}
					}
					t.Fatalf("step %d: %d rows, want %d", step, len(got), len(want))
				}
				accepted := len(model) - len(earlier) + len(replaced)
				counts := ingest.Counts{Rows: int64(rows), Accepted: int64(accepted), Duplicate: int64(rows - accepted), Replaced: int64(len(replaced))}
				if res.Counts != counts {
					t.Errorf("step %d: counts %+v, want %+v", step, res.Counts, counts)
				}
			}
		})
	}
}
