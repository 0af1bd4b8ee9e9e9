package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// ErrMoved means that the file changed while it had to stay as it was: the
// engine had a fault and was opened again. Trying again helps.
var ErrMoved = errors.New("the engine was opened again meanwhile")

// writeBulk lets one of those write who write so much at once that the engine
// puts whole row groups into the file before they are committed, and makes them
// wait while the file is held still. done must be called.
func (s *Store) writeBulk(ctx context.Context) (done func(), err error) {
	select {
	case s.bulk <- struct{}{}:
		return func() { <-s.bulk }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Still is the database file while it does not change: its log is folded, what
// comes in goes into a new log, and what would be written to the file directly
// waits.
type Still struct {
	Held   time.Duration // how long nothing could be taken in
	s      *Store
	opened int
	end    func()
}

// HoldStill folds the log into the file and keeps the file from changing until
// Release. Small batches are admitted all the while.
func (s *Store) HoldStill(ctx context.Context) (*Still, error) {
	done, err := s.writeBulk(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	began := time.Now()
	if err := s.ready(ctx); err != nil {
		done()
		return nil, err
	}
	if err := s.exec(ctx, "checkpoint"); err != nil {
		done()
		s.health.broken = true
		return nil, fmt.Errorf("fold the log into the file: %w", err)
	}
	s.still = true
	return &Still{time.Since(began), s, s.opened, sync.OnceFunc(func() {
		s.mu.Lock()
		s.still = false
		s.mu.Unlock()
		done()
	})}, nil
}

// ready is able where a full disk does no harm: what follows writes elsewhere,
// or makes room. The caller holds s.mu.
func (s *Store) ready(ctx context.Context) error {
	if !s.health.broken {
		return nil
	}
	return s.able(ctx)
}

// File is the file's content for reading. It must not be closed, only read: when
// a process closes any handle of a file, it loses all its locks on it, the
// engine's too.
func (h *Still) File() (*io.SectionReader, error) {
	h.s.mu.Lock()
	defer h.s.mu.Unlock()
	return h.s.content()
}

// content opens the file once for as long as the engine has it open. The caller
// holds s.mu.
func (s *Store) content() (*io.SectionReader, error) {
	if s.file == nil {
		f, err := os.Open(s.path)
		if err != nil {
			return nil, err
		}
		s.file = f
	}
	info, err := s.file.Stat()
	if err != nil {
		return nil, err
	}
	return io.NewSectionReader(s.file, 0, info.Size()), nil
}

// View copies the log with f while nobody writes, and returns a transaction that
// reads exactly what the file and that log hold. It must be rolled back. The
// file may change again when it returns.
func (h *Still) View(ctx context.Context, f func(log string) error) (*sql.Tx, error) {
	s := h.s
	s.mu.Lock()
	began := time.Now()
	defer func() { h.Held += time.Since(began); s.mu.Unlock(); h.Release() }()
	if s.opened != h.opened || s.conn == nil || s.health.broken {
		return nil, ErrMoved
	}
	tx, err := s.db().BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("begin to read: %w", err)
	}
	var n int64 // a transaction sees what was committed when it first reads
	if err = tx.QueryRowContext(ctx, "select count(*) from plaint_version").Scan(&n); err == nil {
		err = f(s.path + ".wal")
	}
	if err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return tx, nil
}

// Release lets the file change again. It may be called again.
func (h *Still) Release() { h.end() }

// Writer is the writer's connection inside a transaction.
type Writer struct{ s *Store }

// Exec runs one statement.
func (w Writer) Exec(ctx context.Context, query string, args ...driver.Value) error {
	return w.s.exec(ctx, query, args...)
}

// Each calls f with the values of every row of a read.
func (w Writer) Each(ctx context.Context, query string, f func(row []driver.Value) error, args ...driver.Value) (err error) {
	named := make([]driver.NamedValue, len(args))
	for i, a := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	rows, err := w.s.conn.(driver.QueryerContext).QueryContext(ctx, query, named)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	values := make([]driver.Value, len(rows.Columns()))
	for {
		switch err := rows.Next(values); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		if err := f(values); err != nil {
			return err
		}
	}
}

// Change runs f in one transaction of the writer, which may change or delete any
// row. What the writer remembers is read again, and the copy for queries goes:
// both may hold what is gone.
func (s *Store) Change(ctx context.Context, f func(Writer) error) error {
	done, err := s.writeBulk(ctx)
	if err != nil {
		return err
	}
	defer done()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ready(ctx); err != nil {
		return err
	}
	if err := s.inTx(ctx, func() error { return f(Writer{s}) }); err != nil {
		s.noteFault(err)
		return err
	}
	s.forget()
	s.themes = themesState{}
	if err := os.RemoveAll(s.path + ".snapshot"); err != nil {
		return fmt.Errorf("remove the copy for queries: %w", err)
	}
	return nil
}

// Owned reports whether another process has the file open for writing.
func Owned(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, &lock); err != nil {
		return false, nil // a file system without locks: the engine could not own it either
	}
	return lock.Type != syscall.F_UNLCK, nil
}

// LogState is what is known of the log beside a file.
type LogState struct {
	Size   int64 // 0 where there is none
	Whole  int64 // bytes up to the first damage
	Behind bool  // commits stand behind it
}

// Log reads the log beside a file that nobody has open.
func Log(path string) (l LogState, err error) {
	f, err := os.Open(path + ".wal")
	if errors.Is(err, os.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return l, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return l, err
	}
	l.Size = info.Size()
	if l.Whole, err = wholeLog(f); err != nil || l.Whole < 0 || l.Whole == l.Size {
		return l, err
	}
	l.Behind, err = commitsBehind(f, l.Whole)
	return l, err
}
