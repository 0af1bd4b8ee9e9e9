package streamtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"plaint/internal/record"
)

// Fault is what happens to a transaction.
type Fault int

// The faults of a transaction.
const (
	None   Fault = iota
	Before       // nothing of it is kept
	After        // all of it is kept, and nobody hears of it: a kill between commit and acknowledgement
)

// ErrFault is what a source hears of a fault.
var ErrFault = errors.New("a fault of the store")

// Book stands for the store: it keeps rows and positions in memory, each batch
// wholly or not at all. It knows log lines and deliveries again, as the store
// does, but no complaints: one that comes twice stands there twice. Lock it to
// look at it while a source runs.
type Book struct {
	sync.Mutex
	Admitted  int                     // transactions that were begun
	Times     map[string]int          // how often each row was kept or known again, by its text
	IDs       map[record.Identity]int // the same by identity
	Rows      []record.Complaint
	Lines     []record.LogLine // the new ones
	Refused   []record.Refusal
	Positions map[string]record.Position
	Overlaps  int // transactions that met another one of the same position

	Fault func(n int) Fault                          // of the n-th transaction from 1, nil = none
	Hold  func(context.Context, *record.Batch) error // runs at the begin of each transaction, without the lock
	// Outside keeps the position in a transaction of its own: "first" before the
	// rows, "last" after them. It is how not to do it.
	Outside string

	changed chan struct{}
	busy    map[string]bool // positions that are being written
	once    map[string]bool // deliveries that are kept
}

// NewBook is a book with nothing in it.
func NewBook() *Book {
	return &Book{Times: map[string]int{}, IDs: map[record.Identity]int{}, Positions: map[string]record.Position{},
		changed: make(chan struct{}), busy: map[string]bool{}, once: map[string]bool{}}
}

// Admit is that of stream.Sink.
func (b *Book) Admit(ctx context.Context, batch *record.Batch) (record.Receipt, error) {
	b.enter(batch)
	defer b.leave(batch)
	if b.Hold != nil {
		if err := b.Hold(ctx, batch); err != nil {
			return record.Receipt{}, err
		}
	}
	b.Lock()
	defer b.Unlock()
	b.Admitted++
	f := None
	if b.Fault != nil {
		f = b.Fault(b.Admitted)
	}
	if b.Outside == "first" {
		b.keepPositions(batch)
	}
	if f == Before {
		return record.Receipt{}, ErrFault
	}
	if b.came(batch.Once) {
		return record.Receipt{Again: true}, nil
	}
	known := b.keepRows(batch)
	if f == After && b.Outside == "last" {
		return record.Receipt{}, ErrFault
	}
	b.keepPositions(batch)
	close(b.changed)
	b.changed = make(chan struct{})
	if f == After {
		return record.Receipt{}, ErrFault
	}
	return record.Receipt{RowsIn: batch.Rows(), Loaded: batch.Rows() - len(batch.Refused) - known, Known: known, Refused: len(batch.Refused)}, nil
}

func (b *Book) enter(batch *record.Batch) {
	b.Lock()
	defer b.Unlock()
	for _, p := range batch.Positions {
		if b.busy[p.Input] {
			b.Overlaps++
		}
		b.busy[p.Input] = true
	}
}

func (b *Book) leave(batch *record.Batch) {
	b.Lock()
	defer b.Unlock()
	for _, p := range batch.Positions {
		delete(b.busy, p.Input)
	}
}

// came says whether a delivery came before, and remembers it.
func (b *Book) came(o *record.Once) bool {
	if o == nil {
		return false
	}
	before := b.once[o.Scope+o.Key]
	b.once[o.Scope+o.Key] = true
	return before
}

func (b *Book) keepRows(batch *record.Batch) (known int) {
	for _, c := range batch.Complaints {
		b.Times[c.Body+c.Resolution]++
		b.IDs[c.ID]++
		c.Customer, c.Body, c.ExternalID = strings.Clone(c.Customer), strings.Clone(c.Body), strings.Clone(c.ExternalID)
		b.Rows = append(b.Rows, c)
	}
	for _, l := range batch.Logs {
		b.Times[l.Message]++
		if b.IDs[l.ID]++; b.IDs[l.ID] > 1 {
			known++
			continue
		}
		b.Lines = append(b.Lines, l)
	}
	b.Refused = append(b.Refused, batch.Refused...)
	return known
}

func (b *Book) keepPositions(batch *record.Batch) {
	for _, p := range batch.Positions {
		b.Positions[p.Input] = p
	}
}

// Position is that of stream.Sink.
func (b *Book) Position(_ context.Context, input string) (record.Position, bool, error) {
	b.Lock()
	defer b.Unlock()
	p, ok := b.Positions[input]
	return p, ok, nil
}

// Wait returns once the book is as wanted. It is locked while as looks at it.
func (b *Book) Wait(t testing.TB, what string, as func() bool) {
	t.Helper()
	limit := time.After(patience)
	for {
		b.Lock()
		ok, changed := as(), b.changed
		b.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-limit:
			b.Lock()
			defer b.Unlock()
			t.Fatalf("waited in vain for %s: %d rows, %d lines, %d refused, positions %v", what, len(b.Rows), len(b.Lines), len(b.Refused), b.Positions)
		}
	}
}

// WaitRows returns once so many complaints are kept or refused.
func (b *Book) WaitRows(t testing.TB, n int) {
	t.Helper()
	b.Wait(t, fmt.Sprint(n, " rows"), func() bool { return len(b.Rows)+len(b.Refused) >= n })
}
