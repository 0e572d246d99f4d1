package sequence

import (
	"slices"

	"bespoke/recipe"
	"bespoke/recipe/vector"
)

// Follower is an item that follows another one.
type Follower struct {
	Item   uint32
	Weight float32
}

// Followers is a matrix as answers read it: each entry lies in one place, so that
// a row that is not in the cache costs one look at memory. It is immutable.
type Followers struct {
	start   []uint32 // of each row in entries, and the end
	entries []Follower
}

// Followers returns the matrix, which must have fewer than 2³² entries.
func (c *Counts) Followers() *Followers {
	f := &Followers{start: make([]uint32, len(c.Start)), entries: make([]Follower, len(c.Item))}
	for i, at := range c.Start {
		f.start[i] = uint32(at)
	}
	for e, j := range c.Item {
		f.entries[e] = Follower{j, c.Weight[e]}
	}
	return f
}

// Row returns what follows an item. It is not to be changed.
func (f *Followers) Row(item uint32) []Follower { return f.entries[f.start[item]:f.start[item+1]] }

// head is how many entries of a row Fetch asks for: two lines of the cache at most.
const head = 8

// Fetch asks memory for the beginnings of rows that will be read soon.
func (f *Followers) Fetch(items []uint32) {
	var starts [32]uint32
	for some := range slices.Chunk(items, len(starts)) {
		for i, j := range some {
			starts[i] = f.start[j]
		}
		vector.Fetch(f.entries, starts[:len(some)], 1, head)
	}
}

// Encode writes the matrix.
func (f *Followers) Encode(e *recipe.Encoder) {
	recipe.PutEach(e, len(f.start)-1, func(i int) uint32 { return f.start[i+1] - f.start[i] })
	recipe.PutEach(e, len(f.entries), func(i int) uint32 { return f.entries[i].Item })
	recipe.PutEach(e, len(f.entries), func(i int) float32 { return f.entries[i].Weight })
}

// DecodeFollowers reads a matrix of so many items, nil after an error.
func DecodeFollowers(d *recipe.Decoder, items int) *Followers {
	f := &Followers{start: make([]uint32, 1, items+1)}
	end := 0
	recipe.GetEach(d, items, func(_ int, n uint32) {
		end += int(n)
		f.start = append(f.start, uint32(end))
	})
	if end > 1<<32-1 {
		d.Fail("it has %d transitions", end)
	}
	recipe.GetEach(d, end, func(_ int, j uint32) {
		if int(j) >= items {
			d.Fail("it speaks of item %d of %d", j, items)
		}
		f.entries = append(f.entries, Follower{Item: j})
	})
	recipe.GetEach(d, end, func(i int, w float32) { f.entries[i].Weight = w })
	if d.Err() != nil {
		return nil
	}
	return f
}
