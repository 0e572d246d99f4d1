package lake

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/apache/iceberg-go/table"
)

// ErrExpired means that a snapshot has expired: its files may be gone.
var ErrExpired = errors.New("the snapshot has expired")

// Hold returns the table's newest state and keeps it readable until release is
// called, whatever commits and expires meanwhile. It holds in this process only;
// [Table.Tag] holds across restarts.
func (t *Table) Hold(ctx context.Context) (s *Snapshot, release func(), err error) {
	for {
		if s, err = t.Snapshot(ctx); err != nil {
			return nil, nil, err
		}
		release, newest, err := s.hold(ctx)
		switch {
		case errors.Is(err, ErrExpired):
			continue // a newer one has come
		case err != nil || newest == s.ID:
			return s, release, err
		}
		// What has happened to the rows since may not be known.
		release()
	}
}

// Hold keeps the snapshot readable until release is called, which may be called
// more than once. The error wraps [ErrExpired] where it is too late.
func (s *Snapshot) Hold(ctx context.Context) (release func(), err error) {
	release, _, err = s.hold(ctx)
	return release, err
}

// hold also returns the id of the newest snapshot once this one was held.
func (s *Snapshot) hold(ctx context.Context) (release func(), newest int64, err error) {
	if s.snap == nil {
		return func() {}, s.ID, nil // there is nothing to read
	}
	release, ok := s.table.state.hold(s.ID, s.snap.SequenceNumber)
	if ok {
		// From here on it does not expire; it must not have done so before.
		meta, _, err := s.table.metadata(ctx)
		if err == nil && meta.SnapshotByID(s.ID) != nil {
			return release, meta.CurrentSnapshot().SnapshotID, nil
		}
		release()
		if err != nil {
			return nil, 0, err
		}
	}
	return nil, 0, fmt.Errorf("lake: table %s: snapshot %d: %w", s.table.id, s.ID, ErrExpired)
}

// hold is how many readers a snapshot has.
type hold struct {
	readers  int
	sequence int64
}

// holds are the snapshots of one table that are being read. Safe for concurrent
// use.
type holds struct {
	mu          sync.Mutex
	held        map[int64]*hold
	expiring    map[int64]bool // about to go; no one may begin to read them
	freed       chan struct{}  // closed and replaced when a snapshot loses its last reader
	relocations []*relocation  // that happened while snapshots from before were held, in order
}

func newHolds() *holds {
	return &holds{held: map[int64]*hold{}, expiring: map[int64]bool{}, freed: make(chan struct{})}
}

// hold takes hold of a snapshot unless it is about to go.
func (h *holds) hold(id, sequence int64) (release func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.expiring[id] {
		return nil, false
	}
	if h.held[id] == nil {
		h.held[id] = &hold{sequence: sequence}
	}
	h.held[id].readers++
	return sync.OnceFunc(func() { h.release(id) }), true
}

func (h *holds) release(id int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held[id].readers--; h.held[id].readers == 0 {
		delete(h.held, id)
		h.forget()
		close(h.freed)
		h.freed = make(chan struct{})
	}
}

// whenFreed returns what is closed when next a snapshot loses its last reader.
func (h *holds) whenFreed() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.freed
}

// expire keeps readers off those of the snapshots that nobody reads, and returns
// them. done lets readers ask again, which find that they are gone.
func (h *holds) expire(old []*Snapshot) (free []*Snapshot, done func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range old {
		if h.held[s.ID] == nil {
			free = append(free, s)
			h.expiring[s.ID] = true
		}
	}
	return free, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, s := range free {
			delete(h.expiring, s.ID)
		}
	}
}

// Tag keeps a snapshot from expiring until Untag, also across restarts: an Iceberg
// tag of that name, which other engines know too. A tag that is there already is
// moved. The error wraps [ErrExpired] where there is no such snapshot any more.
func (t *Table) Tag(ctx context.Context, name string, snapshot int64) error {
	if name == "" || name == table.MainBranch {
		return fmt.Errorf("lake: table %s: a tag cannot be called %q", t.id, name)
	}
	return t.retag(ctx, func(meta table.Metadata) (table.Update, error) {
		if meta.SnapshotByID(snapshot) == nil {
			return nil, fmt.Errorf("lake: table %s: tag %s: snapshot %d: %w", t.id, name, snapshot, ErrExpired)
		}
		if tags(meta)[name] == snapshot {
			return nil, nil
		}
		return table.NewSetSnapshotRefUpdate(name, snapshot, table.TagRef, 0, 0, 0), nil
	})
}

// Untag takes a tag away. One that is not there is no error.
func (t *Table) Untag(ctx context.Context, name string) error {
	return t.retag(ctx, func(meta table.Metadata) (table.Update, error) {
		if _, ok := tags(meta)[name]; !ok {
			return nil, nil
		}
		return table.NewRemoveSnapshotRefUpdate(name), nil
	})
}

// Tags returns the ids of tagged snapshots by tag.
func (t *Table) Tags(ctx context.Context) (map[string]int64, error) {
	meta, _, err := t.metadata(ctx)
	if err != nil {
		return nil, err
	}
	return tags(meta), nil
}

func (t *Table) retag(ctx context.Context, change func(table.Metadata) (table.Update, error)) error {
	unlock, err := t.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	meta, loc, err := t.metadata(ctx)
	if err != nil {
		return err
	}
	update, err := change(meta)
	if err != nil || update == nil {
		return err
	}
	return t.move(ctx, meta, loc, []table.Update{update})
}

func tags(meta table.Metadata) map[string]int64 {
	tags := map[string]int64{}
	for name, ref := range meta.Refs() {
		if ref.SnapshotRefType == table.TagRef {
			tags[name] = ref.SnapshotID
		}
	}
	return tags
}
