package history

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// ReadCSV adds the rows of an interactions file to b: a header with USER_ID,
// ITEM_ID and TIMESTAMP (Unix seconds), in any order, and EVENT_TYPE and
// EVENT_VALUE if there are any. Other columns are context, but for IMPRESSION
// and RECOMMENDATION_ID, which nothing learns from. An error names line, column
// and value.
func ReadCSV(b *Builder, from io.Reader) error {
	t, err := openTable(from, "USER_ID", "ITEM_ID", "TIMESTAMP")
	if err != nil {
		return err
	}
	kind, value := t.column("EVENT_TYPE"), t.column("EVENT_VALUE")
	context := map[string]string{}
	for _, name := range t.header {
		if !slices.Contains(reserved, name) {
			context[name] = ""
		}
	}
	for t.next() {
		in := Interaction{User: t.text(t.column("USER_ID")), Item: t.text(t.column("ITEM_ID")), EventType: t.optional(kind), Context: context}
		for name := range context {
			context[name] = t.row[t.column(name)]
		}
		if in.Time, err = strconv.ParseInt(t.text(t.column("TIMESTAMP")), 10, 64); err != nil {
			t.fail("TIMESTAMP", "is no integer of Unix seconds")
		}
		if v := t.optional(value); v != "" {
			x, err := strconv.ParseFloat(v, 32)
			if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
				t.fail("EVENT_VALUE", "is no number")
			}
			x32 := float32(x)
			in.Value = &x32
		}
		if t.err == nil {
			t.err = b.Add(in)
		}
	}
	return t.err
}

// reserved are the columns of interactions that are no context.
var reserved = []string{"USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE", "IMPRESSION", "RECOMMENDATION_ID"}

// ReadMetadataCSV reads a file of items or users, whose column of IDs is named.
// Without a schema, what a column is for is a guess: numbers if all its values
// are, categories if some value has several with "|" between them or if there
// are few distinct ones, else text. Of rows with the same ID the last counts.
func ReadMetadataCSV(from io.Reader, id string) (*Metadata, error) {
	t, err := openTable(from, id)
	if err != nil {
		return nil, err
	}
	m := &Metadata{IDs: NewDictionary()}
	columns := make([][]string, len(t.header))
	for t.next() {
		row := int(m.IDs.Add(t.text(t.column(id))))
		for c := range columns {
			if row == len(columns[c]) {
				columns[c] = append(columns[c], "")
			}
			columns[c][row] = strings.Clone(t.row[c])
		}
	}
	for c, name := range t.header {
		if name != id {
			m.Columns = append(m.Columns, guess(name, columns[c]))
		}
	}
	return m, t.err
}

// guess says what a column is for.
func guess(name string, values []string) Column {
	c := Column{Name: name, Text: values}
	numbers, filled := make([]float64, len(values)), 0
	for i, v := range values {
		numbers[i] = math.NaN()
		if v == "" {
			continue
		}
		filled++
		x, err := strconv.ParseFloat(v, 64)
		if err != nil {
			numbers = nil
			break
		}
		numbers[i] = x
	}
	if numbers != nil && filled > 0 {
		c.Text, c.Number = nil, numbers
		return c
	}
	several, distinct := false, map[string]bool{}
	for _, v := range values {
		several = several || strings.Contains(v, "|")
		distinct[v] = true
	}
	c.Categorical = several || 10*len(distinct) <= len(values)
	c.Textual = !c.Categorical
	return c
}

// table reads CSV with a header.
type table struct {
	r      *csv.Reader
	header []string
	row    []string
	err    error
}

func openTable(from io.Reader, need ...string) (*table, error) {
	t := &table{r: csv.NewReader(from)}
	header, err := t.r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("it is empty; the first line must name the columns")
	}
	if err != nil {
		return nil, err
	}
	t.header = slices.Clone(header)
	t.header[0] = strings.TrimPrefix(t.header[0], "\ufeff")
	for i, name := range t.header {
		if slices.Contains(t.header[:i], name) {
			return nil, fmt.Errorf("line 1 names the column %.100q twice", name)
		}
	}
	t.r.ReuseRecord = true
	for _, name := range need {
		if t.column(name) < 0 {
			return nil, fmt.Errorf("line 1 has no column %s; it names %.200s", name, strings.Join(t.header, ", "))
		}
	}
	return t, nil
}

func (t *table) column(name string) int { return slices.Index(t.header, name) }

func (t *table) next() bool {
	if t.err != nil {
		return false
	}
	row, err := t.r.Read()
	if errors.Is(err, io.EOF) {
		return false
	}
	t.row, t.err = row, err
	return err == nil
}

// text returns a value that must not be empty.
func (t *table) text(column int) string {
	if t.row[column] == "" {
		t.fail(t.header[column], "is empty")
	}
	return t.row[column]
}

func (t *table) optional(column int) string {
	if column < 0 {
		return ""
	}
	return t.row[column]
}

func (t *table) fail(column, what string) {
	if t.err == nil {
		line, _ := t.r.FieldPos(0)
		t.err = fmt.Errorf("line %d: %s %.100q %s", line, column, t.row[t.column(column)], what)
	}
}
