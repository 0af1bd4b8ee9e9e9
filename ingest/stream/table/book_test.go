package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"plaint/ingest/stream"
	"plaint/internal/record"
)

// fault is what happens to a transaction.
type fault int

const (
	none   fault = iota
	before       // nothing of it is kept
	after        // all of it is kept, and nobody hears of it: a kill between commit and acknowledgement
)

var errFault = errors.New("a fault of the store")

// book keeps rows and positions in memory, each batch wholly or not at all. It
// knows no identities: a row that comes twice stands there twice.
type book struct {
	mu        sync.Mutex
	changed   chan struct{}
	admitted  int
	bodies    map[string]int // how often each row is kept, by its text
	ids       map[record.Identity]int
	rows      []record.Complaint
	refused   []record.Refusal
	positions map[string]record.Position
	busy      map[string]bool // positions that are being written
	overlaps  int

	fault func(n int) fault // of the n-th transaction from 1, nil = none
}

func newBook() *book {
	return &book{changed: make(chan struct{}), bodies: map[string]int{}, ids: map[record.Identity]int{},
		positions: map[string]record.Position{}, busy: map[string]bool{}}
}

func (b *book) admit(_ context.Context, batch *record.Batch) (record.Receipt, error) {
	if err := b.enter(batch); err != nil {
		return record.Receipt{}, err
	}
	defer b.leave(batch)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.admitted++
	f := none
	if b.fault != nil {
		f = b.fault(b.admitted)
	}
	if f == before {
		return record.Receipt{}, errFault
	}
	b.keepRows(batch)
	b.keepPositions(batch)
	close(b.changed)
	b.changed = make(chan struct{})
	if f == after {
		return record.Receipt{}, errFault
	}
	return record.Receipt{RowsIn: batch.Rows(), Loaded: batch.Rows() - len(batch.Refused), Refused: len(batch.Refused)}, nil
}

func (b *book) enter(batch *record.Batch) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range batch.Positions {
		if b.busy[p.Input] {
			b.overlaps++
		}
		b.busy[p.Input] = true
	}
	return nil
}

func (b *book) leave(batch *record.Batch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range batch.Positions {
		delete(b.busy, p.Input)
	}
}

func (b *book) keepRows(batch *record.Batch) {
	for _, c := range batch.Complaints {
		b.bodies[c.Body+c.Resolution]++
		b.ids[c.ID]++
		c.Customer, c.Body, c.ExternalID = strings.Clone(c.Customer), strings.Clone(c.Body), strings.Clone(c.ExternalID)
		b.rows = append(b.rows, c)
	}
	b.refused = append(b.refused, batch.Refused...)
}

func (b *book) keepPositions(batch *record.Batch) {
	for _, p := range batch.Positions {
		b.positions[p.Input] = p
	}
}

func (b *book) position(_ context.Context, input string) (record.Position, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.positions[input]
	return p, ok, nil
}

// wait returns once the book is as wanted.
func (b *book) wait(t testing.TB, what string, as func() bool) {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		b.mu.Lock()
		ok, changed := as(), b.changed
		b.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-limit:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func (b *book) waitRows(t testing.TB, n int) {
	t.Helper()
	b.wait(t, fmt.Sprint(n, " rows"), func() bool { return len(b.rows)+len(b.refused) >= n })
}

// life is a running source; after a fault it starts again at once.
type life struct {
	meter  *stream.Meter
	log    *buffer
	cancel context.CancelFunc
	done   chan struct{}
	mu     sync.Mutex
	faults []error
	down   error
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func sink(b *book, m *stream.Meter, log *slog.Logger) stream.Sink {
	return stream.Sink{Admit: b.admit, Position: b.position, Meter: m, Log: log}
}

func start(t testing.TB, s stream.Source, b *book) *life {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &life{meter: stream.NewMeter(), log: &buffer{}, cancel: cancel, done: make(chan struct{})}
	to := sink(b, l.meter, slog.New(slog.NewTextHandler(l.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	go func() {
		defer close(l.done)
		for ctx.Err() == nil {
			err := s(ctx, to)
			l.mu.Lock()
			switch {
			case ctx.Err() != nil:
				l.down = err
			case errors.Is(err, stream.ErrRefused):
				l.down = err
				l.mu.Unlock()
				return
			default:
				l.faults = append(l.faults, err)
			}
			l.mu.Unlock()
			select {
			case <-time.After(5 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}()
	t.Cleanup(func() { l.stop(t) })
	return l
}

func (l *life) stop(t testing.TB) {
	t.Helper()
	l.cancel()
	select {
	case <-l.done:
	case <-time.After(time.Minute):
		t.Fatal("the source does not end with its context")
	}
}

// refused waits until the source is down and gives the reason.
func (l *life) refused(t testing.TB) string {
	t.Helper()
	select {
	case <-l.done:
	case <-time.After(time.Minute):
		t.Fatal("the source is not refused")
	}
	if !errors.Is(l.down, stream.ErrRefused) {
		t.Fatalf("the source ended with %v", l.down)
	}
	return l.down.Error()
}

func eventually(t testing.TB, what string, as func() bool) {
	t.Helper()
	for limit := time.Now().Add(time.Minute); !as(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func contains(t testing.TB, s string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(s, p) {
			t.Fatalf("%q does not say %q", s, p)
		}
	}
}

// sometimes fails one transaction in five, before or after it is kept.
func sometimes(seed uint64) func(int) fault {
	r := rand.New(rand.NewPCG(seed, 1))
	return func(int) fault {
		switch r.IntN(10) {
		case 0:
			return before
		case 1:
			return after
		}
		return none
	}
}
