package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"bespoke"
	"bespoke/lake"
	"bespoke/parquet"
	"bespoke/schema"
)

// Config is what an import needs to know.
type Config struct {
	Schema *schema.Schema
	// Arrow is the table's schema: the columns of Schema in their order, then
	// lake.OriginColumn, lake.ArrivedColumn and lake.SessionColumn, each with its
	// field id as metadata.
	Arrow   *arrow.Schema
	Type    bespoke.DatasetType
	Mode    bespoke.ImportMode // "" means Full
	Arrived time.Time          // what all rows have in lake.ArrivedColumn
	Objects []bespoke.Object   // read in this order
	Source  Source
	// Dir is where data files go. It exists, and nobody takes a file there for
	// part of a table before the import is committed.
	Dir     string
	TempDir string // for spilled keys; "" means the system's
	Workers int    // 0 means GOMAXPROCS
	Fetches int    // splits fetched at once ahead of the workers; 0 means 4
	// Memory bounds what the import holds at a time, in bytes; 0 means 256 MiB
	// and less than 128 MiB is taken for that.
	Memory      int64
	MaxReported int       // bad rows in Result.Bad at most; 0 means 1000
	Progress    *Progress // may be nil
	// Existing yields the rows that the table shows now, with these columns. It
	// is needed for INCREMENTAL only.
	Existing func(ctx context.Context, columns []string) iter.Seq2[lake.Batch, error]
	// MaxBadShare is which share of rows, from 0 to 1, may be bad: these are left
	// out. 0 means that any bad row fails the import.
	MaxBadShare float64
	// Rejects is the file that bad rows are written to, gzipped CSV, where
	// MaxBadShare is above 0. A file of that name is replaced. It is there also
	// if so many rows are bad that the import fails.
	Rejects string
	// CheckOnly has everything read, checked and compared as a FULL import does,
	// and nothing written. Arrow and Dir are not needed then.
	CheckOnly bool
	// CSVOnly has nothing read but plain CSV, as at Amazon. Otherwise an object
	// may be JSON Lines or Parquet, and text may be compressed with gzip or zstd.
	CSVOnly bool
	// Observe returns what is to see the good rows of a check: it is called once
	// for each worker. May be nil.
	Observe func() Observer
}

// fileBytes is the size at which a data file ends.
const fileBytes = 256 << 20

func (c *Config) setDefaults() {
	c.Mode = cmp.Or(c.Mode, bespoke.Full)
	c.TempDir = cmp.Or(c.TempDir, os.TempDir())
	c.Workers = cmp.Or(c.Workers, runtime.GOMAXPROCS(0))
	c.Fetches = cmp.Or(c.Fetches, 4)
	c.Memory = max(cmp.Or(c.Memory, 256<<20), 128<<20)
	c.MaxReported = cmp.Or(c.MaxReported, 1000)
	if c.Progress == nil {
		c.Progress = &Progress{}
	}
}

func (c *Config) validate() error {
	var errs []error
	check := func(ok bool, what string) {
		if !ok {
			errs = append(errs, errors.New(what))
		}
	}
	check(c.Schema != nil, "Schema is missing")
	check(c.Arrow != nil || c.CheckOnly, "Arrow is missing")
	check(c.Source != nil, "Source is missing")
	check(c.Dir != "" || c.CheckOnly, "Dir is missing")
	check(c.Workers > 0, "Workers is negative")
	check(c.Mode == bespoke.Full || c.Mode == bespoke.Incremental, "Mode is unknown: "+string(c.Mode))
	check(c.Mode == bespoke.Full || c.Existing != nil, "Existing is missing")
	check(c.Mode == bespoke.Full || !c.CheckOnly, "CheckOnly is for FULL")
	check(c.MaxBadShare >= 0 && c.MaxBadShare <= 1, "MaxBadShare is not from 0 to 1")
	check((c.MaxBadShare > 0) == (c.Rejects != ""), "Rejects and MaxBadShare go together")
	check(c.MaxBadShare == 0 || !c.CheckOnly, "MaxBadShare is not for CheckOnly")
	check(c.Observe == nil || c.CheckOnly, "Observe is for CheckOnly")
	return errors.Join(errs...)
}

// fields returns the columns of the data files: those of the table but for the
// session, which imported rows do not have.
func (c *Config) fields() ([]parquet.Field, error) {
	if c.CheckOnly {
		return c.checkFields(), nil
	}
	columns := append(slices.Clone(c.Schema.Columns), tableColumns...)
	if n := c.Arrow.NumFields(); n != len(columns)+1 || c.Arrow.Field(n-1).Name != lake.SessionColumn {
		return nil, fmt.Errorf("the table has %d columns, the schema %d; the table's own are %d", n, len(c.Schema.Columns), len(tableColumns)+1)
	}
	var fields []parquet.Field
	for i, col := range columns {
		f := c.Arrow.Field(i)
		if f.Name != col.Name {
			return nil, fmt.Errorf("column %d of the table is %s, of the schema %s", i, f.Name, col.Name)
		}
		text, _ := f.Metadata.GetValue("PARQUET:field_id")
		id, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("column %s of the table: field id: %w", f.Name, err)
		}
		fields = append(fields, parquet.Field{
			Name: f.Name, ID: int32(id), Kind: kinds[col.Type],
			Optional: f.Nullable, Plain: col.Textual,
		})
	}
	fields[len(c.Schema.Columns)].Constant = lake.Bulk
	return fields, nil
}

// tableColumns are those that imports write after the schema's.
var tableColumns = []schema.Column{
	{Name: lake.OriginColumn, Type: schema.String},
	{Name: lake.ArrivedColumn, Type: schema.Long},
}

var kinds = [...]parquet.Kind{
	schema.String: parquet.String, schema.Int: parquet.Int32, schema.Long: parquet.Int64,
	schema.Float: parquet.Float32, schema.Double: parquet.Float64, schema.Boolean: parquet.Bool,
}

// keys returns for each column of the schema whether rows that agree in it and
// in the other such columns are duplicates.
func (c *Config) keys() []bool {
	keys := make([]bool, len(c.Schema.Columns))
	for i, col := range c.Schema.Columns {
		keys[i] = c.Type.Key() == "" || col.Name == c.Type.Key()
	}
	return keys
}

// keyColumns returns the names of those columns.
func (c *Config) keyColumns() []string {
	var names []string
	for i, key := range c.keys() {
		if key {
			names = append(names, c.Schema.Columns[i].Name)
		}
	}
	return names
}
