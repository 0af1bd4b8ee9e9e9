package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Errors that pass: nothing was kept, and trying again later may help.
var (
	// ErrNoSpace means that the disk is full, or nearly.
	ErrNoSpace = errors.New("the disk is full")
	// ErrUnavailable means that the engine had a fault and could not be opened
	// again yet.
	ErrUnavailable = errors.New("the database is not available")
)

// leastSpace is the free space below which nothing is taken in: a full disk in
// the middle of a checkpoint costs the engine its life, and what folds the log
// into the file needs room beside it.
const leastSpace = 3 * maxLog

// How often the engine is opened again, and the disk looked at, at most.
const (
	reopenPause = 500 * time.Millisecond
	spacePause  = 200 * time.Millisecond
)

// health is whether the engine can be written to.
type health struct {
	broken      bool // a commit failed, or the engine gave up: what it holds is not to be trusted
	tried       time.Time
	looked      time.Time
	free, least uint64 // bytes on the disk, as looked at
}

// commitError is a commit that failed. The engine takes it back, but whether its
// log was cut off cleanly is not known.
type commitError struct{ err error }

func (e *commitError) Error() string { return "commit: " + e.err.Error() }
func (e *commitError) Unwrap() error { return e.err }

// noteFault looks at why a transaction failed. The caller holds s.mu.
func (s *Store) noteFault(err error) {
	var c *commitError
	text := err.Error()
	if errors.As(err, &c) || strings.Contains(text, "FATAL") || strings.Contains(text, "database has been invalidated") || strings.Contains(text, "INTERNAL") {
		s.health.broken = true
	}
}

// able makes sure that the engine can be written to: it opens it again after a
// fault, and refuses while the disk is full. The caller holds s.mu.
func (s *Store) able(ctx context.Context) error {
	if err := s.space(); err != nil {
		return err
	}
	if !s.health.broken {
		return nil
	}
	if time.Since(s.health.tried) < reopenPause {
		return ErrUnavailable
	}
	s.health.tried = time.Now()
	if err := s.reopen(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return nil
}

// write runs f in one transaction of an engine that can be written to. The caller
// holds s.mu.
func (s *Store) write(ctx context.Context, f func() error) error {
	if err := s.able(ctx); err != nil {
		return err
	}
	err := s.inTx(ctx, f)
	if err != nil {
		s.noteFault(err)
	}
	return err
}

// unable reports a fault that all batches share.
func (s *Store) unable(err error) bool {
	return s.health.broken || errors.Is(err, ErrNoSpace) || errors.Is(err, ErrUnavailable)
}

// space looks at the disk now and then.
func (s *Store) space() error {
	h := &s.health
	if time.Since(h.looked) > spacePause {
		var fs syscall.Statfs_t
		if err := syscall.Statfs(filepath.Dir(s.path), &fs); err != nil {
			return nil // not known: the engine will say
		}
		h.looked, h.free = time.Now(), fs.Bavail*uint64(fs.Bsize)
		h.least = min(leastSpace, fs.Blocks*uint64(fs.Bsize)/10)
	}
	if h.free < h.least {
		return fmt.Errorf("%w: %d MB are free beside %s, %d MB are needed", ErrNoSpace, h.free>>20, filepath.Base(s.path), h.least>>20)
	}
	return nil
}

// reopen closes the engine and opens it again. Readers that are still busy are
// waited for: two engines of one process would not see each other's lock.
func (s *Store) reopen(ctx context.Context) error {
	db := s.db()
	s.forget()
	s.room.most = 0 // nothing is folded on the way out
	err := s.stop()
	for until := time.Now().Add(5 * time.Second); db != nil && db.Stats().OpenConnections > 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			return errors.Join(errors.New("a reader does not end"), err)
		}
	}
	if err := s.start(ctx); err != nil {
		return errors.Join(err, s.stop())
	}
	s.health.broken = false
	return nil
}

// takeBack puts what the writer remembers back to what was committed.
func (s *Store) takeBack() {
	s.next = s.committed
	e := s.evidence
	if e.takeBack(s.committed) {
		s.evidence = nil // long to read: it stays
		defer func() { s.evidence = e }()
	}
	s.forget()
}

// forget drops what the writer remembers: it may be ahead of the file.
func (s *Store) forget() {
	s.evidence.end()
	seen := s.seen // what is not in the file is looked up once more, no harm done
	s.recent = recent{seen: seen}
}
