package lake_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"bespoke"
	"bespoke/lake"
)

// many writes data files of interactions: rows to a file, a tenth as many users.
func many(b testing.TB, tab *lake.Table, job bespoke.ARN, files, rows int) []lake.File {
	b.Helper()
	dir, err := tab.NewDataDir(job)
	if err != nil {
		b.Fatal(err)
	}
	var out []lake.File
	for n := range files {
		path := filepath.Join(dir, fmt.Sprintf("part-%d.parquet", n))
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		props := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Snappy), parquet.WithMaxRowGroupLength(1<<20))
		w, err := pqarrow.NewFileWriter(tab.Arrow(), f, props, pqarrow.DefaultWriterProps())
		if err != nil {
			b.Fatal(err)
		}
		rb := array.NewRecordBuilder(memory.DefaultAllocator, tab.Arrow())
		for i := range rows {
			k := uint32(n*rows+i) * 2654435761
			rb.Field(0).(*array.StringBuilder).Append(fmt.Sprintf("user-%d", int(k)%(files*rows/10)))
			rb.Field(1).(*array.StringBuilder).Append(fmt.Sprintf("item-%d", k>>20))
			rb.Field(2).(*array.Float32Builder).Append(float32(i % 5))
			rb.Field(3).(*array.Int64Builder).Append(1_700_000_000 + int64(i))
			rb.Field(4).(*array.StringBuilder).Append(lake.Bulk)
			rb.Field(5).(*array.Int64Builder).Append(arrived)
			rb.Field(6).(*array.StringBuilder).AppendNull()
		}
		rec := rb.NewRecordBatch()
		if err := w.WriteBuffered(rec); err != nil {
			b.Fatal(err)
		}
		rec.Release()
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		st, err := os.Stat(path)
		if err != nil {
			b.Fatal(err)
		}
		out = append(out, lake.File{Path: path, Rows: int64(rows), Bytes: st.Size()})
	}
	return out
}

// A commit of 13 files, which is what an import of ten million rows makes, with a
// hundred thousand deleted rows.
func BenchmarkCommit(b *testing.B) {
	tab := create(b, open(b, b.TempDir()), interactions, eventSchema)
	n := 0
	for b.Loop() {
		b.StopTimer()
		n++
		j := job(fmt.Sprintf("job-%d", n))
		files := many(b, tab, j, 13, 10_000)
		b.StartTimer()
		commit(b, tab, lake.Commit{Job: j, Mode: bespoke.Full, Files: files, Dead: func(yield func(lake.Position) bool) {
			for i := range int64(100_000) {
				if !yield(lake.Position{Path: files[i%13].Path, Row: i / 13}) {
					return
				}
			}
		}})
	}
}

// Reading two million rows of which some are deleted.
func BenchmarkScan(b *testing.B) {
	const files, rows = 4, 500_000
	tab := create(b, open(b, b.TempDir()), interactions, eventSchema)
	data := many(b, tab, job("one"), files, rows)
	commit(b, tab, lake.Commit{Job: job("one"), Mode: bespoke.Full, Files: data, Dead: dead(data[0], 1, 3, 5, 499_999)})
	f := func(name string, columns ...string) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n := int64(0)
				for batch, err := range tab.Scan(b.Context(), columns, lake.Bulk) {
					if err != nil {
						b.Fatal(err)
					}
					n += batch.Record.NumRows() - int64(batch.Dead.Count())
				}
				if n != files*rows-4 {
					b.Fatalf("%d rows", n)
				}
			}
			b.ReportMetric(float64(files*rows)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrows/s")
		})
	}
	f("two columns", "USER_ID", "TIMESTAMP")
	f("all columns", "USER_ID", "ITEM_ID", "EVENT_VALUE", "TIMESTAMP")
	b.Run("stats", func(b *testing.B) {
		snap, err := tab.Snapshot(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if _, err := snap.Stats(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
