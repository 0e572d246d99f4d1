package export

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// appendRow appends row i of the columns as a line of CSV: null is an empty
// cell, the empty string two quotes, a number the shortest text that is read as
// the same number.
func appendRow(dst []byte, columns []arrow.Array, i int) ([]byte, error) {
	for n, c := range columns {
		if n > 0 {
			dst = append(dst, ',')
		}
		if c.IsNull(i) {
			continue
		}
		switch c := c.(type) {
		case *array.String:
			dst = appendText(dst, c.Value(i))
		case *array.Int32:
			dst = strconv.AppendInt(dst, int64(c.Value(i)), 10)
		case *array.Int64:
			dst = strconv.AppendInt(dst, c.Value(i), 10)
		case *array.Float32:
			dst = appendFloat(dst, float64(c.Value(i)), 32)
		case *array.Float64:
			dst = appendFloat(dst, c.Value(i), 64)
		case *array.Boolean:
			dst = strconv.AppendBool(dst, c.Value(i))
		default:
			return dst, fmt.Errorf("column %d has the unexpected type %s", n, c.DataType())
		}
	}
	return append(dst, '\n'), nil
}

// appendText puts s in quotes where it could be taken for something else, with
// backslashes before quotes and backslashes. Records are lines, so a line feed,
// which only an individual record can bring along, becomes a blank.
func appendText(dst []byte, s string) []byte {
	if s != "" && !strings.ContainsAny(s, "\",\\\r\n") {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	for i := range len(s) {
		switch b := s[i]; b {
		case '"', '\\':
			dst = append(dst, '\\', b)
		case '\n':
			dst = append(dst, ' ')
		default:
			dst = append(dst, b)
		}
	}
	return append(dst, '"')
}

// appendFloat uses an exponent only for the very large and the very small.
func appendFloat(dst []byte, v float64, bits int) []byte {
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, v, format, -1, bits)
}
