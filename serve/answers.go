package serve

import (
	"hash/maphash"
	"sync"
	"time"

	"bespoke/history"
	"bespoke/recipe"
)

const (
	// answerUsers is how many users' answers a deployment keeps, and shards how
	// many locks they are behind.
	answerUsers = 8192
	shards      = 16
	// answerFor is how long an answer is given again to a user who has done
	// nothing meanwhile. Exploration draws anew after it.
	answerFor = time.Minute
)

// answers are the newest rankings of a deployment by user: ranking a large
// catalogue takes a hundred times as long as the rest of a request. An answer
// counts as long as the user's live events are those that it was made from.
// Safe for concurrent use.
type answers struct {
	seed   maphash.Seed
	shards [shards]struct {
		mu    sync.Mutex
		users map[string]answer
		order []string // of arrival, a ring
		next  int
	}
}

// answer is one ranking. It is not changed once it is kept.
type answer struct {
	ranked []recipe.Scored
	k      int
	live   fingerprint
	made   time.Time
}

// fingerprint tells the live events of a user from later ones.
type fingerprint struct {
	n           int
	first, last struct {
		item string
		time int64
	}
}

func fingerprintOf(recent []history.Interaction) (f fingerprint) {
	if f.n = len(recent); f.n > 0 {
		a, b := recent[0], recent[f.n-1]
		f.first.item, f.first.time = a.Item, a.Time
		f.last.item, f.last.time = b.Item, b.Time
	}
	return f
}

func newAnswers() *answers {
	a := &answers{seed: maphash.MakeSeed()}
	for i := range a.shards {
		a.shards[i].users = map[string]answer{}
		a.shards[i].order = make([]string, answerUsers/shards)
	}
	return a
}

// get returns the k best items of a kept answer, if there is one.
func (a *answers) get(user string, k int, live fingerprint, now time.Time) ([]recipe.Scored, bool) {
	s := &a.shards[maphash.String(a.seed, user)%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	kept, ok := s.users[user]
	if !ok || kept.live != live || kept.k < k || now.Sub(kept.made) > answerFor {
		return nil, false
	}
	return kept.ranked[:min(k, len(kept.ranked))], true
}

// put keeps an answer in place of the user's earlier one, or of the oldest one.
func (a *answers) put(user string, kept answer) {
	s := &a.shards[maphash.String(a.seed, user)%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.users[user]; !ok {
		delete(s.users, s.order[s.next])
		s.order[s.next] = user
		s.next = (s.next + 1) % len(s.order)
	}
	s.users[user] = kept
}
