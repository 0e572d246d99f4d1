package lake

import (
	"context"
	"fmt"
	"math/bits"
)

// Compacted is what compaction has done.
type Compacted struct {
	Rewrites     int   // snapshots made
	Files, Into  int   // data files that went, and those that came for them
	Rows         int64 // rows that were written anew
	DeletedRows  int64 // of these files: deleted rows that went with them
	DeletedFiles int   // position-delete files that went
}

// Compact writes small data files and such with many deleted rows anew, until there
// is nothing more to do. Readers see the same rows in the same order before and
// after. Each step is one snapshot. Others may commit meanwhile; the error wraps
// [ErrMoved] where a FULL import has made the work void.
//
// The rule: the files of FanIn neighbouring commits of an origin are written as one
// when the numbers of their live rows lie between the same two powers of FanIn;
// commits with fewer rows that lie between them go along, and one of half the
// greatest size of a file is large enough. So a row is written at most once for
// each power of FanIn that the number of rows has. And the files of a commit are
// written anew when Config.DeadShare of their rows are deleted. Position-delete
// files are merged by the first rule, neighbours or not.
func (t *Table) Compact(ctx context.Context) (Compacted, error) {
	var done Compacted
	for {
		again, err := t.compactOnce(ctx, &done)
		if err != nil {
			return done, fmt.Errorf("lake: table %s: compact: %w", t.id, err)
		}
		if !again {
			return done, nil
		}
	}
}

func (t *Table) compactOnce(ctx context.Context, done *Compacted) (bool, error) {
	base, release, err := t.Hold(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	f, err := base.files()
	if err != nil {
		return false, err
	}
	gone, err := base.gone(ctx, "")
	if err != nil {
		return false, err
	}
	r := &rewriting{base: base, gone: gone, merge: map[string]bool{}}
	for _, origin := range []string{Bulk, Put} {
		r.groups = append(r.groups, t.lake.groups(f.data, origin, gone)...)
		for _, path := range t.lake.mergeable(f.deletes, origin) {
			r.merge[path] = true
		}
	}
	if len(r.groups) == 0 && len(r.merge) == 0 {
		return false, nil
	}
	if err := t.rewrite(ctx, r); err != nil {
		return false, err
	}
	done.Rewrites++
	done.DeletedFiles += r.obsolete
	for _, s := range r.from {
		done.Files++
		done.DeletedRows += int64(s.dead.GetCardinality())
	}
	for _, to := range r.targets {
		done.Into += len(to.files)
		for _, f := range to.files {
			done.Rows += f.Rows
		}
	}
	return true, nil
}

// tier returns between which powers of the fan-in a number lies; 0 is below the
// first.
func (l *Lake) tier(n int64) int {
	k := 0
	for n >= int64(l.fanIn) {
		n /= int64(l.fanIn)
		k++
	}
	return k
}

// large is the tier of commits that are large enough.
const large = bits.UintSize

// commitFiles are the files of an origin that one commit brought, or that a rewriting
// put in the place of several commits.
type commitFiles struct {
	files []entry
	tier  int
	dead  float64 // share of rows
}

// commits returns the files of an origin by commit, in the order in which they are
// read, as data is.
func (l *Lake) commits(data []entry, origin string, gone deletions) []commitFiles {
	var out []commitFiles
	var rows, dead, bytes int64
	end := func() {
		if len(out) == 0 {
			return
		}
		c := &out[len(out)-1]
		c.dead = float64(dead) / float64(max(1, rows))
		if c.tier = l.tier(rows - dead); float64(bytes)*(1-c.dead) >= fileBytes/2 {
			c.tier = large
		}
		rows, dead, bytes = 0, 0, 0
	}
	for _, e := range data {
		if e.origin != origin {
			continue
		}
		if n := len(out); n == 0 || out[n-1].files[0].SequenceNum() != e.SequenceNum() {
			end()
			out = append(out, commitFiles{})
		}
		c := &out[len(out)-1]
		c.files = append(c.files, e)
		rows, bytes = rows+e.DataFile().Count(), bytes+e.DataFile().FileSizeBytes()
		if b := gone[e.DataFile().FilePath()]; b != nil {
			dead += int64(b.GetCardinality())
		}
	}
	end()
	return out
}

// groups returns which files of an origin are to be written anew together.
func (l *Lake) groups(data []entry, origin string, gone deletions) []group {
	commits := l.commits(data, origin, gone)
	taken := make([]bool, len(commits))
	var out []group
	take := func(from, to int) {
		var g group
		for i := from; i <= to; i++ {
			g, taken[i] = append(g, commits[i].files...), true
		}
		out = append(out, g)
	}
	for tier := range large {
		for at := 0; at < len(commits); at++ {
			if taken[at] || commits[at].tier != tier {
				continue
			}
			// From here on, those of this tier or below, to the last of this tier.
			many, last := 0, at
			for i := at; i < len(commits) && !taken[i] && commits[i].tier <= tier; i++ {
				if commits[i].tier == tier {
					many, last = many+1, i
				}
			}
			if many >= l.fanIn {
				take(at, last)
			}
			at = last
		}
	}
	for i, c := range commits {
		if !taken[i] && c.dead > 0 && c.dead >= l.deadShare {
			take(i, i)
		}
	}
	return out
}

// mergeable returns the position-delete files of an origin that are to become one.
func (l *Lake) mergeable(deletes []entry, origin string) []string {
	tiers := map[int]int{}
	for _, e := range deletes {
		if e.origin == origin {
			tiers[l.tier(e.DataFile().Count())]++
		}
	}
	most := -1
	for tier, n := range tiers {
		if n >= l.fanIn {
			most = max(most, tier)
		}
	}
	var paths []string
	for _, e := range deletes {
		if e.origin == origin && l.tier(e.DataFile().Count()) <= most {
			paths = append(paths, e.DataFile().FilePath())
		}
	}
	return paths
}
