package lake

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/iceberg-go"

	"bespoke/schema"
)

// fieldIDKey is the key under which Arrow fields carry their Parquet field id.
const fieldIDKey = "PARQUET:field_id"

var icebergTypes = map[schema.Type]iceberg.Type{
	schema.String:  iceberg.PrimitiveTypes.String,
	schema.Int:     iceberg.PrimitiveTypes.Int32,
	schema.Long:    iceberg.PrimitiveTypes.Int64,
	schema.Float:   iceberg.PrimitiveTypes.Float32,
	schema.Double:  iceberg.PrimitiveTypes.Float64,
	schema.Boolean: iceberg.PrimitiveTypes.Bool,
}

// tableSchema returns the Iceberg schema of s followed by the columns of every table.
// Columns that old has keep their field ids, new ones get ids above last.
func tableSchema(s *schema.Schema, old *iceberg.Schema, last int) (*iceberg.Schema, error) {
	var fields []iceberg.NestedField
	add := func(name string, typ iceberg.Type, required bool) error {
		f := iceberg.NestedField{Name: name, Type: typ, Required: required}
		if was, ok := find(old, name); ok {
			if !was.Type.Equals(typ) || was.Required != required {
				return fmt.Errorf("column %s is %s in the table, a column's type cannot change", name, was.Type)
			}
			f.ID = was.ID
		} else {
			if old != nil && required {
				return fmt.Errorf("column %s is new and must allow null, because earlier rows have no value for it", name)
			}
			last++
			f.ID = last
		}
		fields = append(fields, f)
		return nil
	}
	for _, c := range s.Columns {
		typ, ok := icebergTypes[c.Type]
		if !ok {
			return nil, fmt.Errorf("column %s has no type", c.Name)
		}
		if err := add(c.Name, typ, !c.Nullable); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(add(OriginColumn, iceberg.PrimitiveTypes.String, true), add(ArrivedColumn, iceberg.PrimitiveTypes.Int64, true),
		add(SessionColumn, iceberg.PrimitiveTypes.String, false)); err != nil {
		return nil, err
	}
	if old != nil {
		for _, was := range old.Fields() {
			if _, ok := s.Column(was.Name); !ok && !slices.Contains([]string{OriginColumn, ArrivedColumn, SessionColumn}, was.Name) {
				return nil, fmt.Errorf("column %s of the table is missing, columns cannot be removed", was.Name)
			}
		}
	}
	return iceberg.NewSchema(0, fields...), nil
}

func find(s *iceberg.Schema, name string) (iceberg.NestedField, bool) {
	if s == nil {
		return iceberg.NestedField{}, false
	}
	return s.FindFieldByName(name)
}

// arrowSchema returns what data files of a table hold.
func arrowSchema(s *iceberg.Schema) (*arrow.Schema, error) {
	fields := make([]arrow.Field, 0, s.NumFields())
	for _, f := range s.Fields() {
		typ, err := arrowType(f.Type)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", f.Name, err)
		}
		fields = append(fields, arrow.Field{
			Name: f.Name, Type: typ, Nullable: !f.Required,
			Metadata: arrow.NewMetadata([]string{fieldIDKey}, []string{strconv.Itoa(f.ID)}),
		})
	}
	return arrow.NewSchema(fields, nil), nil
}

func arrowType(t iceberg.Type) (arrow.DataType, error) {
	switch t {
	case iceberg.PrimitiveTypes.String:
		return arrow.BinaryTypes.String, nil
	case iceberg.PrimitiveTypes.Int32:
		return arrow.PrimitiveTypes.Int32, nil
	case iceberg.PrimitiveTypes.Int64:
		return arrow.PrimitiveTypes.Int64, nil
	case iceberg.PrimitiveTypes.Float32:
		return arrow.PrimitiveTypes.Float32, nil
	case iceberg.PrimitiveTypes.Float64:
		return arrow.PrimitiveTypes.Float64, nil
	case iceberg.PrimitiveTypes.Bool:
		return arrow.FixedWidthTypes.Boolean, nil
	}
	return nil, fmt.Errorf("type %s is not one that datasets have", t)
}
