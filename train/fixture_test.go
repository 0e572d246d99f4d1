package train_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"bespoke"
	"bespoke/artifact"
	"bespoke/lake"
	"bespoke/schema"
	"bespoke/train"
)

var scope = bespoke.Scope{Partition: "aws", Region: "us-east-1", Account: "000000000000"}

const (
	interactions = `{"type":"record","name":"Interactions","fields":[{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},
		{"name":"EVENT_TYPE","type":["null","string"]},{"name":"EVENT_VALUE","type":["null","float"]},{"name":"TIMESTAMP","type":"long"}]}`
	items = `{"type":"record","name":"Items","fields":[{"name":"ITEM_ID","type":"string"},
		{"name":"GENRE","type":["null","string"],"categorical":true},{"name":"PRICE","type":"double"}]}`
)

// source is a dataset in a table of its own. Cells of a row are joined by commas;
// an empty one is null.
func source(t testing.TB, typ bespoke.DatasetType, text string, rows []string) train.Source {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	l, err := lake.Open(t.Context(), lake.Config{Dir: t.TempDir()})
	must(err)
	t.Cleanup(func() { _ = l.Close() })
	s, err := schema.Parse(text)
	must(err)
	table, err := l.Create(t.Context(), scope.Dataset("shop", typ), s)
	must(err)
	dir, err := table.NewDataDir(scope.ImportJob("rows"))
	must(err)
	b := array.NewRecordBuilder(memory.DefaultAllocator, table.Arrow())
	defer b.Release()
	for _, r := range rows {
		for i, cell := range append(strings.Split(r, ","), lake.Bulk, "1700000000000", "") {
			if cell == "" {
				cell = array.NullValueStr
			}
			must(b.Field(i).AppendValueFromString(cell))
		}
	}
	w, err := table.NewWriter(dir, lake.Bulk)
	must(err)
	rec := b.NewRecordBatch()
	defer rec.Release()
	must(w.Append(rec, nil))
	files, err := w.Close()
	must(err)
	_, err = table.Commit(t.Context(), lake.Commit{Job: scope.ImportJob("rows"), Mode: bespoke.Full, Origin: lake.Bulk, Files: files})
	must(err)
	snapshot, err := table.Snapshot(t.Context())
	must(err)
	return train.Source{Snapshot: snapshot, Schema: s, TempDir: t.TempDir(), Memory: 16 << 20}
}

// walks are the interactions of users who walk along two rings of 15 items: at each
// step they view the next of one ring, v0 to v14, and a second later buy the next of
// the other, b0 to b14. Viewing has the value 1, buying 2.
func walks(users int) []string {
	r := rand.New(rand.NewPCG(1, 2))
	var rows []string
	for u := range users {
		at := r.IntN(15)
		for step := range 12 {
			time := 1_700_000_000 + u*100_000 + step*1000
			rows = append(rows, fmt.Sprintf("u%d,v%d,View,1,%d", u, (at+step)%15, time), fmt.Sprintf("u%d,b%d,Purchase,2,%d", u, (at+step)%15, time+1))
		}
	}
	return rows
}

// run trains, and must succeed.
func run(t *testing.T, spec train.Spec) train.Result {
	t.Helper()
	result, err := train.Run(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// written is a training's artifact as it is published.
func written(t *testing.T, a *artifact.Artifact) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := a.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
