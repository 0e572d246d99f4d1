package lake

import (
	"iter"
	"sort"

	"github.com/RoaringBitmap/roaring/v2"
)

// relocation says where the rows of some data files went when these were written
// anew. It is safe for concurrent use once made.
type relocation struct {
	snapshot int64 // that has the new files
	sequence int64 // its sequence number
	from     map[string]source
}

// source is a file whose rows went elsewhere.
type source struct {
	rows  int64
	dead  *roaring.Bitmap // of these, those that went nowhere
	first int64           // of the rows of target, the one that its first live row became
	to    *target
}

// target is the files that the rows of some sources went to, one behind the other.
type target struct {
	files  []File
	starts []int64 // for each, how many rows the files before it have
}

func newTarget(files []File) *target {
	t := &target{files: files}
	rows := int64(0)
	for _, f := range files {
		t.starts = append(t.starts, rows)
		rows += f.Rows
	}
	return t
}

// position returns where a row is now, and false if it is nowhere. Rows of files
// that were left alone are where they were.
func (r *relocation) position(p Position) (Position, bool) {
	s, ok := r.from[p.Path]
	if !ok || p.Row < 0 || p.Row >= s.rows {
		return p, true // the latter is for others to refuse
	}
	row := uint32(p.Row)
	if s.dead.Contains(row) {
		return p, false
	}
	n := s.first + p.Row - int64(s.dead.Rank(row))
	k := sort.Search(len(s.to.starts), func(i int) bool { return s.to.starts[i] > n }) - 1
	return Position{Path: s.to.files[k].Path, Row: n - s.to.starts[k]}, true
}

// remember keeps a relocation for those who read a snapshot from before it.
func (h *holds) remember(r *relocation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.relocations = append(h.relocations, r)
	h.forget()
}

// forget drops the relocations that nobody can need: positions are worked out from
// snapshots that are held. The caller has the lock.
func (h *holds) forget() {
	for len(h.relocations) > 0 {
		for _, s := range h.held {
			if s.sequence < h.relocations[0].sequence {
				return
			}
		}
		h.relocations[0] = nil
		h.relocations = h.relocations[1:]
	}
}

// knows reports whether what went where in a snapshot is known.
func (h *holds) knows(snapshot int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.relocations {
		if r.snapshot == snapshot {
			return true
		}
	}
	return false
}

// relocated returns positions worked out from a snapshot with this sequence number
// as they are in the newest one. Rows that are nowhere are left out.
func (h *holds) relocated(positions iter.Seq[Position], sequence int64) iter.Seq[Position] {
	h.mu.Lock()
	var later []*relocation
	for _, r := range h.relocations {
		if r.sequence > sequence {
			later = append(later, r)
		}
	}
	h.mu.Unlock()
	if len(later) == 0 {
		return positions
	}
	return func(yield func(Position) bool) {
	next:
		for p := range positions {
			for _, r := range later {
				var ok bool
				if p, ok = r.position(p); !ok {
					continue next
				}
			}
			if !yield(p) {
				return
			}
		}
	}
}
