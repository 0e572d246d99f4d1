package job

import (
	"context"
	"database/sql"
	"slices"
	"sync"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// driver is River's SQLite driver with another way to hear of new jobs. The
// original polls a table through the one writer connection every 50 ms; here
// inserter and runner are one process, so that a bell in memory will do: it is
// faster, and silent when nothing happens. River's own polling stays as the
// fallback.
type driver struct {
	*riversqlite.Driver
	bell *bell
}

func newDriver(db *sql.DB) *driver {
	return &driver{Driver: riversqlite.New(db), bell: newBell()}
}

// SupportsListenNotify is false, so that no notification rows are written.
func (d *driver) SupportsListenNotify() bool { return false }

func (d *driver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener { return d.bell }

// bell is a riverdriver.Listener rung by hand.
type bell struct {
	mu      sync.Mutex
	pending []string // queues to look into
	rung    chan struct{}
}

func newBell() *bell { return &bell{rung: make(chan struct{}, 1)} }

func (b *bell) ring(queues ...string) {
	b.mu.Lock()
	for _, q := range queues {
		if !slices.Contains(b.pending, q) {
			b.pending = append(b.pending, q)
		}
	}
	b.mu.Unlock()
	select {
	case b.rung <- struct{}{}:
	default: // already rung, and not yet heard
	}
}

func (b *bell) next() (queue string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.pending) == 0 {
		return "", false
	}
	queue, b.pending = b.pending[0], b.pending[1:]
	return queue, true
}

// WaitForNotification blocks until a queue is to be looked into.
func (b *bell) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	for {
		if q, ok := b.next(); ok {
			return &riverdriver.Notification{Topic: "river_insert", Payload: `{"queue":"` + q + `"}`}, nil
		}
		select {
		case <-b.rung:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// There is no connection behind a bell, and one topic only.

func (b *bell) Connect(context.Context) error          { return nil }
func (b *bell) Close(context.Context) error            { return nil }
func (b *bell) Ping(context.Context) error             { return nil }
func (b *bell) Listen(context.Context, string) error   { return nil }
func (b *bell) Unlisten(context.Context, string) error { return nil }
func (b *bell) Schema() string                         { return "" }
func (b *bell) SetAfterConnectExec(string)             {}
