package ingest

import (
	arrowparquet "github.com/apache/arrow-go/v18/parquet"
	parquetschema "github.com/apache/arrow-go/v18/parquet/schema"

	"bespoke/schema"
)

// leaf is the column of a Parquet file that a column of the schema is read
// from, and how its values become text.
type leaf struct {
	index int // among the leaves of the file
	list  bool
	unit  int64 // of a time, in a second; 0 for other values
	day   bool  // days since 1970
	plus  bool  // an unsigned number
	exact bool  // a decimal number, to be shifted by scale digits
	scale int
}

// newLeaf returns what column c of the schema is read from, given the file's
// column of that name, or why it cannot be.
func newLeaf(s *parquetschema.Schema, node parquetschema.Node, c schema.Column) (l leaf, fault string) {
	l.index = -1
	for i := range s.NumColumns() {
		if s.ColumnRoot(i) != node {
			continue
		}
		if l.index >= 0 {
			return l, "only flat columns are read"
		}
		l.index = i
	}
	if l.index < 0 {
		return l, "only flat columns are read"
	}
	d := s.Column(l.index)
	if _, flat := node.(*parquetschema.PrimitiveNode); !flat || d.MaxRepetitionLevel() > 0 {
		if d.MaxRepetitionLevel() != 1 || d.PhysicalType() != arrowparquet.Types.ByteArray || c.Type != schema.String || !several(c) {
			return l, "only flat columns are read, and lists of strings for categorical columns"
		}
		l.list = true
	}
	return l, l.setConversion(d, c)
}

// setConversion decides how values of the file's column d become values of c.
// Numbers and times of any width and unit do where they mean the same; strings
// are never taken for numbers.
func (l *leaf) setConversion(d *parquetschema.Column, c schema.Column) (fault string) {
	kind := d.PhysicalType()
	whole := kind == arrowparquet.Types.Int32 || kind == arrowparquet.Types.Int64
	switch t := d.LogicalType().(type) {
	case parquetschema.TimestampLogicalType:
		l.unit = map[parquetschema.TimeUnitType]int64{parquetschema.TimeUnitMillis: 1e3, parquetschema.TimeUnitMicros: 1e6, parquetschema.TimeUnitNanos: 1e9}[t.TimeUnit()]
	case parquetschema.DateLogicalType:
		l.day = true
	case parquetschema.IntLogicalType:
		l.plus = !t.IsSigned()
	case parquetschema.DecimalLogicalType:
		if c.Type != schema.Float && c.Type != schema.Double {
			return "decimal numbers are read as float or double; cast the column"
		}
		l.exact, l.scale = true, int(t.Scale())
		return ""
	case parquetschema.TimeLogicalType:
		return "a time of day is not read; cast the column"
	}
	if kind == arrowparquet.Types.Int96 {
		l.unit = 1e9
	}
	if l.unit > 0 || l.day {
		if !isTime(c.Name) {
			return "times are read for the reserved columns of times only; cast the column to a number or a string"
		}
		return ""
	}
	fractions := kind == arrowparquet.Types.Float || kind == arrowparquet.Types.Double
	ok := false
	switch c.Type {
	case schema.String:
		ok = kind == arrowparquet.Types.ByteArray || whole || kind == arrowparquet.Types.Boolean
	case schema.Boolean:
		ok = kind == arrowparquet.Types.Boolean
	default:
		ok = whole || fractions
	}
	if !ok {
		return "cast the column"
	}
	return ""
}

// typeName is the type of a file's column as its schema shows it.
func typeName(n parquetschema.Node) string {
	p, ok := n.(*parquetschema.PrimitiveNode)
	if !ok {
		return "nested"
	}
	switch p.LogicalType().(type) {
	case parquetschema.TimestampLogicalType:
		return "TIMESTAMP"
	case parquetschema.DateLogicalType:
		return "DATE"
	case parquetschema.TimeLogicalType:
		return "TIME"
	case parquetschema.DecimalLogicalType:
		return "DECIMAL"
	case parquetschema.StringLogicalType:
		return "STRING"
	}
	return p.PhysicalType().String()
}
