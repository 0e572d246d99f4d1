package history

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"bespoke/lake"
	"bespoke/parquet"
)

// Reading says what to read of the interactions of a table.
type Reading struct {
	Snapshot *lake.Snapshot
	// EventTypes and Values say whether to read EVENT_TYPE and EVENT_VALUE, which
	// the table must have then.
	EventTypes, Values bool
	// Categories and Numbers are the metadata columns to read as context.
	Categories, Numbers []string
	Workers             int // 0 means GOMAXPROCS
	// Hidden marks further rows of a file, [first, first+rows), that are to be left
	// out, counted from first; nil marks none. It is called concurrently. May be nil.
	Hidden func(path string, first int64, rows int) lake.Bitmap
	// Owner returns whose the rows are whose session has not been linked to a user
	// by themselves, and false for rows that are to be left out. May be nil: such
	// rows count for the session then.
	Owner func(session string) (user string, ok bool)
}

// Read reads the interactions of a snapshot, which it holds meanwhile. Row groups
// are read in parallel; each has a dictionary of its own, whose IDs are looked up
// once. The result is the same whatever the number of workers: rows are in the order
// of the files and IDs are numbered as they first appear. More than 65,535 event types
// are a *bespoke.Error.
func Read(ctx context.Context, r Reading) (*History, error) {
	release, err := r.Snapshot.Hold(ctx)
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	defer release()
	columns := []string{"USER_ID", "ITEM_ID", "TIMESTAMP"}
	if r.EventTypes {
		columns = append(columns, "EVENT_TYPE")
	}
	if r.Values {
		columns = append(columns, "EVENT_VALUE")
	}
	if r.Owner != nil {
		columns = append(columns, lake.SessionColumn)
	}
	columns = slices.Concat(columns, r.Categories, r.Numbers)
	groups, err := r.Snapshot.Groups(ctx, columns, "")
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	if r.Workers <= 0 {
		r.Workers = runtime.GOMAXPROCS(0)
	}
	parts := make([]part, len(groups))
	h := &History{Users: NewDictionary(), Items: NewDictionary(), EventTypes: []string{""}}
	rows := 0
	for i := range groups {
		parts[i] = part{at: rows, context: make([]local, len(r.Categories))}
		rows += groups[i].Rows
	}
	if rows >= math.MaxUint32 {
		return nil, fmt.Errorf("history: %d interactions are more than 2³²-2", rows)
	}
	h.User, h.Item, h.Time = make([]uint32, rows), make([]uint32, rows), make([]int64, rows)
	if r.EventTypes {
		h.Event = make([]uint16, rows)
	}
	if r.Values {
		h.Value = make([]float32, rows)
	}
	for _, name := range r.Categories { // they come first
		h.Context = append(h.Context, ContextColumn{Name: name, Code: make([]uint32, rows)})
	}
	for _, name := range r.Numbers {
		h.Context = append(h.Context, ContextColumn{Name: name, Number: make([]float32, rows)})
	}
	if err := each(ctx, len(groups), r.Workers, func(i int) error { return parts[i].read(ctx, r, &groups[i], h) }); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	if err := number(parts, h); err != nil {
		return nil, err
	}
	if err := each(ctx, len(parts), r.Workers, func(i int) error { parts[i].renumber(h); return nil }); err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	closeGaps(parts, h)
	return h, nil
}

// each calls f for 0 to n-1, several at a time.
func each(ctx context.Context, n, workers int, f func(i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range min(workers, n) {
		g.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				if err := f(i); err != nil {
					return err
				}
			}
		})
	}
	return g.Wait()
}

// part is a row group's place in the columns of the History under way: they hold the
// numbers of its own dictionaries first.
type part struct {
	at, rows            int
	users, items, types local
	context             []local // of the columns of strings
}

// read fills the columns from at on with the rows that count.
func (p *part) read(ctx context.Context, r Reading, g *lake.Group, h *History) error {
	cols, err := g.Read(ctx)
	if err != nil {
		return err
	}
	user, item, times := cols[0], cols[1], cols[2].Ints
	var event, value, session *parquet.Chunk
	next := 3
	take := func(wanted bool, c **parquet.Chunk) {
		if wanted {
			*c = cols[next]
			next++
		}
	}
	take(r.EventTypes, &event)
	take(r.Values, &value)
	take(r.Owner != nil, &session)
	var hidden lake.Bitmap
	if r.Hidden != nil {
		hidden = r.Hidden(g.Path, g.First, g.Rows)
	}
	owners := newOwners(r.Owner, user, session)
	k, context := p.at, cols[next:]
	var counted []uint32 // rows, where there is context
	for i := range g.Rows {
		if g.Dead.Has(i) || hidden.Has(i) {
			continue
		}
		if user.Indices[i] == parquet.NoValue || item.Indices[i] == parquet.NoValue {
			return fmt.Errorf("file %s: row %d has no user or no item", g.Path, g.First+int64(i))
		}
		u, ok := owners.of(i)
		if !ok {
			continue
		}
		h.User[k], h.Item[k], h.Time[k] = u, item.Indices[i], times[i]
		if event != nil {
			// Numbered from 1; 0 is none. More types than fit are refused below.
			if e := event.Indices[i]; e != parquet.NoValue {
				if h.Event[k], err = p.types.rank(e, &event.Words); err != nil {
					return err
				}
			}
		}
		if value != nil {
			h.Value[k] = value.Floats[i]
			if value.Null != nil && value.Null[i] {
				h.Value[k] = float32(math.NaN())
			}
		}
		if len(context) > 0 {
			counted = append(counted, uint32(i))
		}
		k++
	}
	p.rows = k - p.at
	p.users.words, p.items.words = user.Words, item.Words
	if event != nil {
		p.types.words = event.Words
	}
	for _, u := range h.User[p.at:k] {
		p.users.note(u, user.Words.Len())
	}
	for _, v := range h.Item[p.at:k] {
		p.items.note(v, item.Words.Len())
	}
	for c, col := range context {
		p.readContext(&h.Context[c], c, col, counted)
	}
	return nil
}

// readContext fills a context column, the one with number n, with the rows that
// count.
func (p *part) readContext(c *ContextColumn, n int, col *parquet.Chunk, counted []uint32) {
	if c.Number == nil {
		p.context[n].words = col.Words
		for k, i := range counted {
			code := col.Indices[i]
			if c.Code[p.at+k] = code; code != parquet.NoValue {
				p.context[n].note(code, col.Words.Len())
			}
		}
		return
	}
	for k, i := range counted {
		x := float32(math.NaN())
		switch {
		case col.Null != nil && col.Null[i]:
		case col.Ints != nil:
			x = float32(col.Ints[i])
		default:
			x = col.Floats[i]
		}
		c.Number[p.at+k] = x
	}
}

// closeGaps moves the parts' rows together where some were left out, and leaves
// columns away that hold nothing.
func closeGaps(parts []part, h *History) {
	h.User, h.Item, h.Time = together(parts, h.User), together(parts, h.Item), together(parts, h.Time)
	h.Event, h.Value = together(parts, h.Event), together(parts, h.Value)
	if len(h.EventTypes) == 1 {
		h.Event = nil
	}
	if !slices.ContainsFunc(h.Value, func(v float32) bool { return v == v }) {
		h.Value = nil
	}
	for i := range h.Context {
		c := &h.Context[i]
		c.Code, c.Number = together(parts, c.Code), together(parts, c.Number)
	}
	h.Context = slices.DeleteFunc(h.Context, func(c ContextColumn) bool { return c.empty() })
}

// together moves the parts' rows of a column together, nil of a nil column.
func together[T any](parts []part, column []T) []T {
	if column == nil {
		return nil
	}
	n := 0
	for _, p := range parts {
		if n != p.at {
			copy(column[n:], column[p.at:p.at+p.rows])
		}
		n += p.rows
	}
	return column[:n]
}
