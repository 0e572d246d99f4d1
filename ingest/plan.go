package ingest

import "bespoke"

// Sizes of what is fetched at once.
const (
	splitBytes = 8 << 20  // of a split; also the most that rows in one can number
	tailBytes  = 4 << 10  // fetched behind a part, for the record that crosses its end
	maxRecord  = 16 << 20 // bytes of one record

	maxSplitRows = 1 << splitShift
)

// part is a range of one object. Where the object is text that can be cut, its
// records are those that begin in it: the first byte of the object begins one,
// and so does every byte behind a line feed.
type part struct {
	object     int // in plan.objects
	start, end int64
}

// task is what is fetched in one go: a range of a large object of text, one
// large object that has to be read from its beginning, or several small objects
// whole. The first two sorts become one split, the others as many as it takes.
type task struct{ parts []part }

// plan is a job's input, cut into tasks in input order.
type plan struct {
	objects []bespoke.Object
	size    int64 // of a split
	tasks   []task
	bytes   int64
}

// newPlan cuts objects into tasks for splits of about size bytes. An object of
// at most size bytes is in one task with others of the kind. Of the larger ones
// those that are not to be cut are in a task of their own.
func newPlan(objects []bespoke.Object, size int64, whole func(object int) bool) *plan {
	p := &plan{objects: objects, size: size}
	room := int64(0) // left in the last task, if it is one of small objects
	for i, o := range objects {
		p.bytes += o.Size
		if o.Size > size {
			step := size
			if whole(i) {
				step = o.Size
			}
			for at := int64(0); at < o.Size; at += step {
				p.tasks = append(p.tasks, task{[]part{{i, at, min(at+step, o.Size)}}})
			}
			room = 0
			continue
		}
		if room == 0 || o.Size > room {
			p.tasks = append(p.tasks, task{})
			room = size
		}
		last := &p.tasks[len(p.tasks)-1]
		last.parts = append(last.parts, part{i, 0, o.Size})
		room -= o.Size
	}
	return p
}
