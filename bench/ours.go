package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
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

// ingestAlone runs the import engine on local files, without S3 and without the
// commit to a table. It returns the time it took.
func ingestAlone(ctx context.Context, w work, s *schema.Schema, from, dir string, workers int) (time.Duration, error) {
	paths, err := filepath.Glob(filepath.Join(from, "*.csv"))
	if err != nil {
		return 0, err
	}
	var objects []bespoke.Object
	for _, p := range paths {
		st, err := os.Stat(p)
		if err != nil {
			return 0, err
		}
		objects = append(objects, bespoke.Object{Bucket: "local", Key: p, Size: st.Size()})
	}
	begin := time.Now()
	res, err := ingest.Run(ctx, ingest.Config{
		Schema: s, Arrow: arrowSchema(s), Type: bespoke.DatasetType(strings.ToUpper(w.kind)), Objects: objects,
		Arrived: begin, Source: folder{}, Dir: dir, TempDir: dir, Workers: workers,
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
	add(lake.ArrivedColumn, arrow.PrimitiveTypes.Int64, false)
	add(lake.SessionColumn, arrow.BinaryTypes.String, true)
	return arrow.NewSchema(fields, nil)
}
