package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"bespoke/artifact"
	"bespoke/history"
	"bespoke/lake"
	"bespoke/parquet"
)

// ErrManyItems is the error of News that has found more items than it may.
var ErrManyItems = errors.New("there are too many items")

// News finds the items that have come since a model was trained. It reads each
// file of the interactions once, however often it is asked. Not safe for
// concurrent use.
type News struct {
	known  *history.Dictionary
	limit  int
	files  map[string]*arrivals // that were read
	items  map[string]arrival   // of all files
	newest int64
}

// arrivals are what a file has of items that the model does not know.
type arrivals struct {
	items  map[string]*arrival
	newest int64 // interaction, of any item
}

// arrival is an item that the model does not know, as its interactions show it.
type arrival struct {
	first  int64
	takers takers
}

// NewNews returns News for the model of an artifact, which with what is new may
// have limit items at most; 0 is no limit.
func NewNews(a *artifact.Artifact, limit int) *News {
	n := &News{known: a.Model.Items(), limit: math.MaxInt, newest: a.Newest}
	if limit > 0 {
		n.limit = limit - n.known.Len()
	}
	return n
}

// Read takes in the interactions of a snapshot, as far as it has not seen their
// files yet, and lets go of those that are in it no more. It may be called again after an error.
// Events without a user count for their session.
func (n *News) Read(ctx context.Context, interactions *lake.Snapshot) error {
	release, err := interactions.Hold(ctx)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	defer release()
	groups, err := interactions.Groups(ctx, []string{"USER_ID", "ITEM_ID", "TIMESTAMP"}, "")
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	files := make(map[string]*arrivals, len(n.files))
	for i := range groups {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		g := &groups[i]
		if read := n.files[g.Path]; read != nil {
			files[g.Path] = read
			continue
		}
		if files[g.Path] == nil {
			files[g.Path] = &arrivals{items: map[string]*arrival{}, newest: math.MinInt64}
		}
		if err := n.group(ctx, g, files[g.Path]); err != nil {
			return fmt.Errorf("train: file %s: %w", g.Path, err)
		}
	}
	n.files = files
	return n.merge()
}

// merge adds up what the files have.
func (n *News) merge() error {
	items, newest := map[string]arrival{}, int64(math.MinInt64)
	for _, file := range n.files {
		newest = max(newest, file.newest)
		for id, a := range file.items {
			was, ok := items[id]
			if !ok {
				if len(items) >= n.limit {
					return ErrManyItems
				}
				was.first = a.first
			}
			items[id] = arrival{first: min(was.first, a.first), takers: was.takers.with(a.takers)}
		}
	}
	n.items = items
	if newest > math.MinInt64 {
		n.newest = newest
	}
	return nil
}

// group takes in a row group of a file.
func (n *News) group(ctx context.Context, g *lake.Group, file *arrivals) error {
	cols, err := g.Read(ctx)
	if err != nil {
		return err
	}
	users, items, times := cols[0], cols[1], cols[2].Ints
	unknown := make([]bool, items.Words.Len())
	for k := range unknown {
		_, known := n.known.Lookup(string(items.Words.Word(uint32(k))))
		unknown[k] = !known
	}
	found := make([]*arrival, len(unknown))
	for row, k := range items.Indices {
		if g.Dead.Has(row) {
			continue
		}
		file.newest = max(file.newest, times[row])
		if k == parquet.NoValue || !unknown[k] {
			continue
		}
		if found[k] == nil {
			id := string(items.Words.Word(k))
			if found[k] = file.items[id]; found[k] == nil {
				if len(file.items) >= n.limit {
					return ErrManyItems
				}
				found[k] = &arrival{first: times[row]}
				file.items[id] = found[k]
			}
		}
		found[k].first = min(found[k].first, times[row])
		if u := users.Indices[row]; u != parquet.NoValue {
			found[k].takers.add(users.Words.Word(u))
		}
	}
	return nil
}

// Newest returns the time of the newest interaction, Unix seconds.
func (n *News) Newest() int64 { return n.newest }

// Items returns the items that the model does not know, by ID: those of the
// interactions and those of an Items dataset, which may be nil. An item came into
// being at its CREATION_TIMESTAMP, else with its first interaction, else with the
// newest of all.
func (n *News) Items(items *history.Metadata) ([]artifact.Item, error) {
	var out []artifact.Item
	add := func(id string, row int) error {
		if len(out) >= n.limit {
			return ErrManyItems
		}
		it := artifact.Item{ID: strings.Clone(id), Created: n.newest}
		if a, ok := n.items[id]; ok {
			it.Created, it.Takers = a.first, a.takers.count()
		}
		if at, ok := items.Creation(row); ok {
			it.Created = at
		}
		out = append(out, it)
		return nil
	}
	described := func(string) bool { return false }
	if items != nil {
		described = func(id string) bool { _, ok := items.IDs.Lookup(id); return ok }
		for row := range items.IDs.Len() {
			id := items.IDs.ID(uint32(row))
			if _, known := n.known.Lookup(id); known {
				continue
			}
			if err := add(id, row); err != nil {
				return nil, err
			}
		}
	}
	for id := range n.items {
		if !described(id) {
			if err := add(id, -1); err != nil {
				return nil, err
			}
		}
	}
	slices.SortFunc(out, func(a, b artifact.Item) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// takers tells about how many different users there are, up to about 1,400, in
// 32 bytes: each sets one bit, and n of 256 bits stay clear after
// -256 ln(n/256) users.
// Source: Whang, Vander-Zanden and Taylor, ACM TODS 15(2), 1990: linear counting.
type takers [4]uint64

func (t *takers) add(user []byte) {
	h := xxh3.Hash(user)
	t[h>>62] |= 1 << (h & 63)
}

// with returns the users of both.
func (t takers) with(u takers) takers {
	for i := range t {
		t[i] |= u[i]
	}
	return t
}

func (t *takers) count() uint32 {
	const m = 256
	clear := m
	for _, w := range t {
		clear -= bits.OnesCount64(w)
	}
	return uint32(math.Round(-m * math.Log(max(float64(clear), 0.5)/m)))
}
