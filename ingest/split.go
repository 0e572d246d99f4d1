package ingest

import (
	"sort"

	"bespoke"
)

// Sizes of what is fetched at once.
const (
	splitBytes = 8 << 20  // of a split; also the most that rows in one can number
	tailBytes  = 4 << 10  // fetched behind a part, for the record that crosses its end
	maxRecord  = 16 << 20 // bytes of one record
)

// maxSplits keeps a row's ordinal, its split and its number in that, within 40
// bits. It allows for a TiB of input.
const maxSplits = 1 << (ordinalBits - splitShift)

// part is a range of one object. Its records are those that begin in it: the
// first byte of the object begins one, and so does every byte behind a line
// feed.
type part struct {
	object     int // in plan.objects
	start, end int64
}

// split is what one worker takes at a time: a range of a large object, or
// several small objects whole.
type split struct{ parts []part }

// plan is a job's input, cut into splits in input order.
type plan struct {
	objects []bespoke.Object
	splits  []split
	bytes   int64
}

// newPlan cuts objects into splits of about size bytes. An object of at most
// size bytes is in one split, with others of the kind.
func newPlan(objects []bespoke.Object, size int64) *plan {
	p := &plan{objects: objects}
	room := int64(0) // left in the last split, if it is one of small objects
	for i, o := range objects {
		p.bytes += o.Size
		if o.Size > size {
			for at := int64(0); at < o.Size; at += size {
				p.splits = append(p.splits, split{[]part{{i, at, min(at+size, o.Size)}}})
			}
			room = 0
			continue
		}
		if o.Size > room {
			p.splits = append(p.splits, split{})
			room = size
		}
		last := &p.splits[len(p.splits)-1]
		last.parts = append(last.parts, part{i, 0, o.Size})
		room -= o.Size
	}
	return p
}

// first returns the first split with a part of the object.
func (p *plan) first(object int) int {
	return sort.Search(len(p.splits), func(i int) bool {
		parts := p.splits[i].parts
		return parts[len(parts)-1].object >= object
	})
}
