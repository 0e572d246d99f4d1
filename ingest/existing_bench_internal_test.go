package ingest

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	arrowmemory "github.com/apache/arrow-go/v18/arrow/memory"

	"bespoke"
	"bespoke/lake"
	"bespoke/schema"
)

// Comparing a million existing IDs with a few new ones, without the reading.
func BenchmarkExisting(b *testing.B) {
	const rows, batch = 1 << 20, 32 << 10
	s := arrow.NewSchema([]arrow.Field{{Name: "ITEM_ID", Type: arrow.BinaryTypes.String}}, nil)
	var batches []lake.Batch
	for first := 0; first < rows; first += batch {
		ids := array.NewStringBuilder(arrowmemory.DefaultAllocator)
		for i := range batch {
			ids.Append(fmt.Sprintf("item%d", 10_000_000+(first+i)*7919%rows))
		}
		batches = append(batches, lake.Batch{Path: "a", First: int64(first), Record: array.NewRecordBatch(s, []arrow.Array{ids.NewArray()}, batch)})
	}
	r := &run{seeds: newSeeds(), firstNew: 1 << (ordinalBits - 1), cfg: Config{
		Type: bespoke.Items, Workers: 2, Schema: &schema.Schema{Columns: []schema.Column{{Name: "ITEM_ID"}}},
		Existing: func(context.Context, []string) iter.Seq2[lake.Batch, error] {
			return func(yield func(lake.Batch, error) bool) {
				for _, x := range batches {
					if !yield(x, nil) {
						return
					}
				}
			}
		},
	}}
	for b.Loop() {
		r.log = newKeyLog(b.TempDir(), 1<<20)
		if err := r.existing(b.Context(), newBloom(1<<17, 1<<20)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
}
