package serve

import (
	"iter"
	"math/rand/v2"
	"slices"
	"strings"

	"bespoke/artifact"
	"bespoke/recipe"
)

const (
	// draws is how often a place that is to explore tries to find an item.
	draws = 16
	// strange divides the chance of an item that shares no category with what the
	// user took last, and taste is how many items of the history that means.
	strange = 4
	taste   = 10
)

// candidate is an item that gets a chance although nothing speaks for it. Items
// that the model does not know have the numbers behind those that it knows.
type candidate struct {
	item   uint32
	takers uint32
}

// candidates returns the items that are young enough to be explored.
func candidates(by recipe.Exploration, a *artifact.Artifact) (out []candidate) {
	if by.Chance <= 0 {
		return nil
	}
	oldest := a.Newest - int64(by.MaxAgeDays*24*60*60)
	for n, at := range a.Created {
		if at > oldest {
			out = append(out, candidate{uint32(n), a.Takers[n]})
		}
	}
	for n, it := range a.New {
		if it.Created > oldest {
			out = append(out, candidate{uint32(a.Model.Items().Len() + n), it.Takers})
		}
	}
	return out
}

// explore gives places of an answer to new items, in place: the fewer users have
// taken an item, the closer it is to what this user took last, and the less often
// it was shown to them in vain, the likelier.
// An explored item takes the score of the one whose place it gets; that one and
// those behind move down and the last falls out.
func (s *Server) explore(d *Deployment, user string, past []recipe.Event, out []recipe.Scored) {
	if len(d.candidates) == 0 {
		return
	}
	var likes []string
	var weary map[itemKey]bool
	looked := false
	for place := range out {
		if rand.Float64() >= d.Explore.Chance {
			continue
		}
		if !looked {
			likes, weary, looked = d.likes(past), s.weary(d, user), true
		}
		for range draws {
			c := d.candidates[rand.IntN(len(d.candidates))]
			if rand.IntN(int(c.takers)+1) > 0 || d.stranger(c.item, likes) && rand.IntN(strange) > 0 || weary[keyOf(d.id(c.item))] || has(out, c.item) {
				continue
			}
			score := out[place].Score
			copy(out[place+1:], out[place:])
			out[place] = recipe.Scored{Item: c.item, Score: score, Why: recipe.Explored}
			break
		}
	}
}

func has(answer []recipe.Scored, item uint32) bool {
	return slices.ContainsFunc(answer, func(s recipe.Scored) bool { return s.Item == item })
}

// likes returns the categories of a history's newest items.
func (d *Deployment) likes(past []recipe.Event) (out []string) {
	for _, e := range past[max(0, len(past)-taste):] {
		for c := range d.categories(e.Item) {
			if !slices.Contains(out, c) {
				out = append(out, c)
			}
		}
	}
	return out
}

// stranger reports whether an item has categories and none of them is liked. To
// a user of whom nothing is known no item is strange.
func (d *Deployment) stranger(item uint32, likes []string) bool {
	if len(likes) == 0 {
		return false
	}
	some := false
	for c := range d.categories(item) {
		if slices.Contains(likes, c) {
			return false
		}
		some = true
	}
	return some
}

// categories yields the values that an item has in categorical columns.
func (d *Deployment) categories(item uint32) iter.Seq[string] {
	return func(yield func(string) bool) {
		if d.Artifact.Items == nil {
			return
		}
		row, ok := d.Artifact.Items.IDs.Lookup(d.id(item))
		if !ok {
			return
		}
		for _, c := range d.Artifact.Items.Columns {
			if !c.Categorical || c.Text == nil {
				continue
			}
			for value := range strings.SplitSeq(c.Text[row], "|") {
				if value != "" && !yield(value) {
					return
				}
			}
		}
	}
}

// id returns the ID of an item of an answer.
func (d *Deployment) id(item uint32) string {
	ids := d.Artifact.Model.Items()
	if n := int(item) - ids.Len(); n >= 0 {
		return d.Artifact.New[n].ID
	}
	return ids.ID(item)
}
