package lake

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"

	"bespoke"
	"bespoke/schema"
)

var (
	// ErrNoTable means that a dataset has no table, or not the one asked for any
	// more.
	ErrNoTable = errors.New("no such table")
	// ErrMoved means that a table has changed since it was read, and the work that
	// was built on it has to be done again.
	ErrMoved = errors.New("the table has changed since it was read")
)

// layout is the version of what tables hold beyond Iceberg's own format: the
// columns of every table, the partitioning by origin and the properties of
// snapshots. 2 has the columns of arrival and session, which 1 had not.
const (
	layout    = "2"
	layoutKey = "bespoke.layout"
)

// Config says where a lake is.
type Config struct {
	// Dir is the folder of the catalog and of all tables. Tables record absolute
	// paths, so the folder must stay where it is.
	Dir string
	// Log receives what the lake clears away; nil means nowhere.
	Log *slog.Logger
	// FanIn is how many neighbouring files of like size are written as one by
	// [Table.Compact]; 0 means 8.
	FanIn int
	// DeadShare is the share of deleted rows, up to 1, from which on Compact writes
	// a file anew; 0 means 0.3.
	DeadShare float64
}

// Lake is the set of tables below one folder. One process at a time may have it
// open. Safe for concurrent use.
type Lake struct {
	dir       string
	cat       *catalog
	log       *slog.Logger
	fanIn     int
	deadShare float64

	// making is held while tables come and go, so that a sweep sees none half made.
	making sync.Mutex
	mu     sync.Mutex
	state  map[ident]*state
}

// state is what handles of one table share.
type state struct {
	commit chan struct{} // holds one token: whoever takes it may change the table
	*holds

	writing sync.Mutex
	open    map[string]bespoke.ARN // folders whose files may become part of the table, and whose they are

	counting sync.Mutex
	stats    *Stats // of the snapshot that was last asked for
}

// Open opens the lake below a folder and makes what is missing.
func Open(ctx context.Context, cfg Config) (*Lake, error) {
	if cfg.Dir == "" {
		return nil, errors.New("lake: no folder given, set Dir")
	}
	if cfg.FanIn < 0 || cfg.FanIn == 1 || cfg.DeadShare < 0 || cfg.DeadShare > 1 {
		return nil, fmt.Errorf("lake: FanIn %d and DeadShare %g: give at least 2 and a share from 0 to 1", cfg.FanIn, cfg.DeadShare)
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("lake: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "tables"), 0o755); err != nil {
		return nil, fmt.Errorf("lake: %w", err)
	}
	cat, err := openCatalog(ctx, filepath.Join(dir, "catalog.db"))
	if err != nil {
		return nil, fmt.Errorf("lake: %w", err)
	}
	return &Lake{
		dir: dir, cat: cat, log: cmp.Or(cfg.Log, slog.New(slog.DiscardHandler)), state: map[ident]*state{},
		fanIn: cmp.Or(cfg.FanIn, 8), deadShare: cmp.Or(cfg.DeadShare, 0.3),
	}, nil
}

// Close closes the catalog. No call may be under way.
func (l *Lake) Close() error { return l.cat.db.Close() }

func (l *Lake) stateOf(id ident) *state {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.state[id]
	if s == nil {
		s = &state{commit: make(chan struct{}, 1), holds: newHolds(), open: map[string]bespoke.ARN{}}
		s.commit <- struct{}{}
		l.state[id] = s
	}
	return s
}

// Create makes the table of a dataset and returns it. One that is there already
// with the same columns is returned as it is; with other columns it is an error.
func (l *Lake) Create(ctx context.Context, dataset bespoke.ARN, s *schema.Schema) (*Table, error) {
	id, err := identOf(dataset)
	if err != nil {
		return nil, fmt.Errorf("lake: create: %w", err)
	}
	l.making.Lock()
	defer l.making.Unlock()
	t, err := l.Table(ctx, dataset)
	if err == nil {
		want, err := tableSchema(s, t.schema, t.schema.HighestFieldID())
		if err != nil || !sameFields(want, t.schema) {
			return nil, errors.Join(err, fmt.Errorf("lake: create: table %s exists with other columns, drop it first", id))
		}
		return t, nil
	}
	if !errors.Is(err, ErrNoTable) {
		return nil, fmt.Errorf("lake: create: %w", err)
	}
	if err := l.create(ctx, id, s); err != nil {
		return nil, fmt.Errorf("lake: create: %w", err)
	}
	return l.Table(ctx, dataset)
}

func (l *Lake) create(ctx context.Context, id ident, s *schema.Schema) error {
	sc, err := tableSchema(s, nil, 0)
	if err != nil {
		return err
	}
	spec, err := iceberg.NewPartitionSpecOpts(iceberg.AddPartitionFieldByName(OriginColumn, OriginColumn, iceberg.IdentityTransform{}, sc, nil))
	if err != nil {
		return err
	}
	uid := uuid.New()
	dir := filepath.Join(l.dir, "tables", id.String()+"."+strings.ReplaceAll(uid.String(), "-", "")[:12])
	meta, err := table.NewMetadataWithUUID(sc, &spec, table.UnsortedSortOrder, dir, iceberg.Properties{
		table.PropertyFormatVersion:          "2",
		table.MetadataPreviousVersionsMaxKey: "20",
		layoutKey:                            layout,
	}, uid)
	if err != nil {
		return err
	}
	for _, d := range []string{"data", "metadata"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return err
		}
	}
	loc, err := writeMetadata(meta, 0)
	if err != nil {
		return err
	}
	if err := Sync(l.dir, loc, filepath.Join(dir, "data")); err != nil {
		return err
	}
	return l.cat.insert(ctx, id, loc)
}

// writeMetadata writes a table's metadata as version n of it and returns where.
func writeMetadata(meta table.Metadata, n int) (string, error) {
	loc := filepath.Join(meta.Location(), "metadata", fmt.Sprintf("%05d-%s.metadata.json", n, uuid.New()))
	_, err := writeFile(loc, func(w io.Writer) error { return json.NewEncoder(w).Encode(meta) })
	return loc, err
}

func sameFields(a, b *iceberg.Schema) bool {
	if a.NumFields() != b.NumFields() {
		return false
	}
	for i := range a.Fields() {
		x, y := a.Field(i), b.Field(i)
		if x.ID != y.ID || x.Name != y.Name || x.Required != y.Required || !x.Type.Equals(y.Type) {
			return false
		}
	}
	return true
}

// Table returns the table of a dataset, or ErrNoTable.
func (l *Lake) Table(ctx context.Context, dataset bespoke.ARN) (*Table, error) {
	id, err := identOf(dataset)
	if err != nil {
		return nil, fmt.Errorf("lake: %w", err)
	}
	return l.table(ctx, id)
}

func (l *Lake) table(ctx context.Context, id ident) (*Table, error) {
	meta, _, err := l.metadata(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("lake: %w", err)
	}
	t := &Table{lake: l, id: id, state: l.stateOf(id), uuid: meta.TableUUID(), dir: meta.Location(), schema: meta.CurrentSchema()}
	if t.arrow, err = arrowSchema(t.schema); err != nil {
		return nil, fmt.Errorf("lake: table %s: %w", id, err)
	}
	return t, nil
}

// Tables returns all tables that there are now.
func (l *Lake) Tables(ctx context.Context) ([]*Table, error) {
	ids, err := l.cat.all(ctx)
	if err != nil {
		return nil, fmt.Errorf("lake: %w", err)
	}
	var all []*Table
	for _, id := range ids {
		t, err := l.table(ctx, id)
		if errors.Is(err, ErrNoTable) {
			continue // dropped since
		}
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// metadata reads the current metadata of a table and says where it is.
func (l *Lake) metadata(ctx context.Context, id ident) (table.Metadata, string, error) {
	loc, err := l.cat.location(ctx, id)
	if err != nil {
		return nil, "", err
	}
	f, err := os.Open(loc)
	if err != nil {
		return nil, "", fmt.Errorf("table %s: %w; tables record absolute paths, so the lake's folder must be where it was", id, err)
	}
	defer f.Close()
	meta, err := table.ParseMetadata(f)
	if err != nil {
		return nil, "", fmt.Errorf("table %s: %s: %w", id, loc, err)
	}
	if v := meta.Properties()[layoutKey]; v != layout || meta.Version() != 2 {
		return nil, "", fmt.Errorf("table %s has layout %q and Iceberg format %d, this program reads layout %s and format 2: use the version that wrote it, or one that is newer than both", id, v, meta.Version(), layout)
	}
	return meta, loc, nil
}

// Drop removes the table of a dataset with all its files. One that is not there
// is no error. Scans of it that are under way fail.
func (l *Lake) Drop(ctx context.Context, dataset bespoke.ARN) error {
	id, err := identOf(dataset)
	if err != nil {
		return fmt.Errorf("lake: drop: %w", err)
	}
	l.making.Lock()
	defer l.making.Unlock()
	unlock, err := (&Table{id: id, state: l.stateOf(id)}).lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	// The metadata is not read: a table whose files are damaged can be dropped.
	loc, err := l.cat.location(ctx, id)
	if errors.Is(err, ErrNoTable) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("lake: drop: %w", err)
	}
	dir := filepath.Dir(filepath.Dir(loc))
	if !within(filepath.Join(l.dir, "tables"), dir) {
		return fmt.Errorf("lake: drop: table %s is in %s, which is not below %s", id, dir, l.dir)
	}
	if err := l.cat.remove(ctx, id); err != nil {
		return fmt.Errorf("lake: drop: %w", err)
	}
	// From here on the table is gone; what a crash leaves behind, Sweep finds.
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("lake: drop: %w", err)
	}
	return nil
}

// Evolve gives the table of a dataset the columns of s: those that the table lacks
// are added, and must allow null; rows that are there have null in them. A table
// that has them already is left as it is.
func (l *Lake) Evolve(ctx context.Context, dataset bespoke.ARN, s *schema.Schema) error {
	t, err := l.Table(ctx, dataset)
	if err != nil {
		return err
	}
	unlock, err := t.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	meta, loc, err := t.metadata(ctx)
	if err != nil {
		return err
	}
	sc, err := tableSchema(s, meta.CurrentSchema(), meta.LastColumnID())
	if err != nil {
		return fmt.Errorf("lake: table %s: %w", t.id, err)
	}
	if sameFields(sc, meta.CurrentSchema()) {
		return nil
	}
	return t.move(ctx, meta, loc, []table.Update{table.NewAddSchemaUpdate(sc), table.NewSetCurrentSchemaUpdate(-1)})
}
