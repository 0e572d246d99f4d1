package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"bespoke"
	"bespoke/lake"
	"bespoke/parquet"
)

// Result is what an import found and wrote. After an error it has Counts,
// Bad and Warnings only; after a check Users too.
type Result struct {
	Files []lake.File
	// Dead yields the rows that must not be visible once Files are part of the
	// table, by path and row: rows of Files that are duplicates, and existing
	// rows that were replaced. It may be used several times; nil if there are none.
	Dead     iter.Seq[lake.Position]
	Counts   Counts
	Users    Users    // of a check only
	Bad      []BadRow // the first Config.MaxReported, in input order
	Warnings []string
}

// Counts are numbers of rows.
type Counts struct {
	Rows      int64 // read, headers and empty lines left out
	Accepted  int64 // of these, visible in the end
	Duplicate int64 // of these, repeating a row of the import or of the table
	Rejected  int64 // of these, bad
	Replaced  int64 // existing rows with the key of an accepted one
}

// run is one import under way.
type run struct {
	cfg      Config
	progress *Progress
	plan     *plan
	splits   *splits
	rank     []uint64  // of splits; see ordinals
	layouts  []*layout // of large objects
	fields   []parquet.Field
	keys     []bool // which columns are the key
	seeds    seeds
	name     string // what the names of data files begin with
	firstNew uint64 // the least ordinal of a new row
	log      *keyLog
	users    *keyLog // of a check: who did what; nil where rows do not have users
	news     *bloom  // keys of new rows, where there are existing ones to compare with
	bad      badRows
	rejects  *rejects // nil where bad rows fail the import

	syncs errgroup.Group

	mu    sync.Mutex
	paths []string // of data files by their number: new ones, then existing ones
	made  int      // how many are new
	files []lake.File
	spans []span
	notes map[string]bool
}

// Run reads and checks all objects and writes their rows as data files. The
// files are synced, but visible to nobody before they are committed.
//
// If there are more bad rows than Config.MaxBadShare allows, Run reads all rows nevertheless and returns an
// *bespoke.Error that says which is the first and how many there are. It
// returns an *bespoke.Error also where an object as a whole cannot be read as
// CSV; errors of the Source, the disk or the context are none and may pass.
// After an error no files are left. With Config.CheckOnly bad rows are a finding
// and no error.
func Run(ctx context.Context, cfg Config) (Result, error) {
	cfg.setDefaults()
	if err := cfg.validate(); err != nil {
		return Result{}, fmt.Errorf("ingest: %w", err)
	}
	r := &run{cfg: cfg, progress: cfg.Progress, keys: cfg.keys(), seeds: newSeeds(), notes: map[string]bool{}}
	r.bad.keep = cfg.MaxReported
	r.name = fmt.Sprintf("%016x", r.seeds.Seeds[0]*r.seeds.Seeds[1])
	res, err := r.all(ctx)
	if r.rejects != nil {
		err = errors.Join(err, r.rejects.close())
	}
	for _, log := range []*keyLog{r.log, r.users} {
		if log == nil {
			continue
		}
		if left := log.close(); left != nil {
			err = errors.Join(err, left)
		}
	}
	if err != nil {
		res.Files, res.Dead = nil, nil
		if left := r.removeFiles(); left != nil {
			err = errors.Join(err, left)
		}
	}
	return res, err
}

// all does the import. It may leave files behind after an error.
func (r *run) all(ctx context.Context) (Result, error) {
	var err error
	if r.fields, err = r.cfg.fields(); err != nil {
		return Result{}, fmt.Errorf("ingest: %w", err)
	}
	if err := r.prepare(ctx); err != nil {
		return Result{}, err
	}
	r.progress.enter(Reading)
	cut, err := r.read(ctx)
	res := r.result(cut)
	if err != nil {
		return res, err
	}
	if r.cfg.CheckOnly {
		return res, r.compareChecked(ctx, &res)
	}
	if err := r.settleBad(&res); err != nil {
		return res, err
	}
	r.progress.enter(Comparing)
	if err := r.compare(ctx, &res); err != nil {
		return res, err
	}
	if err := errors.Join(r.syncs.Wait(), syncDir(r.cfg.Dir)); err != nil {
		return res, err
	}
	r.progress.enter(Done)
	return res, nil
}

// prepare plans the work and reads the headers that must be known before it.
func (r *run) prepare(ctx context.Context) error {
	if err := r.look(ctx); err != nil {
		return err
	}
	r.plan = newPlan(r.cfg.Objects, splitBytes, func(i int) bool {
		return r.layouts[i].packing != packingNone || r.layouts[i].format == formatParquet
	})
	r.progress.BytesTotal.Store(r.plan.bytes)
	splits := maxSplits
	if r.cfg.Mode == bespoke.Incremental { // half of the ordinals are for existing rows
		r.firstNew = 1 << (ordinalBits - 1)
		splits /= 2
		r.news = newBloom(r.plan.bytes/16, r.cfg.Memory/8)
	}
	r.splits = newSplits(r.cfg.Objects, len(r.plan.tasks), splits)
	if len(r.plan.tasks) > splits {
		return bespoke.Errorf(bespoke.InvalidInput, "The objects have %d bytes in all, an import takes at most %d: divide it.",
			r.plan.bytes, int64(splits)*splitBytes)
	}
	if r.cfg.MaxBadShare > 0 {
		r.rejects = &rejects{dir: r.cfg.TempDir}
	}
	r.log = newKeyLog(r.cfg.TempDir, r.cfg.Memory*3/8)
	if r.cfg.CheckOnly && r.cfg.userColumn() >= 0 {
		r.users = newKeyLog(r.cfg.TempDir, r.cfg.Memory/4)
	}
	return nil
}

// look finds out what the large objects are. The small ones are looked at when
// they are read.
func (r *run) look(ctx context.Context) error {
	var large []bespoke.Object
	var at []int
	for i, o := range r.cfg.Objects {
		if o.Size > splitBytes {
			large, at = append(large, o), append(at, i)
		}
	}
	layouts, err := readLayouts(ctx, r.cfg.Source, large, r.cfg.Schema, r.cfg.CSVOnly)
	if err != nil {
		return err
	}
	r.layouts = make([]*layout, len(r.cfg.Objects))
	for k, l := range layouts {
		r.layouts[at[k]] = l
		r.note(l.notes)
	}
	return nil
}

// read fetches, decodes and writes all splits. It returns how many textual
// values were cut.
func (r *run) read(ctx context.Context) (cut int64, err error) {
	g, ctx := errgroup.WithContext(ctx)
	f := &fetching{
		plan: r.plan, splits: r.splits, layouts: r.layouts, source: r.cfg.Source, schema: r.cfg.Schema, csvOnly: r.cfg.CSVOnly,
		progress: r.progress, note: r.note,
	}
	f.buffers(r.cfg.Workers + r.cfg.Fetches)
	var left atomic.Int64
	left.Store(int64(r.cfg.Fetches))
	for range r.cfg.Fetches {
		g.Go(func() error {
			defer func() {
				if left.Add(-1) == 0 {
					close(f.out)
				}
			}()
			return (&loader{fetching: f}).load(ctx)
		})
	}
	workers := make([]*worker, r.cfg.Workers)
	for i := range workers {
		w := newWorker(r, int(r.cfg.Memory/4)/len(workers))
		workers[i] = w
		g.Go(func() error { return w.work(ctx, f.out, f.free) })
	}
	err = g.Wait()
	for _, w := range workers {
		cut += w.dec.cut
		err = errors.Join(err, w.writer.Abort()) // nothing to do after success
	}
	if err == nil {
		r.progress.BytesDone.Store(r.plan.bytes) // also of what need not be read in Parquet
	}
	r.rank = r.splits.settle()
	return cut, err
}

// result sums up what was read.
func (r *run) result(cut int64) Result {
	res := Result{Files: r.files, Warnings: slices.Sorted(maps.Keys(r.notes))}
	if cut > 0 {
		res.Warnings = append(res.Warnings, fmt.Sprintf("%s textual values were longer than %s characters (%s in Chinese and Japanese) and were cut.",
			thousands(cut), thousands(maxText), thousands(maxTextCJK)))
	}
	slices.SortFunc(res.Files, func(a, b lake.File) int { return cmp.Compare(a.Path, b.Path) })
	res.Counts.Rows = r.progress.Rows.Load()
	res.Counts.Rejected = r.bad.count.Load()
	res.Counts.Accepted = res.Counts.Rows - res.Counts.Rejected
	res.Bad = r.bad.list(r.splits)
	return res
}

// compare finds duplicates and replaced rows.
func (r *run) compare(ctx context.Context, res *Result) error {
	if r.cfg.Mode == bespoke.Incremental {
		if err := r.existing(ctx, r.news); err != nil {
			return err
		}
	}
	order := ordinals{first: r.firstNew, rank: r.rank}
	for i, s := range r.spans {
		r.spans[i].ordinal = order.of(s.ordinal)
	}
	dead := newDeadRows(r.paths, r.spans)
	v, err := compare(ctx, r.log, r.cfg.Workers, r.cfg.Type.Key() != "", order, dead)
	if err != nil {
		return err
	}
	res.Counts.Replaced, res.Counts.Duplicate = v.replaced.Load(), v.duplicate.Load()
	res.Counts.Accepted -= res.Counts.Duplicate
	if res.Counts.Replaced+res.Counts.Duplicate > 0 {
		res.Dead = dead.positions()
	}
	return nil
}

// removeFiles removes the data files that this run has made.
func (r *run) removeFiles() error {
	r.syncs.Wait() // its errors do not matter any more
	var errs []error
	for _, p := range r.paths[:r.made] {
		if err := os.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, fmt.Errorf("remove data file: %w", err))
		}
	}
	return errors.Join(errs...)
}

// syncDir makes the names in dir last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}
