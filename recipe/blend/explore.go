package blend

import (
	"math/rand/v2"
	"sort"

	"bespoke/recipe"
)

// draws is how often a place that is to explore tries to find an item.
const draws = 16

// explore gives places of an answer to items that are new, fewer users making an
// item more likely. An explored item takes the score of the one whose place it
// gets; that one and those behind move down and the last falls out.
func (m *Model) explore(q recipe.Query, out []recipe.Scored) {
	if q.Explore.Chance <= 0 || len(out) == 0 {
		return
	}
	oldest := m.newest - int64(q.Explore.MaxAgeDays*24*60*60)
	fresh := m.youngest[:sort.Search(len(m.youngest), func(i int) bool { return m.created[m.youngest[i]] <= oldest })]
	if len(fresh) == 0 {
		return
	}
	r := rand.New(rand.NewPCG(q.Seed, 0x6e6577))
	have := make(map[uint32]bool, len(out))
	for _, s := range out {
		have[s.Item] = true
	}
	for place := range out {
		if r.Float64() >= q.Explore.Chance {
			continue
		}
		for range draws {
			j := fresh[r.IntN(len(fresh))]
			if have[j] || q.Skips(j) || r.IntN(int(m.users[j])+1) > 0 {
				continue
			}
			have[j] = true
			delete(have, out[len(out)-1].Item)
			score := out[place].Score
			copy(out[place+1:], out[place:])
			out[place] = recipe.Scored{Item: j, Score: score, Why: recipe.Explored}
			break
		}
	}
}
