package event

import (
	"sync"
	"time"
)

// rates bounds how many calls a second are made of each operation and dataset group.
type rates struct {
	now func() time.Time
	mu  sync.Mutex
	all map[string]*bucket
}

// bucket holds what may still be called at once: a second's worth at most.
type bucket struct {
	tokens float64
	at     time.Time
}

func newRates(now func() time.Time) *rates { return &rates{now: now, all: map[string]*bucket{}} }

// take reports whether one more call may be made now; 0 a second is no limit.
func (r *rates) take(key string, perSecond int) bool {
	if perSecond == 0 {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	b := r.all[key]
	if b == nil {
		b = &bucket{tokens: float64(perSecond), at: now}
		r.all[key] = b
	}
	b.tokens = min(float64(perSecond), b.tokens+now.Sub(b.at).Seconds()*float64(perSecond))
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
