package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"bespoke"
	"bespoke/store"
	"bespoke/store/sqlite"
)

func openBench(b *testing.B) *sqlite.Store {
	b.Helper()
	s, err := sqlite.Open(b.Context(), sqlite.Config{Path: filepath.Join(b.TempDir(), "meta.db")})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// BenchmarkCreate is one acknowledged creation: row, tag, job and fsync.
func BenchmarkCreate(b *testing.B) {
	s := openBench(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		name := fmt.Sprint("g", i)
		g := bespoke.DatasetGroup{Name: name, ARN: scope.DatasetGroup(name)}
		if err := s.CreateDatasetGroup(b.Context(), g, []bespoke.Tag{{Key: "k", Value: "v"}}, 1<<30); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCreateImportJob has the most objects that a folder is expected to
// hold.
func BenchmarkCreateImportJob(b *testing.B) {
	s := openBench(b)
	d := bespoke.Dataset{ARN: scope.Dataset("shop", bespoke.Items), GroupARN: scope.DatasetGroup("shop"), SchemaARN: scope.Schema("s"), Type: bespoke.Items}
	ctx := b.Context()
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	activate := func(arn bespoke.ARN) {
		b.Helper()
		must(s.Move(ctx, arn, bespoke.CreatePending, bespoke.CreateInProgress, ""))
		must(s.Move(ctx, arn, bespoke.CreateInProgress, bespoke.Active, ""))
	}
	must(s.CreateDatasetGroup(ctx, bespoke.DatasetGroup{Name: "shop", ARN: d.GroupARN}, nil, 0))
	activate(d.GroupARN)
	must(s.CreateSchema(ctx, bespoke.Schema{Name: "s", ARN: d.SchemaARN}, 0))
	must(s.CreateDataset(ctx, d, nil))
	activate(d.ARN)
	objects := make([]bespoke.Object, 10_000)
	for i := range objects {
		objects[i] = bespoke.Object{Bucket: "bucket", Key: fmt.Sprintf("folder/part-%05d.csv", i), ETag: `"5d41402abc4b2a76b9719d911017c592"`, Size: 1 << 20}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		name := fmt.Sprint("j", i)
		must(s.CreateImportJob(ctx, bespoke.ImportJob{
			Name: name, ARN: scope.ImportJob(name), DatasetARN: d.ARN, Mode: bespoke.Full, Objects: objects,
		}, nil, 1<<30))
	}
}

// BenchmarkList reads a page from the middle of 2,000 rows.
func BenchmarkList(b *testing.B) {
	s := openBench(b)
	for i := range 2000 {
		name := fmt.Sprint("s", i)
		if err := s.CreateSchema(b.Context(), bespoke.Schema{Name: name, ARN: scope.Schema(name), Text: "{}"}, 0); err != nil {
			b.Fatal(err)
		}
	}
	_, middle, err := s.Schemas(b.Context(), store.Page{Limit: 1000})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		items, _, err := s.Schemas(b.Context(), store.Page{Limit: 100, After: middle})
		if err != nil || len(items) != 100 {
			b.Fatal(len(items), err)
		}
	}
}
