// Package store keeps everything in one DuckDB file: migrations, admission of
// batches, the questions asked of the rows, exports and snapshots. It is the
// only package that knows the engine.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	duckdb "github.com/marcboeker/go-duckdb"

	"plaint/internal/record"
	"plaint/internal/store/memory"
)

// Errors a caller can act on.
var (
	// ErrLocked means that another process owns the file.
	ErrLocked = errors.New("the file is in use by another process")
	// ErrNewer means that the file was written by a newer version.
	ErrNewer = errors.New("the file was written by a newer version of plaint")
	// ErrNotStore means that the file is no plaint database.
	ErrNotStore = errors.New("the file is not a plaint database")
)

// Options tune the engine. The zero value is right for a laptop.
type Options struct {
	Threads int // 0 = number of CPUs
	// Quiet starts no worker threads: every statement runs in the thread that
	// asks for it. For programs that keep the processors busy themselves: while
	// a worker runs a statement, the asking thread spins (a fifth of the
	// processor time of a bulk load).
	Quiet bool
	Now   func() time.Time
	// Themes gives new complaints the themes of the latest run; nil gives none.
	Themes OpenThemes
	// Incidents tells what the incidents of the latest run bear out; nil: nothing.
	Incidents OpenIncidents

	skipMend, skipCheckpoint bool // tests only: show what is lost without
}

// Store is one open DuckDB file. It has one writer, guarded by a mutex, and
// any number of readers beside it.
type Store struct {
	path    string
	options Options
	now     func() time.Time
	readers atomic.Pointer[sql.DB] // another one after the engine was opened again
	shadow  atomic.Pointer[Decide] // nil: none
	timer   atomic.Pointer[func(time.Duration)]

	turn    chan struct{} // whoever holds it admits what waits
	bulk    chan struct{} // whoever holds it may write row groups into the file, see writeBulk
	waiting sync.Mutex    // guards queue
	queue   []*part

	mu        sync.Mutex // guards everything below: one writer
	connector *duckdb.Connector
	conn      driver.Conn
	arrow     *duckdb.Arrow
	feeds     map[string]*feed // by table
	salt      string           // of the pseudonyms
	next      counters
	committed counters // next, as of the last commit
	room      room
	health    health
	still     bool     // the file must not change, see HoldStill
	prepared  bool     // many complaints are to come, see Prepare
	opened    int      // how often the engine was
	file      *os.File // the file's content, while the engine has it open
	themes    themesState
	incidents incidentsState
	recent
}

// recent is what the writer remembers of the file, read when it is first
// needed, and again after a rollback.
type recent struct {
	trails    *memory.Trails
	letters   *memory.Letters
	crowd     *memory.Crowd
	lines     *memory.Lines // nil: not read, or there are none
	seen      *memory.Seen
	evidence  *evidence
	verdicts  memory.Verdicts
	positions map[string]record.Position // of streams
}

// db is for readers.
func (s *Store) db() *sql.DB { return s.readers.Load() }

// counters are the next free numbers, read from the file at open.
type counters struct{ complaint, survey, log, transaction, account, level, batch, refused, caseID, entry, run int64 }

// Open opens or creates the file at path and brings it to the current version.
// It returns ErrLocked, ErrNewer or ErrNotStore where they apply.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := create(ctx, path); err != nil {
		return nil, openError(path, err)
	}
	s := &Store{path: path, options: o, now: func() time.Time { return o.Now().UTC() }, turn: make(chan struct{}, 1), bulk: make(chan struct{}, 1)}
	s.mu.Lock()
	err := s.start(ctx)
	s.mu.Unlock()
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// create makes an empty file where there is none, whole or not at all: what the
// engine leaves behind when it is stopped in the middle can never be opened.
func create(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	half := fmt.Sprintf("%s.new%d", path, os.Getpid())
	defer func() { os.Remove(half); os.Remove(half + ".wal") }()
	connector, err := duckdb.NewConnector(half, nil)
	if err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), half, path))
	}
	conn, err := connector.Connect(ctx)
	if err == nil {
		err = conn.Close()
	}
	if err = errors.Join(err, connector.Close()); err != nil {
		return err
	}
	if err := os.Chmod(half, 0o600); err != nil { // it holds personal data; the log is made with the same rights
		return err
	}
	switch err := os.Link(half, path); {
	case errors.Is(err, os.ErrExist): // another process was first
		return nil
	case err != nil: // a file system without links
		if err := os.Rename(half, path); err != nil {
			return err
		}
	}
	return syncFile(filepath.Dir(path))
}

// start opens the engine. The caller holds s.mu.
func (s *Store) start(ctx context.Context) (err error) {
	s.opened++
	if !s.options.skipMend {
		if err := mendLog(s.path); err != nil {
			return openError(s.path, err)
		}
	}
	var once sync.Once
	s.connector, err = duckdb.NewConnector(s.path, func(ex driver.ExecerContext) error {
		var first error
		once.Do(func() { first = s.settle(ctx, ex) })
		return first
	})
	if err != nil {
		s.connector = nil
		return openError(s.path, err)
	}
	if s.conn, err = s.connector.Connect(ctx); err != nil {
		s.conn = nil
		return openError(s.path, err)
	}
	if s.arrow, err = duckdb.NewArrowFromConn(s.conn); err != nil {
		return fmt.Errorf("open %s: %w", s.path, err)
	}
	s.readers.Store(sql.OpenDB(s.connector))
	for _, step := range []func(context.Context) error{s.migrate, func(ctx context.Context) error { return s.exec(ctx, stagingTables) }, s.openFeeds,
		s.loadSecret, s.loadCounters, s.measureRoom} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// settle runs once for the whole engine, before anything else, in this order:
// settings and FORCE CHECKPOINT. Access to other files is off and cannot be
// turned on again; the other settings stay open for makeRoom. Foreign SQL
// never runs in this engine, see Foreign.
//
// The checkpoint is not housekeeping: after it there is no log, whatever was in
// it. Either it or mendLog would do for the end that a crash leaves; mendLog
// holds where the checkpoint itself is stopped, too. Both may go when the
// engine is at 1.2 or later.
func (s *Store) settle(ctx context.Context, ex driver.ExecerContext) error {
	o := s.options
	threads := o.Threads
	if threads == 0 {
		threads = runtime.NumCPU()
	}
	callers := 1
	if o.Quiet {
		callers = threads
	}
	statements := []string{
		"SET autoinstall_known_extensions=false",
		"SET autoload_known_extensions=false",
		fmt.Sprintf("SET memory_limit='%dB'", mostRoom()), // until it is known what is needed, see measureRoom
		fmt.Sprintf("SET threads=%d", threads),            // as the planner sees them
		fmt.Sprintf("SET external_threads=%d", callers),
		"SET wal_autocheckpoint='1TB'",          // see tidyLog
		"ATTACH ':memory:' AS " + s.feedsName(), // see openFeeds
		"SET enable_external_access=false",
		"PRAGMA disable_checkpoint_on_shutdown", // after a fault nothing more may be written, see stop
	}
	if !o.skipCheckpoint {
		statements = append(statements, "FORCE CHECKPOINT")
	}
	for _, q := range statements {
		if _, err := ex.ExecContext(ctx, q, nil); err != nil {
			return fmt.Errorf("prepare the engine: %s: %w", q, err)
		}
	}
	return nil
}

func openError(path string, err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, "Could not set lock"):
		return fmt.Errorf("open %s: %w", path, ErrLocked)
	case strings.Contains(text, "not a valid DuckDB database file"):
		return fmt.Errorf("open %s: %w", path, ErrNotStore)
	case strings.Contains(text, "created with a newer"), strings.Contains(text, "version number"):
		return fmt.Errorf("open %s: %w", path, ErrNewer)
	case errors.Is(err, ErrDamagedLog), strings.Contains(text, "Corrupt WAL"):
		return fmt.Errorf("open %s: %w: %w", path, ErrDamagedLog, err)
	case errors.Is(err, os.ErrPermission), strings.Contains(text, "Permission denied"):
		return fmt.Errorf("open %s: %w", path, os.ErrPermission)
	}
	return fmt.Errorf("open %s: %w", path, err)
}

// Path is the file's path.
func (s *Store) Path() string { return s.path }

// Close ends all readers, folds the log into the file, and ends the writer. An
// error means that the log stays beside the file and is folded at the next open.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stop()
}

// stop closes the engine. The caller holds s.mu.
func (s *Store) stop() error {
	var errs []error
	s.evidence.end()
	if db := s.db(); db != nil {
		errs = append(errs, db.Close())
	}
	if s.conn != nil {
		if s.room.most > 0 && !s.health.broken { // it was opened well; the engine would not say when it fails
			ctx := context.Background()
			errs = append(errs, s.setRoom(ctx, s.room.most), s.exec(ctx, "checkpoint"))
		}
		errs = append(errs, s.conn.Close())
		s.conn = nil
	}
	if s.connector != nil {
		errs = append(errs, s.connector.Close())
		s.connector = nil
	}
	if s.file != nil {
		errs = append(errs, s.file.Close())
		s.file = nil
	}
	return errors.Join(errs...)
}

// exec runs book-keeping SQL on the writer's connection.
func (s *Store) exec(ctx context.Context, query string, args ...driver.Value) error {
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	_, err := s.conn.(driver.ExecerContext).ExecContext(ctx, query, named)
	return err
}

// inTx runs f in one transaction of the writer; the caller holds s.mu. An
// error or a panic in f rolls back, and the counters and letters go back to
// what the file says.
func (s *Store) inTx(ctx context.Context, f func() error) (err error) {
	if err := s.exec(ctx, "begin"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	s.evidence.begin()
	done := false
	defer func() {
		if done {
			return
		}
		s.takeBack()
		back := s.exec(context.WithoutCancel(ctx), "rollback")
		if back != nil && err != nil && !strings.Contains(back.Error(), "no transaction is active") { // a commit that failed has ended it
			err = errors.Join(err, fmt.Errorf("rollback: %w", back))
		}
	}()
	if err := f(); err != nil {
		return err
	}
	// Asked to end from here on, the engine commits all the same, and the driver
	// would call it cancelled: what is kept would be taken for lost.
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.exec(context.WithoutCancel(ctx), "commit"); err != nil {
		return &commitError{err}
	}
	done, s.committed = true, s.next
	s.evidence.keep()
	return nil
}

// maxLog is the size of the write-ahead log from which it is folded into the
// file; 64 MB are replayed in about half a second after a crash.
const maxLog = 64 << 20

// tidyLog folds the log into the file when it has grown. The engine would do
// that inside a commit, and there it rewrites a whole large batch that has
// already been written to its place (0.6 to 1.7 s for 122,880 rows, against
// 0.03 s). The caller holds s.mu and no transaction.
func (s *Store) tidyLog(ctx context.Context) error {
	info, err := os.Stat(s.path + ".wal")
	if err != nil || info.Size() < maxLog || s.still {
		return nil // no log, nothing to fold, or not now
	}
	if err := s.exec(ctx, "checkpoint"); err != nil {
		return fmt.Errorf("fold the log into the file: %w", err)
	}
	return s.setRoom(ctx, s.room.needed())
}

const countersQuery = `with last as (select name, max(last) as n from keeping_count group by name)
select
	(select coalesce(max(seq), 0) from complaint), (select coalesce(max(seq), 0) from survey),
	(select coalesce(max(n), 0) from (select seq as n from log_line union all select n from last where name = 'log_line')),
	(select coalesce(max(n), 0) from (select seq as n from transaction_version union all select n from last where name = 'transaction_version')),
	(select coalesce(max(seq), 0) from account_version), (select coalesce(max(seq), 0) from service_level_version),
	(select coalesce(max(batch), 0) from admission),
	(select coalesce(max(n), 0) from (select id as n from refused union all select n from last where name = 'refused')),
	(select coalesce(max(case_id), 0) from case_event),
	(select coalesce(max(entry_id), 0) from entry_event), (select coalesce(max(id), 0) from run)`

func (s *Store) loadCounters(ctx context.Context) error {
	n := &s.next
	err := s.db().QueryRowContext(ctx, countersQuery).Scan(&n.complaint, &n.survey, &n.log, &n.transaction,
		&n.account, &n.level, &n.batch, &n.refused, &n.caseID, &n.entry, &n.run)
	if err != nil {
		return fmt.Errorf("read the counters: %w", err)
	}
	s.committed = *n
	return nil
}
