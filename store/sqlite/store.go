package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver

	"bespoke"
	"bespoke/job"
)

// Config says where the database is.
type Config struct {
	// Path is the database file. It is made, with mode 0600, where there is
	// none; its folder has to exist. Beside it stand SQLite's own files and a
	// lock file, all beginning with its name.
	Path        string
	BusyTimeout time.Duration    // for readers from outside, such as a backup; default 10 s
	Readers     int              // connections for reading; default 4
	Now         func() time.Time // default time.Now
	Logger      *slog.Logger     // default slog.Default()
}

func (c *Config) defaults() error {
	c.BusyTimeout = cmp.Or(c.BusyTimeout, 10*time.Second)
	c.Readers = cmp.Or(c.Readers, 4)
	c.Logger = cmp.Or(c.Logger, slog.Default())
	if c.Now == nil {
		c.Now = time.Now
	}
	var errs []error
	if c.Path == "" {
		errs = append(errs, errors.New("no Path is given"))
	}
	if c.BusyTimeout < time.Millisecond {
		errs = append(errs, errors.New("BusyTimeout must be at least 1 ms"))
	}
	if c.Readers < 0 {
		errs = append(errs, errors.New("the number of Readers must be above 0"))
	}
	return errors.Join(errs...)
}

// Store is the metadata store. It is safe for concurrent use.
type Store struct {
	lock    *os.File
	writer  *sql.DB // one connection
	readers *sql.DB
	queue   *job.Queue
	clock   func() time.Time
	writes  atomic.Uint64
}

// Open opens or makes the database and brings it to this program's version. It
// refuses one that another process has open, and one of a newer version.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if err := cfg.defaults(); err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	lock, err := lockFile(cfg.Path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	s := &Store{lock: lock, clock: cfg.Now}
	if err := s.open(ctx, cfg); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: open %s: %w", cfg.Path, err), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, cfg Config) error {
	// SQLite would make the file readable by everybody; its other files take
	// over the mode of this one.
	f, err := os.OpenFile(cfg.Path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if s.writer, err = sql.Open("sqlite", dsn(cfg, "rw", "immediate")); err != nil {
		return err
	}
	s.writer.SetMaxOpenConns(1)
	var mode string
	if err := s.writer.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("SQLite cannot use WAL mode on this file system (journal_mode is %s); put the data on a local disk", mode)
	}
	if err := migrate(ctx, s.writer); err != nil {
		return err
	}
	if s.queue, err = job.Open(ctx, s.writer, cfg.Logger); err != nil {
		return err
	}
	if s.readers, err = sql.Open("sqlite", dsn(cfg, "ro", "deferred")); err != nil {
		return err
	}
	s.readers.SetMaxOpenConns(cfg.Readers)
	s.readers.SetMaxIdleConns(cfg.Readers)
	return s.readers.PingContext(ctx)
}

// dsn is the connection string. The pragmas are per connection, and the busy
// timeout comes first, because switching to WAL may have to wait.
func dsn(cfg Config, mode, lock string) string {
	q := url.Values{
		"mode":    {mode},
		"_txlock": {lock},
		"_pragma": {
			"busy_timeout(" + strconv.FormatInt(cfg.BusyTimeout.Milliseconds(), 10) + ")",
			"foreign_keys(1)",
		},
	}
	if mode == "rw" {
		q["_pragma"] = append(q["_pragma"], "journal_mode(WAL)", "synchronous(FULL)", "secure_delete(1)")
	}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: filepath.ToSlash(cfg.Path)}).EscapedPath(), RawQuery: q.Encode()}
	return u.String()
}

// Close closes the database. The runner of its queue has to be stopped before.
func (s *Store) Close() error {
	var errs []error
	if s.readers != nil {
		errs = append(errs, s.readers.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.Close())
	}
	return errors.Join(append(errs, unlockFile(s.lock))...)
}

// Queue returns the queue that the store writes its jobs to.
func (s *Store) Queue() *job.Queue { return s.queue }

// Writes returns a number that has changed whenever a write has. What is read
// after it was taken holds as long as it stays the same.
func (s *Store) Writes() uint64 { return s.writes.Load() }

// Ping reports whether the database answers, for health checks.
func (s *Store) Ping(ctx context.Context) error { return s.readers.PingContext(ctx) }

// txn is one write transaction.
type txn struct {
	*sql.Tx
	store  *Store
	now    time.Time // of every row written
	queued bool
}

// write runs f in a transaction that commits if f returns nil. Then it wakes
// the runner, if f queued a job. Transactions run one after another.
func (s *Store) write(ctx context.Context, op string, f func(*txn) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("sqlite: %s: %w", op, err)
	}
	defer tx.Rollback()
	t := &txn{Tx: tx, store: s, now: s.clock()}
	if err := f(t); err != nil {
		return fmt.Errorf("sqlite: %s: %w", op, err)
	}
	err = tx.Commit()
	s.writes.Add(1) // after an error too: the outcome may be unknown
	if err != nil {
		return fmt.Errorf("sqlite: %s: commit: %w", op, err)
	}
	if t.queued {
		s.queue.Wake()
	}
	return nil
}

// enqueue writes a job for the resource.
func (t *txn) enqueue(ctx context.Context, arn bespoke.ARN) error {
	t.queued = true
	return t.store.queue.Insert(ctx, t.Tx, arn)
}

// millis is how times are stored.
func millis(t time.Time) int64 { return t.UnixMilli() }

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
