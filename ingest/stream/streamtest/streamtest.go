// Package streamtest is the store and the supervisor that the tests of the
// sources share. Only tests import it.
package streamtest

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"plaint/ingest/stream"
	"plaint/internal/record"
)

// patience is how long a test waits for what must come.
const patience = time.Minute

// Store is what a source runs on: a Book, or one of a room's own.
type Store interface {
	Admit(ctx context.Context, b *record.Batch) (record.Receipt, error)
	Position(ctx context.Context, input string) (record.Position, bool, error)
}

// Life is a running source.
type Life struct {
	Meter *stream.Meter
	Log   *Journal

	cancel context.CancelFunc
	ended  chan struct{}
	mu     sync.Mutex
	faults []error
	down   error
}

// Start runs a source until the test ends or stops it. After a fault it starts
// again at once, unless the source is refused; its log has every level.
func Start(t testing.TB, s stream.Source, on Store) *Life {
	t.Helper()
	return start(t, on, slog.LevelDebug, func(ctx context.Context, l *Life, to stream.Sink) {
		for ctx.Err() == nil {
			err := s(ctx, to)
			if ctx.Err() != nil || errors.Is(err, stream.ErrRefused) {
				l.end(err)
				return
			}
			l.fault(err)
			select {
			case <-time.After(5 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	})
}

// StartOnce runs a source once, for tests in which any fault is one too many, or
// that start it again themselves. Its log begins at level info.
func StartOnce(t testing.TB, s stream.Source, on Store) *Life {
	t.Helper()
	return start(t, on, slog.LevelInfo, func(ctx context.Context, l *Life, to stream.Sink) { l.end(s(ctx, to)) })
}

func start(t testing.TB, on Store, level slog.Level, run func(context.Context, *Life, stream.Sink)) *Life {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &Life{Meter: stream.NewMeter(), Log: &Journal{}, cancel: cancel, ended: make(chan struct{})}
	to := stream.Sink{Admit: on.Admit, Position: on.Position, Meter: l.Meter,
		Log: slog.New(slog.NewTextHandler(l.Log, &slog.HandlerOptions{Level: level}))}
	go func() {
		defer close(l.ended)
		run(ctx, l, to)
	}()
	t.Cleanup(func() { l.Stop(t) })
	return l
}

func (l *Life) fault(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, err)
}

func (l *Life) end(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = err
}

// Stop ends the source and waits for its end.
func (l *Life) Stop(t testing.TB) {
	t.Helper()
	if !l.End() {
		t.Fatal("the source does not end with its context")
	}
}

// End is Stop for goroutines that may not end the test: it says whether the
// source ended.
func (l *Life) End() bool {
	l.cancel()
	select {
	case <-l.ended:
		return true
	case <-time.After(patience):
		return false
	}
}

// Ended is closed when the source does not run and will not run again.
func (l *Life) Ended() <-chan struct{} { return l.ended }

// Down is what the source ended with, nil while it runs or waits to run again.
func (l *Life) Down() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.down
}

// Faults are the errors that the source was started again after.
func (l *Life) Faults() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]error(nil), l.faults...)
}

// Refused waits until the source is refused and gives the reason.
func (l *Life) Refused(t testing.TB) string {
	t.Helper()
	select {
	case <-l.ended:
	case <-time.After(patience):
		t.Fatal("the source is not refused")
	}
	err := l.Down()
	if !errors.Is(err, stream.ErrRefused) {
		t.Fatalf("the source ended with %v", err)
	}
	return err.Error()
}

// Journal is text that one goroutine writes and another reads or waits for: a
// log, or what a server was asked.
type Journal struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{} // nil if nobody waits
}

// Write is that of io.Writer.
func (j *Journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.changed != nil {
		close(j.changed)
		j.changed = nil
	}
	return j.text.Write(p)
}

// String is all that was written so far.
func (j *Journal) String() string {
	text, _ := j.read(false)
	return text
}

// Wait returns the first line that says all of the parts.
func (j *Journal) Wait(t testing.TB, parts ...string) string {
	t.Helper()
	limit := time.After(patience)
	for {
		text, changed := j.read(true)
	lines:
		for line := range strings.SplitSeq(text, "\n") {
			for _, p := range parts {
				if !strings.Contains(line, p) {
					continue lines
				}
			}
			return line
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("waited in vain for %q in\n%s", parts, text)
		}
	}
}

// read gives the text, and what is closed when there is more.
func (j *Journal) read(wait bool) (string, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if wait && j.changed == nil {
		j.changed = make(chan struct{})
	}
	return j.text.String(), j.changed
}

// Eventually returns once something is so, for what no Book and no Journal tells.
func Eventually(t testing.TB, what string, as func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !as(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// Contains ends the test if a text does not say all of the parts.
func Contains(t testing.TB, s string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(s, p) {
			t.Fatalf("%q does not say %q", s, p)
		}
	}
}

// Sometimes fails one transaction in five, before or after it is kept.
func Sometimes(seed uint64) func(int) Fault {
	r := rand.New(rand.NewPCG(seed, 1))
	return func(int) Fault {
		switch r.IntN(10) {
		case 0:
			return Before
		case 1:
			return After
		}
		return None
	}
}
