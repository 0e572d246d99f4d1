package train

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"bespoke"
	"bespoke/dataset"
	"bespoke/history"
	"bespoke/lake"
	"bespoke/schema"
)

// Source is a state of a dataset and what its columns mean.
type Source struct {
	Snapshot *lake.Snapshot
	Schema   *schema.Schema
	TempDir  string // for what does not fit into Memory
	Memory   int64  // bytes, about, for finding repeated rows
}

// view is the state as one dataset: of repeated events one, and of the records
// of one item or user the newest.
func (s Source) view(ctx context.Context, t bespoke.DatasetType) (*dataset.View, error) {
	return dataset.Open(ctx, dataset.Config{Snapshot: s.Snapshot, Type: t, Schema: s.Schema, TempDir: s.TempDir, Memory: s.Memory})
}

// interactions reads the rows of an Interactions dataset. Events without a user
// count for the user that their session has been linked to, and are left out
// where there is none.
func (t *run) interactions(ctx context.Context) (*history.History, error) {
	from := t.Interactions
	owners, err := sessions(ctx, from.Snapshot)
	if err != nil {
		return nil, err
	}
	view, err := from.view(ctx, bespoke.Interactions)
	if err != nil {
		return nil, err
	}
	_, types := from.Schema.Column("EVENT_TYPE")
	_, values := from.Schema.Column("EVENT_VALUE")
	categories, numbers := t.context()
	return history.Read(ctx, history.Reading{
		Snapshot: from.Snapshot, EventTypes: types, Values: values, Categories: categories, Numbers: numbers, Workers: t.Workers, Hidden: view.Hidden,
		Owner: func(session string) (string, bool) {
			user, ok := owners[session]
			return user, ok
		},
	})
}

// context returns the metadata columns of the interactions that are trained on.
// Strings that are not categorical and boolean columns never are.
func (t *run) context() (categories, numbers []string) {
	for _, c := range t.Interactions.Schema.Columns {
		switch {
		case !t.trains(bespoke.Interactions, c.Name), c.Name == "TIMESTAMP", c.Name == "EVENT_VALUE":
		case c.Categorical:
			categories = append(categories, c.Name)
		case c.Type.Number():
			numbers = append(numbers, c.Name)
		}
	}
	return categories, numbers
}

// sessions returns the user of each session that has one.
func sessions(ctx context.Context, from *lake.Snapshot) (map[string]string, error) {
	owners := map[string]string{}
	for batch, err := range from.Scan(ctx, []string{"USER_ID", lake.SessionColumn}, lake.Put) {
		if err != nil {
			return nil, err
		}
		users, of := batch.Record.Column(0), batch.Record.Column(1)
		for i := range int(batch.Record.NumRows()) {
			if user, session := text(users, i), text(of, i); !batch.Dead.Has(i) && session != "" && user != session {
				owners[strings.Clone(session)] = strings.Clone(user) // the batch is not to be kept for them
			}
		}
	}
	return owners, nil
}

// Metadata reads the rows of an Items or Users dataset, with all its columns.
func Metadata(ctx context.Context, from Source, t bespoke.DatasetType) (*history.Metadata, error) {
	key := t.Key()
	names := []string{key}
	var columns []history.Column
	for _, c := range from.Schema.Columns {
		if c.Name != key {
			names = append(names, c.Name)
			columns = append(columns, history.Column{Name: c.Name, Categorical: c.Categorical, Textual: c.Textual})
		}
	}
	m := &history.Metadata{IDs: history.NewDictionary(), Columns: columns}
	view, err := from.view(ctx, t)
	if err != nil {
		return nil, err
	}
	for batch, err := range view.Scan(ctx, names) {
		if err != nil {
			return nil, err
		}
		cols := batch.Record.Columns()
		for i := range int(batch.Record.NumRows()) {
			if batch.Dead.Has(i) {
				continue
			}
			row := int(m.IDs.Add(text(cols[0], i)))
			for c := range m.Columns {
				set(&m.Columns[c], row, cols[c+1], i)
			}
		}
	}
	return m, nil
}

// set takes value i of an array into a row of a column, which may be new.
func set(c *history.Column, row int, a arrow.Array, i int) {
	switch a.(type) {
	case *array.String, *array.Boolean:
		if row == len(c.Text) {
			c.Text = append(c.Text, "")
		}
		c.Text[row] = text(a, i)
	default:
		if row == len(c.Number) {
			c.Number = append(c.Number, math.NaN())
		}
		c.Number[row] = numeric(a, i)
	}
}

// text returns a value of a string or boolean column, "" for null.
func text(a arrow.Array, i int) string {
	if a.IsNull(i) {
		return ""
	}
	switch a := a.(type) {
	case *array.String:
		return a.Value(i)
	case *array.Boolean:
		return strconv.FormatBool(a.Value(i))
	}
	panic(fmt.Sprintf("train: %s is no text", a.DataType()))
}

// numeric returns a value of a number column, NaN for null.
func numeric(a arrow.Array, i int) float64 {
	if a.IsNull(i) {
		return math.NaN()
	}
	switch a := a.(type) {
	case *array.Int32:
		return float64(a.Value(i))
	case *array.Int64:
		return float64(a.Value(i))
	case *array.Float32:
		return written(a.Value(i))
	case *array.Float64:
		return a.Value(i)
	}
	panic(fmt.Sprintf("train: %s is no number", a.DataType()))
}

// written returns the shortest number that is kept as x: 19.99 where the float32 next
// to it is 19.989999771.
func written(x float32) float64 {
	if whole := float64(int32(x)); whole == float64(x) {
		return whole
	}
	v, _ := strconv.ParseFloat(strconv.FormatFloat(float64(x), 'g', -1, 32), 64) // an infinity is one
	return v
}
