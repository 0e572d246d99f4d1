package eval

import (
	"context"
	"runtime"
	"sync"

	"bespoke/recipe"
)

// Options says how Measure asks.
type Options struct {
	// KeepSeen lets answers have items of the test user's own history.
	// Otherwise they are left out, which helps where nobody takes an item twice.
	KeepSeen bool
	// Related asks for items similar to the newest of the history, as recipes
	// of type RELATED_ITEMS want it.
	Related bool
	// Attributes says what is known of a user; nil for nothing. It is called
	// concurrently.
	Attributes func(user uint32) map[string]string
	// Rewards is what each item earns, by number; those without a number earn
	// nothing. nil means that none does.
	Rewards []float64
	Workers int // default: the processors that Go uses
}

// Measure asks the model about every test user, with all items in the running,
// and returns the mean figures. Relevant items that the model does not know
// count as missed, and test users without any history are asked about too.
func Measure(ctx context.Context, m recipe.Model, tests []Test, o Options) (Figures, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	// Each user's figures are summed in the order of the tests, whoever got them.
	scores := make([]Figures, len(tests))
	covered := make([]bool, m.Items().Len())
	var mu sync.Mutex // guards covered
	var wg sync.WaitGroup
	for w := range o.Workers {
		wg.Go(func() {
			mine := make([]bool, len(covered))
			for i := w; i < len(tests) && ctx.Err() == nil; i += o.Workers {
				ranking := ask(m, tests[i], o)
				for _, it := range ranking {
					mine[it] = true
				}
				scores[i] = score(ranking, tests[i], o.Rewards)
			}
			mu.Lock()
			defer mu.Unlock()
			for it, yes := range mine {
				covered[it] = covered[it] || yes
			}
		})
	}
	wg.Wait()
	var f Figures
	for _, s := range scores {
		f.add(s)
	}
	f.mean()
	for _, yes := range covered {
		if yes {
			f.Coverage += 1 / float64(len(covered))
		}
	}
	return f, ctx.Err()
}

// ask returns the top of the model's ranking for one test user.
func ask(m recipe.Model, t Test, o Options) []uint32 {
	q := recipe.Query{K: deepest, History: t.History, Context: t.Context}
	if o.Attributes != nil {
		q.Attributes = o.Attributes(t.User)
	}
	if o.Related && len(t.History) > 0 {
		q.Item, q.ItemKnown = t.History[len(t.History)-1].Item, true
	}
	if !o.KeepSeen {
		seen := make(map[uint32]bool, len(t.History))
		for _, e := range t.History {
			seen[e.Item] = true
		}
		q.Skip = func(it uint32) bool { return seen[it] }
	}
	var items []uint32
	for _, s := range m.Rank(q) {
		items = append(items, s.Item)
	}
	return items
}
