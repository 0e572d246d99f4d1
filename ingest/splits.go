package ingest

import (
	"cmp"
	"slices"
	"sync"

	"bespoke"
)

// maxSplits keeps a row's ordinal, its split and its number in that, within 40
// bits. It allows for a TiB of text.
const maxSplits = 1 << (ordinalBits - splitShift)

// split is what one worker takes at a time: the text of several small objects,
// a piece of a large one, or both. A task is one split, numbered as the task, or
// several, of which the others are numbered as they come.
type split struct {
	number    int
	task, seq int
	objects   []int // of its parts, in order
	goesOn    bool  // the first part goes on with the object of the split before
	lines     int64 // lines of its last part
	before    int64 // lines of the first part's object in earlier splits; known once settled
}

// splits are all splits of an import by their number. Safe for concurrent use
// while they are made; settle comes after that.
type splits struct {
	objects []bespoke.Object
	most    int // how many there may be

	mu   sync.Mutex
	list []*split
}

// newSplits returns the first splits of so many tasks.
func newSplits(objects []bespoke.Object, tasks, most int) *splits {
	s := &splits{objects: objects, most: most}
	for i := range tasks {
		s.list = append(s.list, &split{number: i, task: i})
	}
	return s
}

// begin returns split seq of a task.
func (s *splits) begin(task, seq int) (*split, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seq == 0 {
		return s.list[task], nil
	}
	if len(s.list) == s.most {
		return nil, bespoke.Errorf(bespoke.InvalidInput, "The objects have more than %d bytes when decompressed, the most that an import takes: divide it.",
			int64(s.most)*splitBytes)
	}
	sp := &split{number: len(s.list), task: task, seq: seq}
	s.list = append(s.list, sp)
	return sp, nil
}

// settle tells for every split how many lines precede it, and returns the order
// of splits: nil where they are in input order by their numbers, else for each
// number which in input order it is.
func (s *splits) settle() []uint64 {
	sorted := slices.Clone(s.list)
	slices.SortFunc(sorted, func(a, b *split) int { return cmp.Or(cmp.Compare(a.task, b.task), cmp.Compare(a.seq, b.seq)) })
	rank := make([]uint64, len(sorted))
	inOrder := true
	last := int64(0) // lines of the object under way
	for i, sp := range sorted {
		rank[sp.number] = uint64(i)
		inOrder = inOrder && sp.number == i
		if sp.goesOn {
			sp.before = last
		}
		if len(sp.objects) > 1 || !sp.goesOn {
			last = 0
		}
		last += sp.lines
	}
	if inOrder {
		return nil
	}
	return rank
}

// place is where a row is in the input, as far as it is known while that is
// read.
type place struct {
	*split
	part int
	line uint32 // from 1 in the part
}

// compare orders places as the input has them.
func (p place) compare(o place) int {
	return cmp.Or(cmp.Compare(p.task, o.task), cmp.Compare(p.seq, o.seq), cmp.Compare(p.part, o.part), cmp.Compare(p.line, o.line))
}

// find returns the object of a place and the line in it. It is for settled
// splits.
func (s *splits) find(p place) (bespoke.Object, int64) {
	line := int64(p.line)
	if p.part == 0 {
		line += p.before
	}
	return s.objects[p.objects[p.part]], line
}

// ordinals renumbers rows: that of the earlier row in the input is the lesser
// one in the end. The zero value leaves them as they are.
type ordinals struct {
	first uint64   // of new rows
	rank  []uint64 // of splits by their number; nil where that is the order
}

func (o ordinals) of(n uint64) uint64 {
	if o.rank == nil || n < o.first {
		return n
	}
	n -= o.first
	return o.first + o.rank[n>>splitShift]<<splitShift + n&(1<<splitShift-1)
}
