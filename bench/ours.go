package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"bespoke"
	"bespoke/ingest"
	"bespoke/lake"
	"bespoke/schema"
)

// folder is a Source over local files: an object's key is its path.
type folder struct{}

func (folder) Open(_ context.Context, o bespoke.Object, offset, length int64) (io.ReadCloser, error) {
	f, err := os.Open(o.Key)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(f, offset, length), f}, nil
}

// ingestAlone runs the import engine on a local file, without S3 and without
// the commit to a table. It returns the time it took.
func ingestAlone(ctx context.Context, csv, dir string, workers int) (time.Duration, error) {
	s, err := schema.Parse(interactionsSchema)
	if err != nil {
		return 0, err
	}
	st, err := os.Stat(csv)
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	res, err := ingest.Run(ctx, ingest.Config{
		Schema: s, Arrow: arrowSchema(s), Type: bespoke.Interactions,
		Objects: []bespoke.Object{{Bucket: "local", Key: csv, Size: st.Size()}},
		Source:  folder{}, Dir: dir, TempDir: dir, Workers: workers,
	})
	if err != nil {
		return 0, err
	}
	took := time.Since(begin)
	fmt.Fprintf(os.Stderr, "ingest: %+v, %d files\n", res.Counts, len(res.Files))
	return took, nil
}

// arrowSchema returns what a table of schema s looks like.
func arrowSchema(s *schema.Schema) *arrow.Schema {
	types := map[schema.Type]arrow.DataType{
		schema.String: arrow.BinaryTypes.String, schema.Int: arrow.PrimitiveTypes.Int32,
		schema.Long: arrow.PrimitiveTypes.Int64, schema.Float: arrow.PrimitiveTypes.Float32,
		schema.Double: arrow.PrimitiveTypes.Float64, schema.Boolean: arrow.FixedWidthTypes.Boolean,
	}
	var fields []arrow.Field
	add := func(name string, t arrow.DataType, nullable bool) {
		id := fmt.Sprint(len(fields) + 1)
		fields = append(fields, arrow.Field{Name: name, Type: t, Nullable: nullable,
			Metadata: arrow.NewMetadata([]string{"PARQUET:field_id"}, []string{id})})
	}
	for _, c := range s.Columns {
		add(c.Name, types[c.Type], c.Nullable)
	}
	add(lake.OriginColumn, arrow.BinaryTypes.String, false)
	return arrow.NewSchema(fields, nil)
}
