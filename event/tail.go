package event

import (
	"slices"
	"sync"
)

// perID is how many of the newest events are found for one user or session.
const perID = 100

// tail is the newest records of a dataset in memory, found by user and session. It is
// bounded by a number of records and by their size. Safe for concurrent use.
type tail struct {
	mu        sync.RWMutex
	most      int
	mostBytes int64
	bytes     int64
	queue     []*Record // oldest at start
	start     int

	users    map[string][]*Record // oldest first; anonymous events under the user that they have joined, too
	sessions map[string][]*Record // all events of a session
	owner    map[string]string    // session -> user of its newest event that has one
}

func newTail(most int, bytes int64) *tail {
	return &tail{most: most, mostBytes: bytes, users: map[string][]*Record{}, sessions: map[string][]*Record{}, owner: map[string]string{}}
}

// add takes in a record and returns those that had to give way.
func (t *tail) add(r *Record) (gone []*Record) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.queue = append(t.queue, r)
	t.bytes += r.size()
	t.index(r)
	for n := len(t.queue) - t.start; n > t.most || n > 1 && t.bytes > t.mostBytes; n-- {
		old := t.queue[t.start]
		t.queue[t.start] = nil
		t.start++
		t.bytes -= old.size()
		t.forget(old)
		gone = append(gone, old)
	}
	if t.start > 1024 && t.start > len(t.queue)/2 {
		t.queue, t.start = slices.Clone(t.queue[t.start:]), 0
	}
	return gone
}

// index files a record under its user and session. The first event of a session that
// has a user takes the session's earlier events to that user.
func (t *tail) index(r *Record) {
	if r.Session != "" {
		if r.User != "" && t.owner[r.Session] != r.User {
			for _, old := range t.sessions[r.Session] {
				if old.User == "" {
					was := t.owner[r.Session]
					if was != "" {
						remove(t.users, was, old)
					}
					t.users[r.User] = insert(t.users[r.User], old)
				}
			}
			t.owner[r.Session] = r.User
		}
		t.sessions[r.Session] = insert(t.sessions[r.Session], r)
	}
	user := r.User
	if user == "" {
		user = t.owner[r.Session]
	}
	if user != "" {
		t.users[user] = insert(t.users[user], r)
	}
}

func (t *tail) forget(r *Record) {
	if r.Session != "" {
		if remove(t.sessions, r.Session, r); t.sessions[r.Session] == nil {
			defer delete(t.owner, r.Session)
		}
	}
	user := r.User
	if user == "" {
		user = t.owner[r.Session]
	}
	remove(t.users, user, r)
}

// insert adds a record by its number to a list, of which the newest remain.
func insert(list []*Record, r *Record) []*Record {
	i, found := slices.BinarySearchFunc(list, r.Seq, bySeq)
	if found {
		return list
	}
	list = slices.Insert(list, i, r)
	if len(list) > perID {
		list = slices.Delete(list, 0, len(list)-perID)
	}
	return list
}

func remove(index map[string][]*Record, id string, r *Record) {
	list := index[id]
	i, found := slices.BinarySearchFunc(list, r.Seq, bySeq)
	if !found {
		return
	}
	if len(list) == 1 {
		delete(index, id)
		return
	}
	index[id] = slices.Delete(list, i, i+1)
}

func bySeq(r *Record, seq uint64) int {
	switch {
	case r.Seq < seq:
		return -1
	case r.Seq > seq:
		return 1
	}
	return 0
}

// recent returns the newest events of a user, or of a session of that ID where no user
// has it: oldest first, limit at most.
func (t *tail) recent(id string, limit int) []*Record {
	t.mu.RLock()
	defer t.mu.RUnlock()
	list := t.users[id]
	if list == nil {
		list = t.sessions[id]
	}
	return slices.Clone(list[max(0, len(list)-limit):])
}

// all returns the records that it has, oldest first.
func (t *tail) all() []*Record {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return slices.Clone(t.queue[t.start:])
}

// keep leaves out the records that gone is true for.
func (t *tail) keep(gone func(*Record) bool) {
	kept := slices.DeleteFunc(t.all(), gone)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.queue, t.start, t.bytes = kept, 0, 0
	clear(t.users)
	clear(t.sessions)
	clear(t.owner)
	for _, r := range kept {
		t.bytes += r.size()
		t.index(r)
	}
}
