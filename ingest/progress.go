package ingest

import (
	"sync/atomic"
	"time"
)

// Phase is what an import is doing.
type Phase int32

// The phases, in their order.
const (
	Waiting   Phase = iota
	Reading         // bytes become data files
	Comparing       // rows are compared with one another and with existing ones
	Done
)

// String returns the phase's name as the extensions show it.
func (p Phase) String() string {
	return [...]string{"WAITING", "READING", "COMPARING", "DONE"}[p]
}

// Progress shows how far an import is. It may be read at any time while Run
// works; the zero Progress is ready for use.
type Progress struct {
	phase      atomic.Int32
	began      [Done + 1]atomic.Int64 // Unix nanoseconds, 0 for a phase not reached
	BytesTotal atomic.Int64           // of all objects
	BytesDone  atomic.Int64           // fetched
	Rows       atomic.Int64           // decoded, bad ones included
	Rejected   atomic.Int64           // of these, bad
}

// Phase returns what the import is doing.
func (p *Progress) Phase() Phase { return Phase(p.phase.Load()) }

// Began returns when a phase began; ok is false while it has not.
func (p *Progress) Began(ph Phase) (t time.Time, ok bool) {
	ns := p.began[ph].Load()
	return time.Unix(0, ns).UTC(), ns != 0
}

func (p *Progress) enter(ph Phase) {
	p.began[ph].Store(time.Now().UnixNano())
	p.phase.Store(int32(ph))
}
