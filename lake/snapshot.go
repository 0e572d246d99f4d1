package lake

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/apache/iceberg-go"
	iceio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"

	"bespoke"
)

// summaryKey starts the names of the properties that a commit leaves in its
// snapshot's summary.
const summaryKey = "bespoke."

// Snapshot is the state of a table after one commit. It stays readable, whatever
// is committed later, until it expires, which holding it prevents. Safe for
// concurrent use.
type Snapshot struct {
	ID     int64 // 0 for a table without commits
	Time   time.Time
	Job    bespoke.ARN
	Mode   bespoke.ImportMode
	Origin string
	Counts map[string]string // as the commit gave them
	// Rewritten says that no row is new in it: it has rows of the one before in other
	// files.
	Rewritten bool
	// Data is the id of the newest snapshot, this one or one before, in which rows
	// came or went: two states with the same one have the same rows, whatever was
	// compacted between them. That snapshot may have expired.
	Data int64

	table *Table
	meta  table.Metadata
	snap  *table.Snapshot // nil where ID is 0

	files func() (*files, error)

	mu   sync.Mutex
	dead map[string]deletions // by origin, once they have been read
}

// files are the live files of a snapshot.
type files struct {
	manifests []manifest
	data      []entry // in the order in which they came
	deletes   []entry
}

type manifest struct {
	file    iceberg.ManifestFile
	entries []entry // the live ones
}

// entry is one live file with the origin of its rows.
type entry struct {
	iceberg.ManifestEntry
	origin string
}

// Snapshot returns the table's newest state.
func (t *Table) Snapshot(ctx context.Context) (*Snapshot, error) {
	meta, _, err := t.metadata(ctx)
	if err != nil {
		return nil, err
	}
	return t.snapshot(meta, meta.CurrentSnapshot()), nil
}

// At returns an earlier state of the table.
func (t *Table) At(ctx context.Context, id int64) (*Snapshot, error) {
	meta, _, err := t.metadata(ctx)
	if err != nil {
		return nil, err
	}
	s := meta.SnapshotByID(id)
	if s == nil {
		return nil, fmt.Errorf("lake: table %s: snapshot %d: %w", t.id, id, ErrExpired)
	}
	return t.snapshot(meta, s), nil
}

// Snapshots returns every state that can still be read, oldest first.
func (t *Table) Snapshots(ctx context.Context) ([]*Snapshot, error) {
	meta, _, err := t.metadata(ctx)
	if err != nil {
		return nil, err
	}
	return t.snapshots(meta), nil
}

func (t *Table) snapshots(meta table.Metadata) []*Snapshot {
	var all []*Snapshot
	for _, s := range meta.Snapshots() {
		all = append(all, t.snapshot(meta, &s))
	}
	slices.SortStableFunc(all, func(a, b *Snapshot) int { return cmp.Compare(a.snap.SequenceNumber, b.snap.SequenceNumber) })
	return all
}

func (t *Table) snapshot(meta table.Metadata, s *table.Snapshot) *Snapshot {
	v := &Snapshot{table: t, meta: meta, snap: s, dead: map[string]deletions{}}
	v.files = sync.OnceValues(v.load)
	if s == nil {
		return v
	}
	v.ID, v.Time, v.Data = s.SnapshotID, time.UnixMilli(s.TimestampMs).UTC(), s.SnapshotID
	if s.Summary == nil {
		return v
	}
	v.Rewritten = s.Summary.Operation == table.OpReplace
	v.Counts = map[string]string{}
	for k, val := range s.Summary.Properties {
		switch k, ours := strings.CutPrefix(k, summaryKey); {
		case !ours:
		case k == "job":
			v.Job = bespoke.ARN(val)
		case k == "mode":
			v.Mode = bespoke.ImportMode(val)
		case k == "origin":
			v.Origin = val
		case k == rewrittenKey:
			v.Rewritten = true
		case k == dataKey:
			if id, err := strconv.ParseInt(val, 10, 64); err == nil {
				v.Data = id
			}
		default:
			v.Counts[k] = val
		}
	}
	return v
}

// load reads the manifests.
func (s *Snapshot) load() (*files, error) {
	f := &files{}
	list, err := s.manifests()
	if err != nil {
		return nil, err
	}
	for _, mf := range list {
		m, err := s.manifest(mf)
		if err != nil {
			return nil, err
		}
		if mf.ManifestContent() == iceberg.ManifestContentData {
			f.data = append(f.data, m.entries...)
		} else {
			f.deletes = append(f.deletes, m.entries...)
		}
		f.manifests = append(f.manifests, m)
	}
	slices.SortStableFunc(f.data, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.SequenceNum(), b.SequenceNum()), cmp.Compare(a.DataFile().FilePath(), b.DataFile().FilePath()))
	})
	return f, nil
}

// manifests reads the list of manifests.
func (s *Snapshot) manifests() ([]iceberg.ManifestFile, error) {
	if s.snap == nil {
		return nil, nil
	}
	list, err := s.snap.Manifests(iceio.LocalFS{})
	if err != nil {
		return nil, fmt.Errorf("lake: table %s: snapshot %d: %w", s.table.id, s.ID, err)
	}
	return list, nil
}

// manifest reads the live entries of one manifest.
func (s *Snapshot) manifest(file iceberg.ManifestFile) (manifest, error) {
	m := manifest{file: file}
	for e, err := range file.Entries(iceio.LocalFS{}, true) {
		if err != nil {
			return m, fmt.Errorf("lake: table %s: manifest %s: %w", s.table.id, file.FilePath(), err)
		}
		m.entries = append(m.entries, entry{e, originOf(e.DataFile())})
	}
	return m, nil
}

// originOf returns the one partition value of a file.
func originOf(f iceberg.DataFile) string {
	for v := range maps.Values(f.Partition()) {
		if s, ok := v.(string); ok {
			return s
		}
	}
	return ""
}

// Rows returns how many rows the snapshot has, by origin. It reads metadata only,
// of a snapshot that is the newest or held.
func (s *Snapshot) Rows() (map[string]int64, error) {
	f, err := s.files()
	if err != nil {
		return nil, err
	}
	rows := map[string]int64{}
	for _, e := range f.data {
		rows[e.origin] += e.DataFile().Count()
	}
	for _, e := range f.deletes {
		rows[e.origin] -= e.DataFile().Count() // no row is deleted twice
	}
	return rows, nil
}
