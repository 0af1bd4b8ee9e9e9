package telemetry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"plaint/ingest/stream"
	"plaint/internal/record"
)

// fate is what happens to a transaction.
type fate int

const (
	kept   fate = iota
	before      // nothing of it is kept
	after       // all of it is kept, and nobody hears of it: a kill between commit and acknowledgement
)

var errFault = errors.New("a fault of the store")

// book keeps rows and positions in memory, each batch wholly or not at all, and
// knows identities as the store does.
type book struct {
	mu        sync.Mutex
	changed   chan struct{}
	admitted  int
	lines     []record.LogLine // the new ones
	complaint []record.Complaint
	times     map[string]int // how often each message was handed over
	ids       map[record.Identity]bool
	refused   []record.Refusal
	once      map[string]bool
	positions map[string]record.Position

	fate func(n int) fate            // of the n-th transaction from 1, nil = all are kept
	hold func(context.Context) error // runs before each transaction
}

func newBook() *book {
	return &book{changed: make(chan struct{}), times: map[string]int{}, ids: map[record.Identity]bool{},
		once: map[string]bool{}, positions: map[string]record.Position{}}
}

func (b *book) admit(ctx context.Context, batch *record.Batch) (record.Receipt, error) {
	if b.hold != nil {
		if err := b.hold(ctx); err != nil {
			return record.Receipt{}, err
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.admitted++
	f := kept
	if b.fate != nil {
		f = b.fate(b.admitted)
	}
	if f == before {
		return record.Receipt{}, errFault
	}
	r := record.Receipt{RowsIn: batch.Rows(), Refused: len(batch.Refused)}
	if batch.Once != nil && b.once[batch.Once.Scope+batch.Once.Key] {
		return record.Receipt{Again: true}, nil
	}
	if batch.Once != nil {
		b.once[batch.Once.Scope+batch.Once.Key] = true
	}
	for _, l := range batch.Logs {
		b.times[l.Message]++
		if b.ids[l.ID] {
			r.Known++
			continue
		}
		b.ids[l.ID] = true
		b.lines = append(b.lines, l)
		r.Loaded++
	}
	for _, c := range batch.Complaints {
		b.complaint = append(b.complaint, c)
		r.Loaded++
	}
	b.refused = append(b.refused, batch.Refused...)
	for _, p := range batch.Positions {
		b.positions[p.Input] = p
	}
	close(b.changed)
	b.changed = make(chan struct{})
	if f == after {
		return record.Receipt{}, errFault
	}
	return r, nil
}

func (b *book) position(_ context.Context, input string) (record.Position, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p, ok := b.positions[input]
	return p, ok, nil
}

// patience is how long a test waits for what must come.
const patience = time.Minute

// wait returns once the book is as wanted.
func (b *book) wait(t testing.TB, what string, as func() bool) {
	t.Helper()
	limit := time.After(patience)
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
			b.mu.Lock()
			defer b.mu.Unlock()
			t.Fatalf("waited in vain for %s: %d lines, %d refused, positions %v", what, len(b.lines), len(b.refused), b.positions)
		}
	}
}

// messages are those of the new lines.
func (b *book) messages() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := []string{}
	for _, l := range b.lines {
		out = append(out, l.Message)
	}
	return out
}

// life is a source that runs.
type life struct {
	stop  func()
	meter *stream.Meter
	log   *journal
	done  chan error
}

// start runs a source on the book until the test ends or stop is called.
func start(t testing.TB, s stream.Source, b *book) *life {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &life{meter: stream.NewMeter(), log: &journal{changed: make(chan struct{})}, done: make(chan error, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		l.done <- s(ctx, stream.Sink{Admit: b.admit, Position: b.position, Meter: l.meter, Log: slog.New(slog.NewTextHandler(l.log, nil))})
	}()
	l.stop = func() {
		cancel()
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Error("the source does not end")
		}
	}
	t.Cleanup(l.stop)
	return l
}

// journal is a log that can be waited for.
type journal struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	close(j.changed)
	j.changed = make(chan struct{})
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// wait returns the first line that says all of the parts.
func (j *journal) wait(t testing.TB, parts ...string) string {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		j.mu.Lock()
		text, changed := j.text.String(), j.changed
		j.mu.Unlock()
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

// address is where a source listens.
func (l *life) address(t testing.TB, parts ...string) string {
	t.Helper()
	_, after, _ := strings.Cut(l.log.wait(t, append(parts, "address=")...), "address=")
	return strings.Fields(after)[0]
}

func must[T any](t testing.TB, f func() (T, error)) T {
	t.Helper()
	v, err := f()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprintf("%q", got), fmt.Sprintf("%q", want); g != w {
		t.Fatalf("%s: got\n%s\nwant\n%s", what, g, w)
	}
}

// startNull runs a source on a store that keeps nothing.
func startNull(t testing.TB, s stream.Source) *life {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &life{stop: cancel, meter: stream.NewMeter(), log: &journal{changed: make(chan struct{})}, done: make(chan error, 1)}
	admit := func(_ context.Context, b *record.Batch) (record.Receipt, error) {
		return record.Receipt{RowsIn: b.Rows()}, nil
	}
	none := func(context.Context, string) (record.Position, bool, error) { return record.Position{}, false, nil }
	go func() {
		l.done <- s(ctx, stream.Sink{Admit: admit, Position: none, Meter: l.meter, Log: slog.New(slog.NewTextHandler(l.log, nil))})
	}()
	t.Cleanup(func() { cancel(); <-l.done })
	return l
}
