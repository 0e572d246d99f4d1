package job

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"math"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"bespoke"
)

// The queues. Imports, trainings, and jobs that write or rewrite whole datasets,
// have their own, so that however many of them wait, the short steps of other
// resources never wait behind them.
const (
	steps     = "steps"
	imports   = "imports"
	rewrite   = "rewrites"
	trainings = "trainings"
)

// queues are those of the kinds of resources that do not go to steps.
var queues = map[string]string{
	"dataset-import-job": imports,
	"dataset-export-job": rewrite,
	"data-deletion-job":  rewrite,
	"solution-version":   trainings,
}

// Advance is the argument of every job: the resource to take further.
type Advance struct {
	ARN bespoke.ARN `json:"arn"`
}

// Kind names the job in its row.
func (Advance) Kind() string { return "advance" }

// Queue writes job rows. It is safe for concurrent use.
type Queue struct {
	db     *sql.DB
	driver *driver
	insert *river.Client[*sql.Tx]
	logger *slog.Logger
}

// Open creates or upgrades the job tables in db and returns the queue in it.
// It refuses tables made by a newer version. All writes to db must go through
// one connection (SetMaxOpenConns(1)): SQLite has one writer. River's own log
// lines go to logger from level Warn up.
func Open(ctx context.Context, db *sql.DB, logger *slog.Logger) (*Queue, error) {
	logger = slog.New(atLeast{logger.Handler(), slog.LevelWarn})
	d := newDriver(db)
	if err := migrate(ctx, d, db, logger); err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	client, err := river.NewClient(d, &river.Config{Logger: logger})
	if err != nil {
		return nil, fmt.Errorf("job: %w", err)
	}
	return &Queue{db: db, driver: d, insert: client, logger: logger}, nil
}

// migrate brings River's tables to the version this program knows.
func migrate(ctx context.Context, d *driver, db *sql.DB, logger *slog.Logger) error {
	m, err := rivermigrate.New(d, &rivermigrate.Config{Logger: logger})
	if err != nil {
		return err
	}
	known := m.AllVersions()
	latest := known[len(known)-1].Version
	var tables, has int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'river_migration'`).Scan(&tables); err != nil {
		return err
	}
	if tables > 0 {
		if err := db.QueryRowContext(ctx, `SELECT coalesce(max(version), 0) FROM river_migration`).Scan(&has); err != nil {
			return err
		}
	}
	if has > latest {
		return fmt.Errorf("job tables have version %d, this program knows versions up to %d; run the newer program that made them", has, latest)
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// Insert writes a job for the resource as part of tx. It runs once tx has
// committed; call [Queue.Wake] then, or it waits for the next poll.
func (q *Queue) Insert(ctx context.Context, tx *sql.Tx, arn bespoke.ARN) error {
	name := cmp.Or(queues[arn.Kind()], steps)
	// The runner decides when to give up, not the row.
	opts := &river.InsertOpts{Queue: name, MaxAttempts: math.MaxInt16}
	if _, err := q.insert.InsertTx(ctx, tx, Advance{arn}, opts); err != nil {
		return fmt.Errorf("job: insert %s: %w", arn, err)
	}
	return nil
}

// Wake makes a running [Runner] look for new jobs now. It never blocks, and
// costs little where there is none.
func (q *Queue) Wake() { q.driver.bell.ring(steps, imports, rewrite, trainings) }

// Counts says how many jobs are where.
type Counts struct {
	Waiting int // ready or due at a later time
	Running int // finished ones count for up to a quarter of a second more
}

// Counts returns the present numbers, for metrics.
func (q *Queue) Counts(ctx context.Context) (Counts, error) {
	by, err := q.driver.GetExecutor().JobCountByAllStates(ctx, &riverdriver.JobCountByAllStatesParams{})
	if err != nil {
		return Counts{}, fmt.Errorf("job: count: %w", err)
	}
	return Counts{
		Waiting: by[rivertype.JobStateAvailable] + by[rivertype.JobStateRetryable] + by[rivertype.JobStateScheduled],
		Running: by[rivertype.JobStateRunning],
	}, nil
}

// atLeast passes on records of a level and above.
type atLeast struct {
	slog.Handler
	level slog.Level
}

func (h atLeast) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= h.level && h.Handler.Enabled(ctx, l)
}

func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(attrs), h.level}
}

func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.level}
}
